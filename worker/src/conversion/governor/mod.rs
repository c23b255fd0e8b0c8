//! The pace that looks before it goes: windows, the throttle, the canary and the probes, for one account at a time.
//!
//! A [`Governor`] measures beside the run, on tasks of its own, and tells the throttle; the run asks the throttle before each chunk
//! and never waits for a measurement. Governors outlive slices: what one slice found out about the database holds for the next. One
//! that nobody asks any more ends by itself.

mod senses;

use super::pace::{Chunk, Moment, Pace, PaceFactory, Step};
use jiff::Timestamp;
use muster_domain::{
    AccountId,
    conversion::{
        Phase,
        pace::{self, ChunkEnd, ChunkReport, Errand, Orders, PaceStatus},
        throttle::{self, StopMarks, Throttle},
    },
};
use muster_queue::Queue;
use muster_store::{Store, StoreSettings};
use serde_json::Value;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A governor nobody has asked for this long ends.
const IDLE: Duration = Duration::from_secs(300);
/// A chunk that failed after so long failed because it was too large, or waited for a lock.
const TIMED_OUT: Duration = Duration::from_millis(500);

/// The governors of a worker.
pub struct Governors {
    connection: StoreSettings,
    store: Store,
    queue: Option<Queue>,
    running: Mutex<HashMap<AccountId, Arc<Governor>>>,
}

/// Decides about the conversion of one account.
pub struct Governor {
    shared: Arc<Shared>,
    _measuring: DropGuard,
}

/// What the run and the senses share.
struct Shared {
    account: AccountId,
    began: Instant,
    throttle: Mutex<Throttle>,
    asked: Mutex<Instant>,
}

/// A governor in the hands of a slice.
struct Governed {
    governor: Arc<Governor>,
    wanted: Value,
}

impl Governors {
    /// `connection` is how to reach the database that `store` is of: the probes open connections of their own. `queue` tells how much of
    /// provisioning waits; without one, nothing does.
    #[must_use]
    pub fn new(connection: StoreSettings, store: Store, queue: Option<Queue>) -> Arc<Self> {
        Arc::new(Self { connection, store, queue, running: Mutex::default() })
    }

    /// Makes the pace of each slice. Needs a Tokio runtime when it is called.
    #[must_use]
    pub fn factory(self: &Arc<Self>) -> PaceFactory {
        let governors = Arc::clone(self);
        Arc::new(move |account| Box::new(Governed { governor: governors.of(account), wanted: Value::Null }))
    }

    /// The governor of an account, a new one where there is none.
    #[must_use]
    pub fn of(&self, account: AccountId) -> Arc<Governor> {
        let mut running = lock(&self.running);
        running.retain(|known, governor| *known == account || lock(&governor.shared.asked).elapsed() < IDLE);
        Arc::clone(running.entry(account).or_insert_with(|| Arc::new(self.start(account))))
    }

    fn start(&self, account: AccountId) -> Governor {
        let began = Instant::now();
        let moment = throttle::Moment { steady: Duration::ZERO, wall: Timestamp::now() };
        let throttle = Mutex::new(Throttle::new(Orders::default(), StopMarks::default(), moment));
        let shared = Arc::new(Shared { account, began, throttle, asked: Mutex::new(began) });
        let stop = CancellationToken::new();
        senses::start(&self.connection, &self.store, self.queue.clone(), &shared, &stop);
        Governor { shared, _measuring: stop.drop_guard() }
    }
}

impl fmt::Debug for Governors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governors").field("accounts", &lock(&self.running).len()).finish_non_exhaustive()
    }
}

impl Governor {
    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> PaceStatus {
        lock(&self.shared.throttle).status()
    }
}

impl fmt::Debug for Governor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Governor").field("account", &self.shared.account).finish_non_exhaustive()
    }
}

impl Shared {
    /// A moment on the throttle's clock.
    fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.began)
    }
}

impl Pace for Governed {
    fn next(&mut self, moment: Moment<'_>) -> Step {
        let shared = &self.governor.shared;
        *lock(&shared.asked) = moment.now;
        let mut throttle = lock(&shared.throttle);
        let steady = shared.at(moment.now);
        if *moment.wanted != self.wanted {
            self.wanted = moment.wanted.clone();
            throttle.adjust(steady, &orders(&self.wanted));
        }
        let errand = errand(moment.phase);
        match throttle.next(throttle::Moment { steady, wall: Timestamp::now() }, errand) {
            pace::Step::Go { rows } => Step::Work { rows: rows.saturating_mul(errand.rows_for_one()) },
            pace::Step::Rest(pause) => Step::Wait { pause, reason: None },
            pace::Step::Wait(waiting) => Step::Wait { pause: waiting.ask_again, reason: Some(named(&waiting)) },
            pace::Step::Halt(waiting) => Step::Stop { reason: named(&waiting) },
        }
    }

    fn done(&mut self, chunk: Chunk) {
        let shared = &self.governor.shared;
        let end = match chunk.failed {
            false => ChunkEnd::Committed,
            true if chunk.took >= TIMED_OUT => ChunkEnd::TimedOut,
            true => ChunkEnd::Failed,
        };
        let rows = chunk.rows.div_ceil(errand(chunk.phase).rows_for_one());
        let report = ChunkReport { rows, took: chunk.took, end };
        lock(&shared.throttle).done(&report);
    }
}

/// What a phase is to the database.
pub(super) const fn errand(phase: Phase) -> Errand {
    match phase {
        Phase::Read | Phase::Contest | Phase::Ready | Phase::Verify | Phase::Done => Errand::Look,
        Phase::Aliases | Phase::Users | Phase::Ordered | Phase::Sweep | Phase::References => Errand::Change,
    }
}

/// What the operator has set. What cannot be read is refused where it is set; if it comes this far all the same, the gentlest pace is
/// the one that can do no harm.
fn orders(wanted: &Value) -> Orders {
    if wanted.is_null() {
        return Orders::default();
    }
    serde_json::from_value(wanted.clone()).unwrap_or_else(|error| {
        tracing::warn!(%error, "the pace that is set for a conversion cannot be read: it goes gently");
        Orders::default()
    })
}

/// The reason by its word, so that programs need not read the sentence behind it.
fn named(waiting: &pace::Waiting) -> String {
    let text = waiting.text.strip_prefix("waits: ").unwrap_or(&waiting.text);
    format!("{}: {text}", waiting.reason)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left figures behind, not half a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
