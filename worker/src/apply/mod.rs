//! Applying operations: the one place that knows how a user or a group changes.
//!
//! **A batch is many operations, each with its own outcome.** The usual batch is decided and written at the first attempt (see
//! [`batch`]). What can go wrong, and what is done about it:
//!
//! - *Somebody else was faster* (another worker, the platform itself): nothing was written; the batch is decided again on what is
//!   there now. After a few attempts it is halved, so that two workers that keep meeting on one resource stop dragging the rest
//!   along.
//! - *A row is locked* by somebody's long transaction: the operations on locked rows are put aside and tried on their own until
//!   their deadline; the rest of the batch goes on.
//! - *The database is away*: tried again until the deadlines pass. A COMMIT that was not confirmed may have happened; the next
//!   attempt finds the log entries and answers with them. Past its deadline, an operation is ended by the log too: it is recorded
//!   as expired, or found to have been applied.
//! - *Anything else*: the batch is halved until the culprit stands alone. Its failure is recorded, its neighbours are applied.
//!
//! An operation is never started after its deadline: its client has been, or is about to be, told that it failed.

mod batch;
mod custom;
mod decide;
mod facts;
mod world;

#[cfg(test)]
mod tests;

use muster_domain::{Operation, Outcome, OutcomeCode};
use muster_store::{Store, StoreError};
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

/// The clock deadlines are compared on, milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How operations are applied.
#[derive(Clone)]
pub struct ApplySettings {
    /// The longest one transaction may take.
    pub apply_max: Duration,
    /// The clock deadlines are compared on.
    pub clock: Clock,
}

impl fmt::Debug for ApplySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplySettings").field("apply_max", &self.apply_max).finish_non_exhaustive()
    }
}

impl Default for ApplySettings {
    fn default() -> Self {
        Self { apply_max: Duration::from_secs(4), clock: Arc::new(muster_store::now_ms) }
    }
}

/// How often a batch is decided again before it is halved.
const RACES: u32 = 4;
/// How often a single operation is decided again. Somebody wins each time, so this many losses in a row are a fault, not a race.
const RACES_ALONE: u32 = 500;
/// The pause before asking a database that is away, or a locked row, again.
const PAUSE: Duration = Duration::from_millis(100);

/// Applies operations to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Applier {
    store: Store,
    settings: ApplySettings,
}

/// What [`Applier::apply_batch`] made of a batch.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The outcomes, in the order of the operations; none for those on locked rows, which [`Applier::apply`] can be given alone.
    pub outcomes: Vec<Option<Outcome>>,
    /// How many transactions were committed for it.
    pub commits: u32,
}

/// A part of a batch that is still to be applied.
struct Part {
    members: Vec<usize>,
    races: u32,
    /// It was attempted before, and it may even have been committed.
    again: bool,
}

impl Applier {
    /// An applier on this database.
    #[must_use]
    pub const fn new(store: Store, settings: ApplySettings) -> Self {
        Self { store, settings }
    }

