//! The queue inside one process.
//!
//! The same hand-out, redelivery, isolation and dead letters as on Redis Streams (see [`crate::streams`]), in memory: what is
//! queued when the process ends is gone. For synchronous operations that is no loss, because their clients have not been told
//! anything yet and try again; what must outlive the process is in the database and is enqueued again by a sweeper.

mod backend;
mod layer;
mod state;

pub(crate) use backend::LocalBackend;

use crate::{BackendInfo, DeadLetter, Message, OPERATIONS, QueueDepth, QueueSettings, QueueStatus, Settlement};
use muster_domain::{GatewayId, Reply};
use state::State;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Takes the replies for one gateway.
type Route = Arc<dyn Fn(Reply) + Send + Sync>;

/// The queue; clones are the same queue.
pub(crate) struct LocalQueue<T> {
    state: Arc<Mutex<State<T>>>,
    routes: Arc<Mutex<HashMap<GatewayId, Route>>>,
}

impl<T> Clone for LocalQueue<T> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), routes: self.routes.clone() }
    }
}

/// There is no room; nothing was enqueued.
#[derive(Debug)]
pub(crate) struct Full;

impl<T: Message> LocalQueue<T> {
    /// An empty queue.
    pub(crate) fn new(settings: &QueueSettings) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(settings))), routes: Arc::default() }
    }

    /// Appends a message.
    pub(crate) fn push(&self, message: T) -> Result<(), Full> {
        self.state().push(message)
    }

    /// How many messages are not done.
    pub(crate) fn depth(&self) -> usize {
        self.state().depth()
    }

    /// From now on replies for this gateway go there.
    pub(crate) fn route(&self, gateway: GatewayId, route: Route) {
        self.routes().insert(gateway, route);
    }

    /// Nobody waits for this gateway's replies any more.
    pub(crate) fn unroute(&self, gateway: GatewayId) {
        self.routes().remove(&gateway);
    }

    pub(crate) fn status(&self) -> QueueStatus {
        let mut operations = QueueDepth { name: OPERATIONS.to_owned(), ..QueueDepth::default() };
        self.state().measure(&mut operations);
        QueueStatus { backend: BackendInfo { kind: "local".to_owned(), ..BackendInfo::default() }, queues: vec![operations] }
    }

    pub(crate) fn dead_letters(&self, limit: usize) -> Vec<DeadLetter> {
        self.state().dead_letters(limit)
    }

    pub(crate) fn dead_letter(&self, id: &str) -> Option<DeadLetter> {
        self.state().dead_letter(id)
    }

    pub(crate) fn discard(&self, id: &str) -> bool {
        self.state().discard(id)
    }

    /// The replies first, then the message is forgotten.
    fn settle(&self, id: u64, settlement: Settlement) {
        if let Some(gateway) = settlement.reply_to {
            self.reply(gateway, settlement.replies);
        }
        self.state().done(id, settlement.set_aside);
    }

    fn reply(&self, gateway: GatewayId, replies: Vec<Reply>) {
        let route = self.routes().get(&gateway).cloned();
        if let Some(route) = route {
            replies.into_iter().for_each(|reply| route(reply));
        }
    }

    fn failed(&self, id: u64, reason: String) {
        self.state().failed(id, reason);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn routes(&self) -> MutexGuard<'_, HashMap<GatewayId, Route>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
