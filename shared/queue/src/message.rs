//! What a handler gets and gives, and what a backend has to know of a message.

use crate::HandlerError;
use muster_domain::{GatewayId, OperationBatch, Reply};
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, sync::Arc};

/// A message a backend can carry.
pub trait Message: Serialize + DeserializeOwned + Clone + Send + Sync + Unpin + 'static {
    /// The smallest messages this one is made of. A message that comes back is taken apart, so that the part that stopped its
    /// worker ends up alone and its neighbours are unharmed.
    #[must_use]
    fn split(self) -> Vec<Self> {
        vec![self]
    }
}

impl Message for OperationBatch {
    fn split(self) -> Vec<Self> {
        let Self { v, reply_to, operations } = self;
        let mut parts: Vec<Self> = Vec::with_capacity(operations.len());
        for operation in operations {
            match parts.last_mut() {
                // A bulk stays whole: its operations only make sense together.
                Some(part) if part.operations[0].same_bulk(&operation) => part.operations.push(operation),
                _ => parts.push(Self { v, reply_to, operations: vec![operation] }),
            }
        }
        parts
    }
}

/// One hand-out of a message to the handler.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The operations.
    pub batch: OperationBatch,
    /// Which hand-out this is; 1 is the first.
    pub attempt: u32,
    /// It came back once: apply it alone, so that it cannot take others with it.
    pub isolate: bool,
    /// Where replies can go that need not wait for the rest of the message.
    pub early: EarlyReplies,
}

/// The way for replies that need not wait for the rest of their message. The message is acknowledged only after its handler has
/// returned, with the replies that are left; a worker that dies before that has it delivered again, and a second reply is harmless.
#[derive(Clone)]
pub struct EarlyReplies(Sink);

type Sink = Arc<dyn Fn(Vec<Reply>) + Send + Sync>;

impl EarlyReplies {
    /// Replies go there.
    pub fn new(sink: impl Fn(Vec<Reply>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Sends replies; never waits.
    pub fn send(&self, replies: Vec<Reply>) {
        if !replies.is_empty() {
            (self.0)(replies);
        }
    }
}

impl std::fmt::Debug for EarlyReplies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlyReplies").finish_non_exhaustive()
    }
}

/// How a backend sends replies beside the settling of a message. Every task of our backends carries one: extract it as `Data`.
#[derive(Clone)]
pub(crate) struct ReplyTo(pub(crate) Arc<dyn Fn(GatewayId, Vec<Reply>) + Send + Sync>);

impl ReplyTo {
    /// For the messages of one gateway; to nobody when none waits.
    pub(crate) fn early(&self, gateway: Option<GatewayId>) -> EarlyReplies {
        let sink = self.0.clone();
        EarlyReplies::new(move |replies| {
            if let Some(gateway) = gateway {
                sink(gateway, replies);
            }
        })
    }
}

/// Applies operations.
pub trait OperationHandler: Clone + Send + Sync + 'static {
    /// Applies them. `Ok`: the replies are sent to the gateway, then the message is acknowledged. `Err`: the message is left for
    /// redelivery. A panic counts as `Err`.
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Result<Vec<Reply>, HandlerError>> + Send;

    /// Called when a message is set aside for good, with the reason; what it returns is sent to the gateway that may still wait.
    /// `delivery.attempt` is the number of hand-outs there were. Called once; again only if the process ends in the middle of it.
    fn set_aside(&self, delivery: Delivery, reason: String) -> impl Future<Output = Vec<Reply>> + Send;
}

/// How a message was settled by its handler; what the layers of the backends act on.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// Who gets the replies; nobody when none.
    pub reply_to: Option<GatewayId>,
    /// The replies.
    pub replies: Vec<Reply>,
    /// Move the message to the dead letters for this reason instead of forgetting it.
    pub set_aside: Option<String>,
}

impl From<()> for Settlement {
    fn from((): ()) -> Self {
        Self::default()
    }
}

/// How a task came to its handler. Every task of our backends carries one: extract it as `Data<Origin>`.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The message's id in its queue.
    pub id: String,
    /// Which hand-out this is; 1 is the first.
    pub attempt: u32,
    /// It comes back, one at a time.
    pub isolate: bool,
    /// It was handed out as often as allowed, and this is the reason it comes back once more: only to be set aside.
    pub give_up: Option<String>,
}