    /// Applies operations, in order, and returns an outcome for each. Does not return before every one of them has an outcome or
    /// has passed its deadline.
    pub async fn apply(&self, operations: Vec<Operation>) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = self.apply_batch(&operations).await.outcomes;
        for (operation, outcome) in operations.iter().zip(&mut outcomes) {
            while outcome.is_none() {
                tokio::time::sleep(PAUSE).await;
                *outcome = self.apply_batch(std::slice::from_ref(operation)).await.outcomes.pop().flatten();
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::failed(OutcomeCode::Failed, 500))).collect()
    }

    pub(crate) async fn apply_batch(&self, operations: &[Operation]) -> Applied {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; operations.len()];
        let mut commits = 0;
        let mut parts = VecDeque::from([Part { members: (0..operations.len()).collect(), races: 0, again: false }]);
        while let Some(part) = parts.pop_front() {
            if part.members.is_empty() {
                continue;
            }
            let chosen: Vec<&Operation> = part.members.iter().map(|index| &operations[*index]).collect();
            match self.once(&chosen, part.again).await {
                Ok(applied) => {
                    commits += 1;
                    for (index, outcome) in part.members.iter().zip(applied) {
                        outcomes[*index] = Some(outcome);
                    }
                }
                Err(error) => self.recover(operations, part, error, &mut parts, &mut outcomes).await,
            }
        }
        Applied { outcomes, commits }
    }

    /// One attempt, in one transaction, within `apply_max`.
    async fn once(&self, operations: &[&Operation], again: bool) -> Result<Vec<Outcome>, StoreError> {
        let attempt = batch::apply(&self.store, operations, again, |operation| self.is_late(operation));
        match tokio::time::timeout(self.settings.apply_max, attempt).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Unavailable(format!("a transaction took longer than {} ms", self.settings.apply_max.as_millis()))),
        }
    }

    fn is_late(&self, operation: &Operation) -> bool {
        (self.settings.clock)() > operation.deadline_ms
    }

    /// Ends an operation that is past its deadline after an attempt nobody knows the end of: a COMMIT that was not confirmed may
    /// have happened, so only the log can tell. None while the log cannot be asked.
    async fn end_late(&self, operation: &Operation) -> Option<Outcome> {
        let recorded = muster_store::operations::expire(&self.store, operation).await.ok()?;
        Some(recorded.unwrap_or_else(expired))
    }

    /// Whether a gateway has surely stopped waiting for the operation, and asked the log itself: twice what a batch may take after
    /// the deadline.
    fn nobody_waits_for(&self, operation: &Operation) -> bool {
        let wait_ms = i64::try_from(self.settings.apply_max.as_millis()).unwrap_or(i64::MAX / 4) * 2;
        (self.settings.clock)() > operation.deadline_ms.saturating_add(wait_ms)
    }

    async fn recover(
        &self,
        operations: &[Operation],
        mut part: Part,
        error: StoreError,
        parts: &mut VecDeque<Part>,
        outcomes: &mut [Option<Outcome>],
    ) {
        part.again = true;
        match error {
            // Alone, an operation has nobody to drag along: it goes on until it wins or its deadline passes.
            StoreError::Raced(_) if part.races < if part.members.len() == 1 { RACES_ALONE } else { RACES } => {
                part.races += 1;
                tracing::debug!(%error, attempt = part.races, "a batch is decided again");
                tokio::time::sleep(race_pause(&operations[part.members[0]], part.races)).await;
                parts.push_front(part);
            }
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, operations = part.members.len(), "the database is away: the batch is tried again");
                let (late, mut rest): (Vec<usize>, Vec<usize>) =
                    part.members.into_iter().partition(|index| self.is_late(&operations[*index]));
                let mut away = false;
                for index in late {
                    // A database that did not answer for one is not asked for the next: each question may take seconds.
                    let ended = if away { None } else { self.end_late(&operations[index]).await };
                    away |= ended.is_none();
                    match ended {
                        Some(outcome) => outcomes[index] = Some(outcome),
                        None if self.nobody_waits_for(&operations[index]) => outcomes[index] = Some(expired()),
                        None => rest.push(index),
                    }
                }
                rest.sort_unstable();
                tokio::time::sleep(PAUSE).await;
                parts.push_front(Part { members: rest, races: part.races, again: true });
            }
            StoreError::Locked(_) if self.set_locked_aside(operations, &mut part).await => {
                tracing::debug!(%error, "operations on locked rows are put aside");
                parts.push_front(part);
            }
            StoreError::Locked(_) if part.members.len() == 1 => {}
            _ if part.members.len() > 1 => {
                tracing::debug!(%error, operations = part.members.len(), "a batch is halved");
                let second = part.members.split_off(part.members.len() / 2);
                parts.push_front(Part { members: second, races: 0, again: true });
                parts.push_front(Part { members: part.members, races: 0, again: true });
            }
            error => {
                for index in part.members {
                    let operation = &operations[index];
                    tracing::error!(operation.id = %operation.id, account.id = %operation.account, %error, "an operation cannot be applied");
                    outcomes[index] = Some(self.record_failure(operation).await);
                }
            }
        }
    }

    /// Takes the operations on rows that are locked at this moment out of the part. False when that is none of them, or all.
    async fn set_locked_aside(&self, operations: &[Operation], part: &mut Part) -> bool {
        let addresses: Vec<_> = part.members.iter().map(|index| (operations[*index].account, operations[*index].resource_id)).collect();
        let Ok(locked) = muster_store::batch::locked(&self.store, &addresses).await else { return false };
        let before = part.members.len();
        part.members.retain(|index| !locked.contains(&(operations[*index].account, operations[*index].resource_id)));
        part.members.len() < before
    }

    /// Writes the failure of an operation to the log, so that it is answered the same way when it is delivered again.
    async fn record_failure(&self, operation: &Operation) -> Outcome {
        let failed = Outcome::failed(OutcomeCode::Failed, 500);
        match muster_store::operations::record(&self.store, operation, &failed).await {
            Ok(None) => failed,
            Ok(Some(recorded)) => recorded,
            Err(error) => {
                tracing::error!(operation.id = %operation.id, %error, "the failure of an operation cannot be recorded");
                failed
            }
        }
    }
}

fn expired() -> Outcome {
    Outcome::failed(OutcomeCode::Expired, 503)
}

/// The pause before a batch is decided again: longer each time, and different for each operation, so that those who met once do
/// not meet again at once.
fn race_pause(first: &Operation, races: u32) -> Duration {
    let longest = u64::from(races.min(10)) * 4;
    let spread = first.id.0.as_u64_pair().1.rotate_left(races) % longest;
    Duration::from_millis(1 + spread)
}
