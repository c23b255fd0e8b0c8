//! Enqueues operations nobody waits for.

use crate::{OPERATIONS, Queue, QueueError, local::LocalQueue, queue::Kind, streams::Pusher};
use muster_domain::{Operation, OperationBatch};
use std::sync::Arc;

/// The way into the queue for operations whose outcomes nobody waits for: they are recorded, and asked for when somebody wants to
/// know. Cheap to clone.
#[derive(Clone)]
pub struct OperationSender {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Local(LocalQueue<OperationBatch>),
    Stream(Arc<Pusher>),
}

impl OperationSender {
    pub(crate) fn new(queue: &Queue) -> Self {
        let way = match &queue.kind {
            Kind::Local(local) => Way::Local(local.clone()),
            Kind::Redis(redis) => Way::Stream(Arc::new(Pusher::new(redis, OPERATIONS))),
        };
        Self { way }
    }

    /// Enqueues them as one message. No place among those in flight is taken, and no bound on the depth of the queue holds but that
    /// of the queue inside the process: whoever calls this must not do so without end.
    ///
    /// # Errors
    /// When the queue cannot be reached, or is full. They may have been enqueued all the same.
    pub async fn send(&self, operations: Vec<Operation>) -> Result<(), QueueError> {
        let message = OperationBatch::new(None, operations);
        match &self.way {
            Way::Local(local) => local.push(message).map_err(|_| QueueError::Unavailable("it is full".to_owned())),
            Way::Stream(pusher) => pusher.push(&message).await.map(drop).map_err(|error| QueueError::Unavailable(error.to_string())),
        }
    }
}

impl std::fmt::Debug for OperationSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationSender").finish_non_exhaustive()
    }
}
