//! The operations that wait for their outcome, and where each of them is.

use crate::CallError;
use muster_domain::{Operation, OperationId, Outcome, Reply};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Where a caller waits.
pub(super) type Answer = oneshot::Sender<Result<Outcome, CallError>>;

/// The operations in flight of one client.
#[derive(Default)]
pub(super) struct Pending {
    waiting: Mutex<HashMap<OperationId, Waiting>>,
}

struct Waiting {
    answer: Answer,
    /// Kept to be pushed again.
    operation: Option<Arc<Operation>>,
    /// A push is under way, and its end unknown.
    pushing: bool,
    /// A push succeeded, or may have.
    queued: bool,
    /// The message it is in, and since when that was known to be there.
    place: Option<(Arc<str>, Instant)>,
    resends: u32,
}

impl Pending {
    /// From now on an outcome of this operation has somewhere to go.
    pub(super) fn expect(&self, id: OperationId, answer: Answer, operation: Option<Arc<Operation>>) {
        let waiting = Waiting { answer, operation, pushing: false, queued: false, place: None, resends: 0 };
        self.waiting().insert(id, waiting);
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, id: OperationId) {
        self.waiting().remove(&id);
    }

    /// Its outcome is here. One that nobody waits for (a second reply, or too late) goes nowhere.
    pub(super) fn answer(&self, reply: Reply) {
        self.end(reply.operation, Ok(reply.outcome));
    }

    /// Ends the wait.
    pub(super) fn end(&self, id: OperationId, result: Result<Outcome, CallError>) {
        let waiting = self.waiting().remove(&id);
        if let Some(waiting) = waiting {
            // The caller may have left this moment.
            let _ = waiting.answer.send(result);
        }
    }

    /// Whether it was enqueued, as far as is known. An operation that is not waiting any more counts as enqueued.
    pub(super) fn may_be_queued(&self, id: OperationId) -> bool {
        self.waiting().get(&id).is_none_or(|waiting| waiting.pushing || waiting.queued)
    }

    /// Notes that these are about to be pushed, and drops those nobody waits for.
    pub(super) fn about_to_push(&self, operations: &mut Vec<Arc<Operation>>) {
        let mut all = self.waiting();
        operations.retain(|operation| {
            let waiting = all.get_mut(&operation.id);
            waiting.map(|waiting| waiting.pushing = true).is_some()
        });
    }

    /// Notes how the push ended: with the id of the message, with certainty that there is none, or with neither.
    pub(super) fn pushed(&self, operations: &[Arc<Operation>], end: PushEnd) {
        let mut all = self.waiting();
        for operation in operations {
            let Some(waiting) = all.get_mut(&operation.id) else { continue };
            waiting.pushing = false;
            match &end {
                PushEnd::Queued(id) => {
                    waiting.queued = true;
                    waiting.place = Some((id.clone(), Instant::now()));
                }
                PushEnd::Unknown => waiting.queued = true,
                PushEnd::NotQueued => {}
            }
        }
    }

    /// The messages whose operations have waited this long, and may be pushed again.
    pub(super) fn overdue(&self, wait: Duration, now_ms: i64, max_resends: u32) -> Vec<String> {
        let all = self.waiting();
        let due = all.values().filter(|waiting| {
            let alive = waiting.operation.as_ref().is_some_and(|operation| operation.deadline_ms > now_ms);
            alive && !waiting.pushing && waiting.resends < max_resends
        });
        let mut ids: Vec<String> = due
            .filter_map(|waiting| waiting.place.as_ref())
            .filter(|(_, since)| since.elapsed() >= wait)
            .map(|(id, _)| id.to_string())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// These messages are still there: their operations wait on.
    pub(super) fn still_there(&self, ids: &[String]) {
        for waiting in self.waiting().values_mut() {
            if let Some((id, since)) = &mut waiting.place
                && ids.iter().any(|there| **there == **id)
            {
                *since = Instant::now();
            }
        }
    }

    /// These messages are gone: the operations of theirs that still wait, to be pushed again.
    pub(super) fn take_lost(&self, ids: &[String]) -> Vec<Arc<Operation>> {
        let mut lost = Vec::new();
        for waiting in self.waiting().values_mut() {
            if waiting.place.as_ref().is_some_and(|(id, _)| ids.iter().any(|gone| **gone == **id)) {
                waiting.place = None;
                waiting.resends += 1;
                lost.extend(waiting.operation.clone());
            }
        }
        // In the order they came: ids are made in that order.
        lost.sort_unstable_by_key(|operation| operation.id);
        lost
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<OperationId, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a push ended.
#[derive(Clone, Debug)]
pub(super) enum PushEnd {
    /// In this message.
    Queued(Arc<str>),
    /// It may have happened.
    Unknown,
    /// Certainly not.
    NotQueued,
}
