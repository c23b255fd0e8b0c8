//! What can be told about the queues: for `muster queue status`, the console's System page and `doctor`.

use muster_domain::{Operation, OperationBatch};
use serde::Serialize;

/// The names of the queues of one installation. What belongs to a queue (keys, group, status line) follows from its name.
pub const QUEUES: &[&str] = &[OPERATIONS];

/// The queue of operations on their way to the database.
pub const OPERATIONS: &str = "operations";

/// Everything, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// What the queues are kept in.
    pub backend: BackendInfo,
    /// One entry for each queue.
    pub queues: Vec<QueueDepth>,
}

/// What the queues are kept in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BackendInfo {
    /// `local` or `redis`.
    pub kind: String,
    /// The server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What Redis does when it is full; anything but `noeviction` may drop messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maxmemory_policy: Option<String>,
    /// Whether the append-only file is on; without it a restart of Redis forgets what is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append_only: Option<bool>,
}

/// One queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// Its name.
    pub name: String,
    /// Messages that are not done: waiting, or in the hands of a worker.
    pub depth: u64,
    /// Of these, in the hands of a worker.
    pub pending: u64,
    /// Of these, coming back one at a time because their worker stopped.
    pub isolated: u64,
    /// The age of the oldest message, milliseconds; none when there is none.
    pub oldest_age_ms: Option<i64>,
    /// Consumers known to the group.
    pub consumers: u64,
    /// Messages set aside.
    pub dead_letters: u64,
}

/// A message that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its id among the dead letters.
    pub id: String,
    /// The message as it was queued (JSON).
    pub payload: String,
    /// Why it was set aside.
    pub reason: String,
    /// How often it was handed to a handler.
    pub deliveries: u32,
    /// When it was set aside, milliseconds since 1970 on the queue's clock.
    pub at_ms: i64,
}

impl DeadLetter {
    /// The operations in it; none when it is in no layout this version reads.
    #[must_use]
    pub fn operations(&self) -> Option<Vec<Operation>> {
        let batch: OperationBatch = serde_json::from_str(&self.payload).ok()?;
        (batch.is_readable() && !batch.operations.is_empty()).then_some(batch.operations)
    }
}
