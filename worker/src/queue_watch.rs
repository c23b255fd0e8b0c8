//! Looks at the queue of operations now and then, and writes down how deep it was: what the console draws.

use muster_queue::{OPERATIONS, Queue};
use muster_store::{
    Store, StoreError, now_ms,
    queue_samples::{self, QueueSample, STEP_MS},
};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Between two looks. What is over between two of them was no trouble.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long it is kept.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Looks until `shutdown`.
pub(crate) async fn run(store: Store, queue: Queue, shutdown: CancellationToken) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut worst: Option<QueueSample> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        // A queue that does not answer was not seen: the gap in the chart says so.
        let Some(seen) = look(&queue).await else { continue };
        let step = |sample: &QueueSample| sample.at_ms.div_euclid(STEP_MS);
        worst = match worst {
            Some(before) if step(&before) == step(&seen) => Some(before.worse(seen)),
            Some(before) => {
                if let Err(error) = write(&store, before).await {
                    tracing::debug!(%error, "the depth of the queue cannot be written down now");
                }
                Some(seen)
            }
            None => Some(seen),
        };
    }
}

async fn look(queue: &Queue) -> Option<QueueSample> {
    let status = queue.status().await.ok()?;
    let depth = status.queues.iter().find(|queue| queue.name == OPERATIONS)?;
    Some(QueueSample {
        at_ms: now_ms(),
        depth: i64::try_from(depth.depth).unwrap_or(i64::MAX),
        oldest_ms: depth.oldest_age_ms.unwrap_or(0),
    })
}

async fn write(store: &Store, sample: QueueSample) -> Result<(), StoreError> {
    queue_samples::put(store, sample).await?;
    queue_samples::discard(store, sample.at_ms - KEPT_MS).await.map(drop)
}
