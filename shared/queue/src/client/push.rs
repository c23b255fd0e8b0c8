//! The micro-batch: what has gathered while the last push was under way leaves with the next.

use super::{Shared, pending::PushEnd};
use crate::{
    CallError,
    local::LocalQueue,
    streams::{Backoff, LinkError, Pusher},
};
use muster_domain::{GatewayId, Operation, OperationBatch};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::mpsc;

/// An [`OperationBatch`] of operations that are kept elsewhere as well; the same JSON.
#[derive(Serialize)]
struct SharedBatch<'a> {
    v: u32,
    reply_to: Option<GatewayId>,
    operations: &'a [Arc<Operation>],
}

/// Pushes to the in-process queue.
pub(super) async fn to_local(shared: Arc<Shared>, queue: LocalQueue<OperationBatch>, mut inbox: mpsc::Receiver<Arc<Operation>>) {
    let mut batch = Vec::new();
    while inbox.recv_many(&mut batch, shared.settings.batch_max).await > 0 {
        shared.pending.about_to_push(&mut batch);
        if batch.is_empty() {
            continue;
        }
        let operations = batch.iter().map(|operation| operation.as_ref().clone()).collect();
        let pushed = queue.push(OperationBatch::new(Some(shared.settings.gateway), operations));
        let end = if pushed.is_ok() { PushEnd::Unknown } else { PushEnd::NotQueued };
        shared.pending.pushed(&batch, end);
        for operation in batch.drain(..) {
            if pushed.is_err() {
                shared.pending.end(operation.id, Err(CallError::Overloaded { retry_after: shared.settings.retry_after }));
            }
        }
        // A push costs no wait here, so without this a busy gateway would never let anything gather.
        tokio::task::yield_now().await;
    }
}

/// Pushes to the stream.
pub(super) async fn to_stream(shared: Arc<Shared>, pusher: Arc<Pusher>, mut inbox: mpsc::Receiver<Arc<Operation>>) {
    let mut batch = Vec::new();
    while inbox.recv_many(&mut batch, shared.settings.batch_max).await > 0 {
        let mut backoff = Backoff::new();
        loop {
            drop_expired(&shared, &mut batch);
            shared.pending.about_to_push(&mut batch);
            if batch.is_empty() {
                break;
            }
            let message = SharedBatch { v: OperationBatch::VERSION, reply_to: Some(shared.settings.gateway), operations: &batch };
            match pusher.push(&message).await {
                Ok(id) => {
                    shared.note_trouble(None);
                    shared.pending.pushed(&batch, PushEnd::Queued(id.into()));
                    batch.clear();
                    break;
                }
                Err(error) => {
                    tracing::debug!(%error, operations = batch.len(), "a push failed, trying until the deadline");
                    shared.note_trouble(Some(error.to_string()));
                    let end = if matches!(error, LinkError::Unknown(_)) { PushEnd::Unknown } else { PushEnd::NotQueued };
                    shared.pending.pushed(&batch, end);
                    backoff.wait().await;
                }
            }
        }
    }
}

/// A worker would not start what is past its deadline, so it need not travel. Its caller is told at once when it is certain that
/// it never left; otherwise an earlier push may have arrived, and an outcome may still come.
fn drop_expired(shared: &Shared, batch: &mut Vec<Arc<Operation>>) {
    let now = shared.queue.now_ms();
    batch.retain(|operation| {
        let alive = operation.deadline_ms > now;
        if !alive && !shared.pending.may_be_queued(operation.id) {
            shared.pending.end(operation.id, Err(CallError::Unavailable(shared.trouble())));
        }
        alive
    });
}
