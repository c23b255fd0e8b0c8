//! The committer: one task that turns whatever is queued into one batch after another.
//!
//! There is one per worker, because one stream of transactions on one connection is faster than several that wait for each
//! other's rows, and because a batch that waits for the one before it *grows*: that is what makes a burst cost hundreds of
//! transactions instead of hundreds of thousands.
//!
//! **Fair share.** Operations wait in one line an account; a batch takes from all lines in turn. An account that sends a thousand
//! operations does not delay another's one by more than the batch that is under way.
//!
//! **Gathering.** When the batches before were large, the clients that were just answered are about to send their next operations;
//! the committer then waits for the line to fill to the size of the largest recent batch: as long as operations keep coming, no
//! gap longer than [`QUIET`], and [`GATHER`] in all. At rest it never waits.
//!
//! **Isolation.** A message that comes back after its worker died is applied operation by operation, so that what killed the
//! worker takes nothing with it.
//!
//! **Bulks.** The operations of one bulk request stay together, in order, in one batch, however many they are: a batch is as much
//! larger than it should be as the bulk at its end needs.

mod line;
mod waiting;

use crate::{
    Applier,
    apply::Applied,
    measure::{self, Counted},
    spans::BatchSpans,
};
use line::Lines;
use muster_domain::{Operation, Reply};
use muster_queue::EarlyReplies;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use waiting::Waiting;

/// The longest a large batch is waited for.
const GATHER: Duration = Duration::from_millis(6);
/// Nothing came for this long: whoever was about to send has sent.
const QUIET: Duration = Duration::from_millis(2);
/// Batches smaller than this are never waited for.
const GATHER_FROM: usize = 8;
/// How many operations may wait in the committer's lines; beyond, the handlers wait, and behind them the queue.
const BACKLOG: usize = 8_192;

/// What the committer has done since the worker started.
#[derive(Debug, Default)]
pub struct CommitterStats {
    batches: AtomicU64,
    operations: AtomicU64,
}

impl CommitterStats {
    /// How many transactions were committed.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// How many operations were applied in them.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    fn count(&self, commits: u32, operations: usize) {
        self.batches.fetch_add(u64::from(commits), Ordering::Relaxed);
        self.operations.fetch_add(operations as u64, Ordering::Relaxed);
    }
}

/// Operations that came in one message, and who waits for all of their outcomes.
struct Request {
    operations: Vec<Operation>,
    isolate: bool,
    early: EarlyReplies,
    answer: oneshot::Sender<Vec<Reply>>,
}

/// The way into the committer. Cheap to clone; the committer ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct CommitterHandle {
    requests: mpsc::Sender<Request>,
}

impl CommitterHandle {
    /// Has the operations applied and returns an outcome for each, after the COMMIT, but for those that were sent early because one
    /// of their neighbours takes its time. None when the committer has ended.
    pub(crate) async fn apply(&self, operations: Vec<Operation>, isolate: bool, early: EarlyReplies) -> Option<Vec<Reply>> {
        let (answer, outcomes) = oneshot::channel();
        self.requests.send(Request { operations, isolate, early, answer }).await.ok()?;
        outcomes.await.ok()
    }
}

/// An operation in line.
pub(crate) struct Queued {
    operation: Operation,
    waiting: Arc<Waiting>,
}

/// Starts the committer.
pub(crate) fn start(applier: Applier, batch_max: usize, stats: Arc<CommitterStats>) -> (CommitterHandle, tokio::task::JoinHandle<()>) {
    let (requests, inbox) = mpsc::channel(256);
    let committer = Committer { applier, batch_max: batch_max.max(1), stats, inbox, lines: Lines::default(), alone: Vec::new(), recent: 0 };
    (CommitterHandle { requests }, tokio::spawn(committer.run()))
}

/// What to gather for after a batch of `batch` operations, when `recent` was gathered for before: the largest of late, which fades
/// slowly, because the clients of a burst fall into two halves that take turns as soon as one batch does not wait for all of them.
/// A batch far smaller says that the burst is over: whoever is left waits for nobody.
fn remembered(recent: usize, batch: usize) -> usize {
    let faded = if batch < recent / 4 { recent / 2 } else { recent - recent.div_ceil(64) };
    faded.max(batch)
}

struct Committer {
    applier: Applier,
    batch_max: usize,
    stats: Arc<CommitterStats>,
    inbox: mpsc::Receiver<Request>,
    lines: Lines,
    /// What is to be applied alone: single operations, and bulks.
    alone: Vec<Vec<Queued>>,
    /// How many operations recent batches had, at most; an old one counts for less with every batch.
    recent: usize,
}

