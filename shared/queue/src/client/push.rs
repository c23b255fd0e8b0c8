//! The micro-batch: what has gathered while the last push was under way leaves with the next. A bulk is a message of its own.

use super::{
    Shared,
    pending::{Parcel, PushEnd},
};
use crate::{
    CallError,
    local::LocalQueue,
    streams::{Backoff, LinkError, Pusher},
};
use muster_domain::{GatewayId, Operation, OperationBatch};
use serde::{Serialize, Serializer};
use std::sync::Arc;
use tokio::sync::mpsc;

/// An [`OperationBatch`] of operations that are kept elsewhere as well; the same JSON.
#[derive(Serialize)]
struct SharedBatch<'a> {
    v: u32,
    reply_to: Option<GatewayId>,
    #[serde(serialize_with = "flat")]
    operations: &'a [Parcel],
}

fn flat<S: Serializer>(parcels: &&[Parcel], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parcels.iter().flat_map(|parcel| parcel.iter()))
}

/// Takes what the next message carries from what has gathered: a bulk, or everything before the next bulk.
fn next_message(gathered: &mut Vec<Parcel>) -> Vec<Parcel> {
    let is_bulk = |parcel: &Parcel| parcel[0].bulk.is_some();
    let length = match gathered.iter().position(is_bulk) {
        Some(0) => 1,
        Some(first) => first,
        None => return std::mem::take(gathered),
    };
    gathered.drain(..length).collect()
}

/// Pushes to the in-process queue.
pub(super) async fn to_local(shared: Arc<Shared>, queue: LocalQueue<OperationBatch>, mut inbox: mpsc::Receiver<Parcel>) {
    let mut gathered = Vec::new();
    while inbox.recv_many(&mut gathered, shared.settings.batch_max).await > 0 {
        while !gathered.is_empty() {
            let mut message = next_message(&mut gathered);
            shared.pending.about_to_push(&mut message);
            if message.is_empty() {
                continue;
            }
            let operations: Vec<Operation> = message.iter().flat_map(|parcel| parcel.iter().cloned()).collect();
            let pushed = queue.push(OperationBatch::new(Some(shared.settings.gateway), operations));
            let end = if pushed.is_ok() { PushEnd::Unknown } else { PushEnd::NotQueued };
            shared.pending.pushed(&message, end);
            if pushed.is_err() {
                for parcel in &message {
                    shared.pending.refuse(parcel, CallError::Overloaded { retry_after: shared.settings.retry_after });
                }
            }
        }
        // A push costs no wait here, so without this a busy gateway would never let anything gather.
        tokio::task::yield_now().await;
    }
}

/// Pushes to the stream.
pub(super) async fn to_stream(shared: Arc<Shared>, pusher: Arc<Pusher>, mut inbox: mpsc::Receiver<Parcel>) {
    let mut gathered = Vec::new();
    while inbox.recv_many(&mut gathered, shared.settings.batch_max).await > 0 {
        while !gathered.is_empty() {
            let message = next_message(&mut gathered);
            push(&shared, &pusher, message).await;
        }
    }
}

/// Pushes one message, until it is there or nothing of it is worth pushing any more.
async fn push(shared: &Shared, pusher: &Pusher, mut message: Vec<Parcel>) {
    let mut backoff = Backoff::new();
    loop {
        drop_expired(shared, &mut message);
        shared.pending.about_to_push(&mut message);
        if message.is_empty() {
            return;
        }
        let batch = SharedBatch { v: OperationBatch::VERSION, reply_to: Some(shared.settings.gateway), operations: &message };
        match pusher.push(&batch).await {
            Ok(id) => {
                shared.note_trouble(None);
                shared.pending.pushed(&message, PushEnd::Queued(id.into()));
                return;
            }
            Err(error) => {
                tracing::debug!(%error, parcels = message.len(), "a push failed, trying until the deadline");
                shared.note_trouble(Some(error.to_string()));
                let end = if matches!(error, LinkError::Unknown(_)) { PushEnd::Unknown } else { PushEnd::NotQueued };
                shared.pending.pushed(&message, end);
                backoff.wait().await;
            }
        }
    }
}

/// A worker would not start what is past its deadline, so it need not travel. Its caller is told at once when it is certain that
/// it never left; otherwise an earlier push may have arrived, and an outcome may still come.
fn drop_expired(shared: &Shared, message: &mut Vec<Parcel>) {
    let now = shared.queue.now_ms();
    message.retain(|parcel| {
        let alive = parcel[0].deadline_ms > now;
        if !alive && !shared.pending.may_be_queued(parcel) {
            shared.pending.refuse(parcel, CallError::Unavailable(shared.trouble()));
        }
        alive
    });
}
