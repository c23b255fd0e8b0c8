//! What is done about an attempt that failed; the reasons are in [`super`].

use super::{Applier, Attempt, PAUSE, Part, batch};
use muster_domain::{Operation, Outcome, OutcomeCode};
use muster_store::StoreError;
use std::{collections::VecDeque, time::Duration};

/// How often a batch is decided again before it is halved.
const RACES: u32 = 4;
/// How often a single operation is decided again. Somebody wins each time, so this many losses in a row are a fault, not a race.
const RACES_ALONE: u32 = 500;

/// How long an operation whose client was told that it will be applied is enqueued again, milliseconds, when it stops its workers.
const GIVE_UP_MS: i64 = 300_000;

impl Applier {
    /// Ends an operation that is past its deadline after an attempt nobody knows the end of: a COMMIT that was not confirmed may
    /// have happened, so only the log can tell. None while the log cannot be asked.
    pub(super) async fn end_late(&self, operation: &Operation) -> Option<Outcome> {
        let recorded = muster_store::operations::expire(&self.store, operation).await.ok()?;
        Some(recorded.unwrap_or_else(expired))
    }

    /// Whether a gateway has surely stopped waiting for the operation, and asked the log itself: twice what a batch may take after
    /// the deadline.
    fn nobody_waits_for(&self, operation: &Operation) -> bool {
        let wait_ms = i64::try_from(self.settings.apply_max.as_millis()).unwrap_or(i64::MAX / 4) * 2;
        (self.settings.clock)() > operation.deadline_ms.saturating_add(wait_ms)
    }

    pub(super) async fn recover(
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
            StoreError::Raced(_) if part.races < if is_unit(operations, &part.members) { RACES_ALONE } else { RACES } => {
                part.races += 1;
                tracing::debug!(%error, attempt = part.races, "a batch is decided again");
                tokio::time::sleep(race_pause(&operations[part.members[0]], part.races)).await;
                parts.push_front(part);
            }
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, operations = part.members.len(), "the database is away: the batch is tried again");
                let now = (self.settings.clock)();
                let (late, mut rest): (Vec<usize>, Vec<usize>) =
                    part.members.into_iter().partition(|index| now > operations[*index].deadline_ms);
                let mut away = false;
                for index in late {
                    if operations[index].acknowledged {
                        // Nobody is told that it failed: it is enqueued again, and the log knows if it was applied after all.
                        outcomes[index] = Some(expired());
                        continue;
                    }
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
                parts.push_front(Part { members: rest, ..part });
            }
            StoreError::Locked(_) if self.set_locked_aside(operations, &mut part).await => {
                tracing::debug!(%error, "operations on locked rows are put aside");
                parts.push_front(part);
            }
            StoreError::Locked(_) if is_unit(operations, &part.members) => {}
            _ if !is_unit(operations, &part.members) => {
                tracing::debug!(%error, operations = part.members.len(), "a batch is halved");
                let second = part.members.split_off(middle(operations, &part.members));
                parts.push_front(Part { members: second, again: true, ..Part::default() });
                parts.push_front(Part { members: part.members, again: true, ..Part::default() });
            }
            error if part.members.len() > 1 && self.exclude_culprit(operations, &mut part).await => {
                tracing::debug!(%error, "a bulk is applied without what the database refuses");
                parts.push_front(part);
            }
            error => {
                for index in part.members {
                    let operation = &operations[index];
                    tracing::error!(operation.id = %operation.id, account.id = %operation.account, %error, "an operation cannot be applied");
                    outcomes[index] = Some(self.record(operation, OutcomeCode::Failed).await);
                }
            }
        }
    }

    /// Takes the operations on rows that are locked at this moment out of the part. False when that is none of them, or all.
    async fn set_locked_aside(&self, operations: &[Operation], part: &mut Part) -> bool {
        let addresses: Vec<_> = part.members.iter().map(|index| (operations[*index].account, operations[*index].resource_id)).collect();
        let Ok(locked) = muster_store::batch::locked(&self.store, &addresses).await else { return false };
        let held = |index: &usize| locked.contains(&(operations[*index].account, operations[*index].resource_id));
        let (before, mut free) = (part.members.len(), Vec::with_capacity(part.members.len()));
        for unit in part.members.chunk_by(|a, b| operations[*a].same_bulk(&operations[*b])) {
            if !unit.iter().any(held) {
                free.extend_from_slice(unit);
            }
        }
        part.members = free;
        part.members.len() < before
    }

    /// Finds the first operation of a bulk that the database refuses, and notes it. False when it cannot be found.
    async fn exclude_culprit(&self, operations: &[Operation], part: &mut Part) -> bool {
        let bulk: Vec<&Operation> = part.members.iter().map(|index| &operations[*index]).collect();
        let attempt = Attempt { now_ms: (self.settings.clock)(), again: true, failed: &part.failed };
        // The longest beginning that is taken, and the shortest that is refused.
        let (mut good, mut bad) = (0, bulk.len());
        while bad - good > 1 {
            let length = good.midpoint(bad);
            match self.in_time(batch::try_out(&self.store, &bulk[..length], &attempt)).await {
                Ok(()) => good = length,
                Err(StoreError::Other(_) | StoreError::Conflict(_)) => bad = length,
                // Nothing is known of this length; the bulk as a whole is tried again.
                Err(error) => {
                    tracing::debug!(%error, "the culprit of a bulk is looked for later");
                    return true;
                }
            }
        }
        part.failed.insert(bulk[bad - 1].id)
    }

    /// Ends an operation that stopped its worker as often as allowed: it is written to the log, so that it is never applied by a later
    /// delivery; if it has been applied after all, that is the answer.
    ///
    /// One whose client was told that it will be applied is not given up as soon: its workers may have been killed for reasons of
    /// their own. It is enqueued again, and set aside when it is older than [`GIVE_UP_MS`].
    pub(crate) async fn set_aside(&self, operation: &Operation) -> Outcome {
        if operation.acknowledged && (self.settings.clock)() < operation.accepted_ms.saturating_add(GIVE_UP_MS) {
            return expired();
        }
        self.record(operation, OutcomeCode::SetAside).await
    }

    /// Writes the failure of an operation to the log, so that it is answered the same way when it is delivered again. What was
    /// recorded before stays the answer.
    async fn record(&self, operation: &Operation, code: OutcomeCode) -> Outcome {
        let failed = Outcome::failed(code, 500);
        match muster_store::operations::record(&self.store, operation, &failed).await {
            Ok(None) => failed,
            Ok(Some(recorded)) => recorded,
            Err(error) => {
                tracing::error!(operation.id = %operation.id, code = code.as_str(), %error, "the failure of an operation cannot be recorded");
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

/// Whether a part is one operation, or one bulk.
fn is_unit(operations: &[Operation], members: &[usize]) -> bool {
    members.windows(2).all(|pair| operations[pair[0]].same_bulk(&operations[pair[1]]))
}

/// Where to divide a part that is no unit: as near to its middle as no bulk is cut.
fn middle(operations: &[Operation], members: &[usize]) -> usize {
    let half = members.len() / 2;
    let between = |at: &usize| !operations[members[at - 1]].same_bulk(&operations[members[*at]]);
    (1..members.len()).filter(between).min_by_key(|at| at.abs_diff(half)).unwrap_or(half)
}