impl Committer {
    async fn run(mut self) {
        while self.gather().await {
            for unit in std::mem::take(&mut self.alone) {
                self.commit(unit).await;
            }
            let batch = self.lines.take(self.batch_max);
            self.recent = remembered(self.recent, batch.len());
            if !batch.is_empty() {
                self.commit(batch).await;
            }
        }
    }

    /// Waits until there is something to do, then a moment longer if it pays. False when nothing is left and nobody can send more.
    async fn gather(&mut self) -> bool {
        if self.lines.is_empty() && self.alone.is_empty() {
            let Some(request) = self.inbox.recv().await else { return false };
            self.accept(request);
        }
        self.drain();
        let wanted = self.recent.min(self.batch_max);
        if wanted >= GATHER_FROM && self.alone.is_empty() {
            let until = Instant::now() + GATHER;
            while self.lines.len() < wanted {
                match tokio::time::timeout_at(until.min(Instant::now() + QUIET), self.inbox.recv()).await {
                    Ok(Some(request)) => self.accept(request),
                    Ok(None) | Err(_) => break,
                }
                self.drain();
            }
        }
        true
    }

    fn drain(&mut self) {
        while self.lines.len() < BACKLOG {
            match self.inbox.try_recv() {
                Ok(request) => self.accept(request),
                Err(_) => break,
            }
        }
    }

    fn accept(&mut self, request: Request) {
        let Request { operations, isolate, early, answer } = request;
        if operations.is_empty() {
            let _ = answer.send(Vec::new());
            return;
        }
        let waiting = Arc::new(Waiting::new(operations.len(), early, answer));
        for operation in operations {
            let queued = Queued { operation, waiting: Arc::clone(&waiting) };
            if !isolate {
                self.lines.push(queued);
                continue;
            }
            match self.alone.last_mut() {
                Some(unit) if unit[0].operation.same_bulk(&queued.operation) => unit.push(queued),
                _ => self.alone.push(vec![queued]),
            }
        }
    }

    async fn commit(&self, batch: Vec<Queued>) {
        let (operations, waiting): (Vec<Operation>, Vec<Arc<Waiting>>) =
            batch.into_iter().map(|queued| (queued.operation, queued.waiting)).unzip();
        let began = Instant::now();
        let spans = BatchSpans::begin(&operations);
        let Applied { outcomes, commits } = spans.around(self.applier.apply_batch(&operations)).await;
        measure::batch(operations.len(), began.elapsed());
        self.stats.count(commits, operations.len());
        let mut held: Vec<Queued> = Vec::new();
        for (index, ((operation, outcome), waiting)) in operations.into_iter().zip(outcomes).zip(waiting).enumerate() {
            match outcome {
                Some(outcome) => {
                    spans.end(index, &outcome);
                    Counted::of(&operation).outcome(outcome.code);
                    waiting.add(Reply { operation: operation.id, outcome });
                }
                None => {
                    if held.last().is_some_and(|last| !last.operation.same_bulk(&operation)) {
                        self.retry_alone(std::mem::take(&mut held));
                    }
                    waiting.do_not_gather();
                    held.push(Queued { operation, waiting });
                }
            }
        }
        if !held.is_empty() {
            self.retry_alone(held);
        }
    }

    /// An operation, or a bulk, on a row that somebody else holds: tried until its deadline, out of everyone's way.
    fn retry_alone(&self, unit: Vec<Queued>) {
        let applier = self.applier.clone();
        tokio::spawn(async move {
            let (operations, waiting): (Vec<Operation>, Vec<Arc<Waiting>>) =
                unit.into_iter().map(|queued| (queued.operation, queued.waiting)).unzip();
            let ids: Vec<_> = operations.iter().map(|operation| (operation.id, Counted::of(operation))).collect();
            let spans = BatchSpans::begin(&operations);
            let outcomes = spans.around(applier.apply(operations)).await;
            for (index, (((operation, counted), outcome), waiting)) in ids.into_iter().zip(outcomes).zip(waiting).enumerate() {
                spans.end(index, &outcome);
                counted.outcome(outcome.code);
                waiting.add(Reply { operation, outcome });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_remembered_while_it_lasts_and_forgotten_soon_after() {
        let uneven = (0..32).fold(64, |recent, batch| remembered(recent, if batch % 2 == 0 { 64 } else { 24 }));
        assert!(uneven > 60, "two halves that take turns are gathered into one: {uneven}");
        let alone = (0..10).fold(512, |recent, _| remembered(recent, 1));
        assert!(alone < GATHER_FROM, "a single client after a burst is not kept waiting: {alone}");
        assert_eq!(remembered(0, 0), 0);
        assert_eq!(remembered(3, 100), 100, "a new burst is met at once");
    }
}
