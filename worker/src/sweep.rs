//! The sweeper: whatever becomes of the queue, what a client was promised is done.
//!
//! A request that was acknowledged before it was applied (RFC 9967) is a row in the database first and a message in the queue second.
//! When the message is lost (Redis was flushed, a gateway died before it could push), the row becomes due; a sweeper takes it and
//! enqueues its operations again. Every worker has a sweeper. They share the rows, because taking one puts it off for all; and an
//! operation that was enqueued twice has one effect, because the log of operations says so.

use muster_domain::Operation;
use muster_queue::{OperationSender, Queue};
use muster_store::{
    Store, StoreError,
    async_requests::{self, DEADLINE_MS, Due},
    now_ms,
};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often it looks for what is due.
const EVERY: Duration = Duration::from_secs(1);
/// Requests taken at once.
const TOGETHER: usize = 64;
/// How long the ends of requests can be asked for.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// How often what is older is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// Sweeps until `shutdown`.
pub(crate) async fn sweep(store: Store, queue: Queue, shutdown: CancellationToken) {
    let sender = queue.operation_sender();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut forgotten: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        while !shutdown.is_cancelled() {
            match once(&store, &queue, &sender).await {
                // There may be more.
                Ok(TOGETHER) => {}
                Ok(_) => break,
                // What fails is due again later; an outage of the database is told of by those who wait for it.
                Err(error) => {
                    tracing::debug!(%error, "asynchronous requests cannot be looked after now");
                    break;
                }
            }
        }
        if forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            forgotten = Some(Instant::now());
            if let Err(error) = async_requests::forget(&store, now_ms() - KEPT_MS).await {
                tracing::debug!(%error, "old asynchronous requests cannot be forgotten now");
            }
        }
    }
}

/// One look at what is due: finishes what has been applied, and enqueues the rest. How many requests that were, at most
/// [`TOGETHER`].
pub(crate) async fn once(store: &Store, queue: &Queue, sender: &OperationSender) -> Result<usize, StoreError> {
    let due = async_requests::take_due(store, queue.now_ms(), TOGETHER as u64).await?;
    let taken = due.len();
    if taken == 0 {
        return Ok(0);
    }
    let operations: Vec<&Operation> = due.iter().flat_map(|request| &request.operations).collect();
    let ended = async_requests::ended(store, &operations).await?;
    let (done, left): (Vec<Due>, Vec<Due>) =
        due.into_iter().partition(|request| request.operations.iter().all(|operation| ended.contains(&operation.id)));
    async_requests::finish(store, &done.iter().map(|request| request.id).collect::<Vec<Uuid>>(), now_ms()).await?;
    for request in left {
        tracing::warn!(request.id = %request.id, "an acknowledged request has no outcome yet and is enqueued again");
        let deadline_ms = queue.now_ms() + DEADLINE_MS;
        let operations = request.operations.into_iter().map(|operation| Operation { deadline_ms, ..operation }).collect();
        if let Err(error) = sender.send(operations).await {
            tracing::debug!(%error, "an acknowledged request cannot be enqueued now");
        }
    }
    Ok(taken)
}
