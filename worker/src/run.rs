//! Running a worker: the queue's handlers on one side, the committer on the other.

use crate::{
    Applier, ApplySettings, ConversionSettings,
    committer::{self, CommitterHandle, CommitterStats},
    conversion::{Governors, run_conversions},
    housekeeping,
    mail::{MailSettings, Mailer},
    queue_watch,
    spans::BatchSpans,
    sweep::sweep,
};
use muster_domain::{OperationBatch, Reply};
use muster_queue::{Delivery, HandlerError, OperationHandler, Queue, QueueError};
use muster_store::{Store, StoreError, StoreSettings, log::Retention};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// The most operations in one transaction.
    pub batch_max: usize,
    /// The longest one transaction may take.
    pub apply_max: Duration,
    /// How many messages of the queue are in hand at once.
    pub concurrency: usize,
    /// How conversions are run.
    pub conversions: ConversionSettings,
    /// How the governors of conversions reach the database to measure it; without it, the pace in `conversions` holds.
    pub connection: Option<StoreSettings>,
    /// How long the log of operations and incidents are kept.
    pub retention: Retention,
    /// How mail is sent; none: it is planned and sent by others.
    pub mail: Option<MailSettings>,
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Default for WorkerSettings {
    fn default() -> Self {
        let retention = Retention { operations_ms: 30 * DAY_MS, incidents_ms: 365 * DAY_MS };
        Self {
            batch_max: 512,
            apply_max: Duration::from_secs(4),
            concurrency: 64,
            conversions: ConversionSettings::default(),
            connection: None,
            retention,
            mail: None,
        }
    }
}

/// Why a worker ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings of mail.
    #[error("mail cannot be sent: {0}")]
    Mail(String),
}

/// Works until `shutdown`, then finishes what it has in hand.
///
/// # Errors
/// When the settings of queue or mail make no sense. A queue or database that is away is waited for.
pub async fn run(settings: WorkerSettings, store: Store, queue: Queue, shutdown: CancellationToken) -> Result<(), WorkerError> {
    let clock = {
        let queue = queue.clone();
        Arc::new(move || queue.now_ms())
    };
    let mailer = match settings.mail {
        Some(settings) => {
            let queue = queue.clone();
            Some(Mailer::new(settings, store.clone(), move || queue.now_ms()).map_err(WorkerError::Mail)?)
        }
        None => None,
    };
    let applier = Applier::new(store.clone(), ApplySettings { apply_max: settings.apply_max, clock });
    let stats = Arc::new(CommitterStats::default());
    let (handle, committer) = committer::start(applier.clone(), settings.batch_max, Arc::clone(&stats));
    let sweeper = tokio::spawn(sweep(store.clone(), queue.clone(), shutdown.clone()));
    let housekeeping = tokio::spawn(housekeeping::run(store.clone(), settings.retention, shutdown.clone()));
    let watch = tokio::spawn(queue_watch::run(store.clone(), queue.clone(), shutdown.clone()));
    let mail = mailer.map(|mailer| tokio::spawn(mailer.run(shutdown.clone())));
    let enough = shutdown.child_token();
    let mut conversions = settings.conversions;
    if let Some(connection) = settings.connection {
        conversions.pace = Governors::new(connection, store.clone(), Some(queue.clone())).factory();
    }
    let conversions = tokio::spawn(run_conversions(conversions, store, enough.clone()));
    let handler = Handler { committer: handle, applier };
    let queue_settings = muster_queue::WorkerSettings { concurrency: settings.concurrency, ..Default::default() };
    let result = queue.run_operation_worker("worker", queue_settings, handler, shutdown).await;
    // The handlers are gone, and with them the last way into the committer: it finishes its batch and ends.
    if committer.await.is_err() {
        tracing::error!("the committer panicked; what it held is delivered again");
    }
    sweeper.abort();
    enough.cancel();
    if conversions.await.is_err() {
        tracing::error!("the runner of conversions panicked; another worker goes on when the lease ends");
    }
    housekeeping.abort();
    watch.abort();
    // The mail in hand is handed over to its end: broken off, it would be sent again.
    if let Some(mail) = mail
        && mail.await.is_err()
    {
        tracing::error!("the mailer panicked; what it held is sent by the next");
    }
    tracing::info!(batches = stats.batches(), operations = stats.operations(), "worker stopped");
    Ok(result?)
}

/// Hands what the queue delivers to the committer.
#[derive(Clone)]
struct Handler {
    committer: CommitterHandle,
    applier: Applier,
}

impl OperationHandler for Handler {
    async fn handle(&self, delivery: Delivery) -> Result<Vec<Reply>, HandlerError> {
        let Delivery { batch, isolate, early, .. } = delivery;
        if !batch.is_readable() {
            let (v, known) = (batch.v, OperationBatch::VERSION);
            return Err(HandlerError::new(format!("a message of layout {v}; this worker knows layouts up to {known}")));
        }
        let OperationBatch { operations, .. } = batch;
        let replies = self.committer.apply(operations, isolate, early).await;
        replies.ok_or_else(|| HandlerError::new("the committer has ended"))
    }

    async fn set_aside(&self, delivery: Delivery, reason: String) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(delivery.batch.operations.len());
        for operation in &delivery.batch.operations {
            let spans = BatchSpans::begin(std::slice::from_ref(operation));
            let set_aside = async {
                tracing::error!(operation.id = %operation.id, account.id = %operation.account, reason, "an operation is set aside");
                self.applier.set_aside(operation).await
            };
            let outcome = spans.around(set_aside).await;
            spans.end(0, &outcome);
            replies.push(Reply { operation: operation.id, outcome });
        }
        replies
    }
}
