//! The handle everything else starts from.

use crate::{
    ClientSettings, DeadLetter, OperationClient, OperationHandler, OperationSender, QueueError, QueueSettings, QueueStatus, WorkerSettings,
    local::LocalQueue, streams::RedisQueue,
};
use muster_domain::OperationBatch;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The queues of one installation; cheap to clone.
#[derive(Clone)]
pub struct Queue {
    pub(crate) kind: Kind,
    pub(crate) settings: Arc<QueueSettings>,
}

/// Where the queues are kept.
#[derive(Clone)]
pub(crate) enum Kind {
    Local(LocalQueue<OperationBatch>),
    Redis(Arc<RedisQueue>),
}

impl Queue {
    /// Opens the queues. Redis need not be there yet: everything reconnects for ever.
    ///
    /// # Errors
    /// When the settings make no sense (a malformed URL, a zero where something is needed).
    pub async fn connect(settings: QueueSettings) -> Result<Self, QueueError> {
        settings.check()?;
        let settings = Arc::new(settings);
        let kind = if settings.url == "local" {
            Kind::Local(LocalQueue::new(&settings))
        } else {
            Kind::Redis(Arc::new(RedisQueue::open(&settings).await?))
        };
        Ok(Self { kind, settings })
    }

    /// The queue's clock, milliseconds since 1970: the one clock deadlines are compared on.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.kind {
            Kind::Local(_) => crate::clock::system_ms(),
            Kind::Redis(redis) => redis.clock.now_ms(),
        }
    }

    /// Whether the queues live in this process.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.kind, Kind::Local(_))
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// When it cannot be reached or refuses.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match &self.kind {
            Kind::Local(_) => Ok(()),
            Kind::Redis(redis) => redis.ping().await,
        }
    }

    /// How the queues are.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn status(&self) -> Result<QueueStatus, QueueError> {
        match &self.kind {
            Kind::Local(local) => Ok(local.status()),
            Kind::Redis(redis) => redis.status().await,
        }
    }

    /// The newest messages that were set aside in a queue (one of [`crate::QUEUES`]), newest first.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn dead_letters(&self, queue: &str, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        match &self.kind {
            Kind::Local(local) => Ok(local.dead_letters(limit)),
            Kind::Redis(redis) => redis.dead_letters(queue, limit).await,
        }
    }

    /// One message that was set aside; none when it is not there any more.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn dead_letter(&self, queue: &str, id: &str) -> Result<Option<DeadLetter>, QueueError> {
        match &self.kind {
            Kind::Local(local) => Ok(local.dead_letter(id)),
            Kind::Redis(redis) => redis.dead_letter(queue, id).await,
        }
    }

    /// Enqueues what a message that was set aside holds once more, and forgets the message. The operations keep their ids, so that what
    /// happened already does not happen again, and get a new deadline. False when the message is not there any more.
    ///
    /// Killed in between, the message is still there, and replaying it again is harmless.
    ///
    /// # Errors
    /// [`QueueError::Refused`] when it holds nothing this version can read; else when the server cannot be reached or refuses.
    pub async fn replay(&self, queue: &str, id: &str, patience_ms: i64) -> Result<bool, QueueError> {
        let Some(letter) = self.dead_letter(queue, id).await? else { return Ok(false) };
        let unreadable = || QueueError::Refused(format!("the message {id} is in no layout this version reads: it can only be discarded"));
        let mut operations = letter.operations().ok_or_else(unreadable)?;
        let deadline_ms = self.now_ms().saturating_add(patience_ms);
        for operation in &mut operations {
            operation.deadline_ms = deadline_ms;
            // The sweeper has nothing of it any more: one that comes too late is logged as such, and is a failure that can be retried.
            operation.acknowledged = false;
        }
        self.operation_sender().send(operations).await?;
        self.discard(queue, id).await?;
        Ok(true)
    }

    /// Forgets a message that was set aside. False when it is not there any more.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn discard(&self, queue: &str, id: &str) -> Result<bool, QueueError> {
        match &self.kind {
            Kind::Local(local) => Ok(local.discard(id)),
            Kind::Redis(redis) => redis.discard(queue, id).await,
        }
    }

    /// The gateway's side: enqueues operations and waits for their outcomes. Needs a Tokio runtime.
    #[must_use]
    pub fn operation_client(&self, settings: ClientSettings) -> OperationClient {
        OperationClient::start(self.clone(), settings)
    }

    /// A way to enqueue operations nobody waits for.
    #[must_use]
    pub fn operation_sender(&self) -> OperationSender {
        OperationSender::new(self)
    }

    /// The worker's side: hands operations to the handler until `shutdown`, then finishes what was started, gives back what was
    /// not, and returns.
    ///
    /// # Errors
    /// [`QueueError::NotDrained`] when that took longer than `settings.drain`.
    pub async fn run_operation_worker<H>(
        &self,
        name_hint: &str,
        settings: WorkerSettings,
        handler: H,
        shutdown: CancellationToken,
    ) -> Result<(), QueueError>
    where
        H: OperationHandler,
    {
        crate::worker::run(self, name_hint, settings, handler, shutdown).await
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("local", &self.is_local()).field("prefix", &self.settings.prefix).finish()
    }
}

impl QueueSettings {
    fn check(&self) -> Result<(), QueueError> {
        let wrong = |what: &str| Err(QueueError::Settings(what.to_owned()));
        if self.prefix.is_empty() {
            return wrong("the prefix is empty");
        }
        if self.max_deliveries == 0 || self.read_count == 0 || self.max_depth == 0 {
            return wrong("max_deliveries, read_count and max_depth must be at least 1");
        }
        if self.claim_idle.is_zero() || self.block.is_zero() {
            return wrong("claim_idle and block must be longer than nothing");
        }
        Ok(())
    }
}
