//! The gateway's side: enqueue an operation, wait for its outcome.
//!
//! Calls that come while a push is under way leave together with the next one: alone a call waits for nobody, and under load a
//! message carries hundreds of operations. Everything is bounded, and whoever is refused is refused at once.

mod admission;
mod pending;
mod push;
mod resend;

use crate::{CallError, ClientSettings, Queue, QueueSettings, queue::Kind, streams::read_replies};
use admission::{Admission, Refusal};
use muster_domain::{Operation, Outcome};
use pending::{Parcel, Pending};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

/// The gateway's side of the queue of operations; cheap to clone. Its background tasks end with the last clone.
#[derive(Clone)]
pub struct OperationClient {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Kind::Local(local) = &self.shared.queue.kind {
            local.unroute(self.shared.settings.gateway);
        }
    }
}

/// What the calls and the background tasks share.
struct Shared {
    queue: Queue,
    settings: ClientSettings,
    admission: Mutex<Admission>,
    pending: Arc<Pending>,
    /// The way to the micro-batch.
    batch: mpsc::Sender<Parcel>,
    /// The depth of the queue when it was last sampled.
    depth: AtomicUsize,
    /// Why the last push failed.
    trouble: Mutex<Option<String>>,
}

impl OperationClient {
    pub(crate) fn start(queue: Queue, settings: ClientSettings) -> Self {
        // Each parcel in flight is in here once at most, so there is always room.
        let (batch, inbox) = mpsc::channel(settings.max_in_flight.max(1));
        let shared = Arc::new(Shared {
            admission: Mutex::new(Admission::new(settings.max_in_flight)),
            pending: Arc::default(),
            batch,
            depth: AtomicUsize::new(0),
            trouble: Mutex::default(),
            queue,
            settings,
        });
        let run = |handle: JoinHandle<()>| AbortOnDropHandle::new(handle);
        let pending = shared.pending.clone();
        let mut tasks = Vec::new();
        match &shared.queue.kind {
            Kind::Local(local) => {
                local.route(shared.settings.gateway, Arc::new(move |reply| pending.answer(reply)));
                tasks.push(run(tokio::spawn(push::to_local(shared.clone(), local.clone(), inbox))));
            }
            Kind::Redis(redis) => {
                let pusher = Arc::new(crate::streams::Pusher::new(redis, crate::OPERATIONS));
                tasks.push(run(tokio::spawn(read_replies(redis.clone(), shared.settings.gateway, move |reply| pending.answer(reply)))));
                tasks.push(run(tokio::spawn(push::to_stream(shared.clone(), pusher.clone(), inbox))));
                tasks.push(run(tokio::spawn(resend::resend_lost(shared.clone(), pusher.clone()))));
                tasks.push(run(tokio::spawn(resend::sample_depth(shared.clone(), pusher))));
            }
        }
        Self { inner: Arc::new(Inner { shared, _tasks: tasks }) }
    }

    /// Joins the open micro-batch and waits for the outcome until `give_up_ms` on the queue's clock. A caller that goes away
    /// gives its place back; an operation that was pushed already may still be applied.
    ///
    /// # Errors
    /// See [`CallError`]: each says whether the operation may have been enqueued.
    pub async fn call(&self, operation: Operation, give_up_ms: i64) -> Result<Outcome, CallError> {
        let mut outcomes = self.admit([operation])?.outcomes(give_up_ms).await?;
        outcomes.pop().ok_or(CallError::NoReply)
    }

    /// Takes a place for one operation, or for all operations of one bulk request, which then travel in a message of their own.
    /// Nothing is enqueued yet.
    ///
    /// # Errors
    /// [`CallError::Overloaded`] or [`CallError::AccountBusy`], at once.
    ///
    /// # Panics
    /// When there is no operation.
    pub fn admit(&self, operations: impl Into<Arc<[Operation]>>) -> Result<Admitted, CallError> {
        let (answer, answered) = oneshot::channel();
        let place = self.inner.shared.admit(operations.into(), answer)?;
        Ok(Admitted { place, answered, _client: self.clone() })
    }

    /// How many calls wait for their outcome.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.inner.shared.admission().total()
    }
}

impl std::fmt::Debug for OperationClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationClient").field("gateway", &self.inner.shared.settings.gateway).finish_non_exhaustive()
    }
}

/// Operations that have their place and are not enqueued yet. Dropped, it gives the place back.
pub struct Admitted {
    place: Place,
    answered: oneshot::Receiver<Result<Vec<Outcome>, CallError>>,
    /// Keeps the background tasks alive.
    _client: OperationClient,
}

impl Admitted {
    /// Enqueues them and waits for their outcomes, in the order of the operations, until `give_up_ms` on the queue's clock.
    ///
    /// # Errors
    /// See [`CallError`]: each says whether they may have been enqueued.
    pub async fn outcomes(self, give_up_ms: i64) -> Result<Vec<Outcome>, CallError> {
        let Self { place, answered, _client } = self;
        let shared = &place.shared;
        if shared.batch.try_send(place.parcel.clone()).is_err() {
            return Err(CallError::Overloaded { retry_after: shared.settings.retry_after });
        }
        let wait = u64::try_from(give_up_ms - shared.queue.now_ms()).unwrap_or(0);
        match timeout(Duration::from_millis(wait), answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) if shared.pending.may_be_queued(&place.parcel) => Err(CallError::NoReply),
            Ok(Err(_)) | Err(_) => Err(CallError::Unavailable(shared.trouble())),
        }
    }
}

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admitted").field("operations", &self.place.parcel.len()).finish_non_exhaustive()
    }
}

/// A place among those in flight; given back when it is dropped.
struct Place {
    shared: Arc<Shared>,
    parcel: Parcel,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.pending.forget(&self.parcel);
        self.shared.admission().leave(self.parcel[0].account, self.parcel.len());
    }
}

impl Shared {
    fn admit(self: &Arc<Self>, parcel: Parcel, answer: pending::Answer) -> Result<Place, CallError> {
        let retry_after = self.settings.retry_after;
        let depth = match &self.queue.kind {
            Kind::Local(local) => local.depth(),
            Kind::Redis(_) => self.depth.load(Ordering::Relaxed),
        };
        let limits: &QueueSettings = &self.queue.settings;
        if depth >= limits.max_depth {
            return Err(CallError::Overloaded { retry_after });
        }
        self.admission().enter(parcel[0].account, parcel.len()).map_err(|refusal| match refusal {
            Refusal::Full => CallError::Overloaded { retry_after },
            Refusal::Share => CallError::AccountBusy { retry_after },
        })?;
        // A local queue loses nothing, so nothing is kept to be pushed again.
        self.pending.expect(&parcel, answer, !self.queue.is_local());
        Ok(Place { shared: self.clone(), parcel })
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        trouble.unwrap_or_else(|| "the operation could not be enqueued in time".to_owned())
    }

    fn note_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
