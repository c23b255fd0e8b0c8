//! Makes a Redis that lost something invisible.
//!
//! An operation without an outcome for a while is looked for. While its message is in the stream (waiting its turn, or in the
//! hands of a worker) or lives on in its parts, pushing it again would only add to the load, so it is left alone. When the
//! message is gone and no reply came, either the message or the reply was lost, and the operation is pushed again: that is safe,
//! because the effect of an operation happens once, and a worker that meets it a second time answers with the recorded outcome.

use super::Shared;
use crate::streams::Pusher;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};

/// Messages looked for in one round trip.
const TOGETHER: usize = 64;

/// Runs until it is dropped.
pub(super) async fn resend_lost(shared: Arc<Shared>, pusher: Arc<Pusher>) {
    let settings = &shared.settings;
    let mut ticks = interval((settings.resend_after / 8).max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let overdue = shared.pending.overdue(settings.resend_after, shared.queue.now_ms(), settings.max_resends);
        for ids in overdue.chunks(TOGETHER) {
            let Ok(gone) = pusher.gone(ids).await else { break };
            let there: Vec<String> = ids.iter().filter(|id| !gone.contains(id)).cloned().collect();
            shared.pending.still_there(&there);
            let lost = shared.pending.take_lost(&gone);
            if !lost.is_empty() {
                tracing::warn!(parcels = lost.len(), "operations without an outcome are not in the queue any more and are pushed again");
            }
            for parcel in lost {
                if shared.batch.send(parcel).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Runs until it is dropped. The last known depth stays in use while the server is away.
pub(super) async fn sample_depth(shared: Arc<Shared>, pusher: Arc<Pusher>) {
    let mut ticks = interval(shared.settings.depth_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(depth) = pusher.depth().await {
            shared.depth.store(depth, Ordering::Relaxed);
        }
    }
}
