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
//! A bulk request is one unit in all of this: it is never divided, because its operations refer to one another. Its culprit is found
//! by trying out beginnings of it without a COMMIT, and the rest of it is then applied, in one transaction still.
//!
//! An operation is never started after its deadline: its client has been, or is about to be, told that it failed.

mod batch;
mod bulk;
mod custom;
mod decide;
mod facts;
mod foresee;
mod recover;
mod world;
mod writes;

#[cfg(test)]
mod tests;

use batch::Attempt;
use muster_domain::{Operation, OperationId, Outcome, OutcomeCode};
use muster_store::{Store, StoreError};
use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

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

/// A part of a batch that is still to be applied. A bulk is never in two of them.
#[derive(Default)]
struct Part {
    members: Vec<usize>,
    races: u32,
    /// It was attempted before, and it may even have been committed.
    again: bool,
    /// What the database refuses of the bulk that this part is.
    failed: HashSet<OperationId>,
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
        let mut start = 0;
        for unit in operations.chunk_by(Operation::same_bulk) {
            let of_unit = &mut outcomes[start..start + unit.len()];
            start += unit.len();
            while of_unit.iter().any(Option::is_none) {
                tokio::time::sleep(PAUSE).await;
                of_unit.clone_from_slice(&self.apply_batch(unit).await.outcomes);
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::failed(OutcomeCode::Failed, 500))).collect()
    }

    pub(crate) async fn apply_batch(&self, operations: &[Operation]) -> Applied {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; operations.len()];
        let mut commits = 0;
        let mut parts = VecDeque::from([Part { members: (0..operations.len()).collect(), ..Part::default() }]);
        while let Some(part) = parts.pop_front() {
            if part.members.is_empty() {
                continue;
            }
            let chosen: Vec<&Operation> = part.members.iter().map(|index| &operations[*index]).collect();
            match self.once(&chosen, &part).await {
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
    async fn once(&self, operations: &[&Operation], part: &Part) -> Result<Vec<Outcome>, StoreError> {
        // One moment for all, so that a bulk is late as a whole or not at all.
        let attempt = Attempt { now_ms: (self.settings.clock)(), again: part.again, failed: &part.failed };
        self.in_time(batch::apply(&self.store, operations, &attempt)).await
    }

    async fn in_time<T>(&self, transaction: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match tokio::time::timeout(self.settings.apply_max, transaction).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Unavailable(format!("a transaction took longer than {} ms", self.settings.apply_max.as_millis()))),
        }
    }
}
