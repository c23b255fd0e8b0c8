//! The operations that wait for their outcome, and where each of them is.

use crate::CallError;
use muster_domain::{Operation, OperationId, Outcome, Reply};
use muster_runtime::trace::{Kind, Span, key};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// What leaves together and is waited for together: one operation, or all of a bulk. Never empty.
pub(super) type Parcel = Arc<[Operation]>;

/// What a parcel is known by: its first operation.
fn first(parcel: &Parcel) -> OperationId {
    parcel[0].id
}

/// From the gateway's door to the queue.
fn enqueue(parcel: &Parcel) -> Span {
    let Some(trace) = parcel[0].trace else { return Span::none() };
    let span = Span::begin(Kind::Producer, "enqueue", Some(trace));
    if span.is_recorded() {
        span.set(key::QUEUE, crate::OPERATIONS);
        span.set(key::OPERATION, parcel[0].id.to_string());
        span.set(key::OPERATIONS, i64::try_from(parcel.len()).unwrap_or(i64::MAX));
    }
    span
}

/// Where a caller waits for the outcomes, in the order of the operations.
pub(super) type Answer = oneshot::Sender<Result<Vec<Outcome>, CallError>>;

/// The parcels in flight of one client.
#[derive(Default)]
pub(super) struct Pending {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<OperationId, Waiting>,
    /// The further operations of a bulk: the parcel each is in, and where.
    further: HashMap<OperationId, (OperationId, usize)>,
}

struct Waiting {
    answer: Answer,
    /// Kept to be pushed again.
    parcel: Option<Parcel>,
    /// What has come in so far.
    outcomes: Vec<Option<Outcome>>,
    /// The operations but the first.
    further: Vec<OperationId>,
    /// A push is under way, and its end unknown.
    pushing: bool,
    /// A push succeeded, or may have.
    queued: bool,
    /// The message it is in, and since when that was known to be there.
    place: Option<(Arc<str>, Instant)>,
    resends: u32,
    /// Until it is in the queue, when its request is traced.
    enqueue: Span,
}

impl State {
    fn remove(&mut self, key: OperationId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&key)?;
        for id in &waiting.further {
            self.further.remove(id);
        }
        Some(waiting)
    }
}

impl Pending {
    /// From now on outcomes of these operations have somewhere to go. With `keep` they can be pushed again.
    pub(super) fn expect(&self, parcel: &Parcel, answer: Answer, keep: bool) {
        let further: Vec<OperationId> = parcel[1..].iter().map(|operation| operation.id).collect();
        let enqueue = enqueue(parcel);
        let mut state = self.state();
        state.further.extend(further.iter().enumerate().map(|(index, id)| (*id, (first(parcel), index + 1))));
        let (outcomes, parcel_kept) = (vec![None; parcel.len()], keep.then(|| parcel.clone()));
        let waiting =
            Waiting { answer, parcel: parcel_kept, outcomes, further, pushing: false, queued: false, place: None, resends: 0, enqueue };
        state.waiting.insert(first(parcel), waiting);
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, parcel: &Parcel) {
        self.state().remove(first(parcel));
    }

    /// An outcome is here. One that nobody waits for (a second reply, or too late) goes nowhere.
    pub(super) fn answer(&self, reply: Reply) {
        let mut state = self.state();
        let (first, index) = state.further.get(&reply.operation).copied().unwrap_or((reply.operation, 0));
        let Some(waiting) = state.waiting.get_mut(&first) else { return };
        waiting.outcomes[index] = Some(reply.outcome);
        if waiting.outcomes.iter().all(Option::is_some)
            && let Some(waiting) = state.remove(first)
        {
            drop(state);
            // The caller may have left this moment.
            let _ = waiting.answer.send(Ok(waiting.outcomes.into_iter().flatten().collect()));
        }
    }

    /// Ends the wait.
    pub(super) fn refuse(&self, parcel: &Parcel, error: CallError) {
        let waiting = self.state().remove(first(parcel));
        if let Some(waiting) = waiting {
            let _ = waiting.answer.send(Err(error));
        }
    }

    /// Whether it was enqueued, as far as is known. A parcel that is not waiting any more counts as enqueued.
    pub(super) fn may_be_queued(&self, parcel: &Parcel) -> bool {
        self.state().waiting.get(&first(parcel)).is_none_or(|waiting| waiting.pushing || waiting.queued)
    }

    /// Notes that these are about to be pushed, and drops those nobody waits for.
    pub(super) fn about_to_push(&self, parcels: &mut Vec<Parcel>) {
        let mut state = self.state();
        parcels.retain(|parcel| {
            let waiting = state.waiting.get_mut(&first(parcel));
            waiting.map(|waiting| waiting.pushing = true).is_some()
        });
    }

    /// Notes how the push ended: with the id of the message, with certainty that there is none, or with neither.
    pub(super) fn pushed(&self, parcels: &[Parcel], end: PushEnd) {
        let mut state = self.state();
        for parcel in parcels {
            let Some(waiting) = state.waiting.get_mut(&first(parcel)) else { continue };
            waiting.pushing = false;
            if !matches!(end, PushEnd::NotQueued) {
                waiting.enqueue = Span::none();
            }
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
        let state = self.state();
        let due = state.waiting.values().filter(|waiting| {
            let alive = waiting.parcel.as_ref().is_some_and(|parcel| parcel[0].deadline_ms > now_ms);
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
        for waiting in self.state().waiting.values_mut() {
            if let Some((id, since)) = &mut waiting.place
                && ids.iter().any(|there| **there == **id)
            {
                *since = Instant::now();
            }
        }
    }

    /// These messages are gone: what of theirs still waits, to be pushed again. A bulk goes again as a whole, whatever of it was
    /// answered.
    pub(super) fn take_lost(&self, ids: &[String]) -> Vec<Parcel> {
        let mut lost = Vec::new();
        for waiting in self.state().waiting.values_mut() {
            if waiting.place.as_ref().is_some_and(|(id, _)| ids.iter().any(|gone| **gone == **id)) {
                waiting.place = None;
                waiting.resends += 1;
                lost.extend(waiting.parcel.clone());
            }
        }
        // In the order they came: ids are made in that order.
        lost.sort_unstable_by_key(first);
        lost
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
