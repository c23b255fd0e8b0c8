//! What can be set, with defaults that suit production.

use muster_domain::GatewayId;
use std::time::Duration;

/// The queue as a whole; the same for gateways and workers of one installation.
#[derive(Clone, Debug)]
pub struct QueueSettings {
    /// `local` for the in-process queue, or `redis://…` / `rediss://…`.
    pub url: String,
    /// The start of every key. It becomes the hash tag of a Redis Cluster (`{muster}:operations`), so that all keys of one
    /// installation live in one slot and can change in one transaction.
    pub prefix: String,
    /// A message whose worker gave no sign of life for this long is taken over by another worker.
    pub claim_idle: Duration,
    /// A message is handed to a handler this often at most; then it is set aside.
    pub max_deliveries: u32,
    /// How many messages a worker reads ahead at once.
    pub read_count: usize,
    /// A queue deeper than this many messages refuses new operations.
    pub max_depth: usize,
    /// How long one blocking read waits for something new.
    pub block: Duration,
    /// How long a command may take before its connection is given up.
    pub command_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// A consumer that has nothing pending and was not seen for this long is removed from the group.
    pub consumer_idle: Duration,
    /// About how many set-aside messages are kept.
    pub dead_letters_kept: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            url: "local".to_owned(),
            prefix: "muster".to_owned(),
            claim_idle: Duration::from_secs(3),
            max_deliveries: 3,
            read_count: 32,
            max_depth: 200_000,
            block: Duration::from_secs(2),
            command_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            consumer_idle: Duration::from_secs(60),
            dead_letters_kept: 100_000,
        }
    }
}

/// The worker side.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// How many messages are in the hands of the handler at once.
    pub concurrency: usize,
    /// A handler that takes longer is dropped, and its message redelivered.
    pub handler_timeout: Duration,
    /// How long a graceful stop waits for handlers, replies and acknowledgements.
    pub drain: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { concurrency: 64, handler_timeout: Duration::from_secs(30), drain: Duration::from_secs(15) }
    }
}

/// The gateway side.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// This run of this gateway; names the stream its replies come on.
    pub gateway: GatewayId,
    /// How many operations wait for their outcome at once, over all accounts.
    pub max_in_flight: usize,
    /// How many operations leave together at most.
    pub batch_max: usize,
    /// An operation without an outcome for this long is looked for in the queue, and pushed again if it is not there any more.
    pub resend_after: Duration,
    /// How often one operation is pushed again at most.
    pub max_resends: u32,
    /// How often the depth of the queue is sampled.
    pub depth_every: Duration,
    /// What a refused caller is told to wait.
    pub retry_after: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            gateway: GatewayId::new(),
            max_in_flight: 4096,
            batch_max: 256,
            resend_after: Duration::from_millis(2500),
            max_resends: 3,
            depth_every: Duration::from_millis(250),
            retry_after: Duration::from_secs(1),
        }
    }
}
