//! Bulk requests (RFC 7644 §3.7) while their batch is decided.
//!
//! All operations of a bulk are in one batch, in order. Two rules reach across them:
//!
//! - **`failOnErrors`**: after so many errors nothing more is applied.
//! - **`bulkId`**: an operation that refers to what another one makes is not applied unless that one is, before it or *after* it.
//!
//! What comes later cannot be known when an operation is decided, so a reference forward is taken to come true; where it turns out
//! that it did not, the operation that relied on it is *doomed*, and the batch is decided again with it refused. Each time there
//! are more doomed ones, so this ends; because a request could be made up to take as many rounds as it has operations, after
//! [`ROUNDS`] of them references forward are refused instead, which §3.7.2 allows.

use super::decide::Decision;
use muster_domain::{AccountId, Change, Operation, OperationId, Outcome, OutcomeCode};
use muster_scim::{ResourceType, ScimError};
use muster_store::batch::Address;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How often a batch is decided again for the sake of references forward.
const ROUNDS: usize = 16;

/// What is known of the bulks of a batch from the rounds before.
#[derive(Default)]
pub(super) struct Bulks {
    doomed: HashSet<OperationId>,
    rounds: usize,
}

/// What one round has made of them so far.
pub(super) struct Round<'b> {
    bulks: &'b Bulks,
    /// Of the operations of bulks: whether each succeeded.
    ends: HashMap<OperationId, bool>,
    errors: HashMap<(AccountId, Uuid), u32>,
}

impl Bulks {
    pub(super) fn round(&self) -> Round<'_> {
        Round { bulks: self, ends: HashMap::new(), errors: HashMap::new() }
    }

    /// Dooms what relied on an operation that failed after it. True when there is more of that, and everything is to be decided
    /// again.
    pub(super) fn doom(&mut self, operations: &[&Operation], ends: &HashMap<OperationId, bool>) -> bool {
        let mut relying: HashMap<OperationId, Vec<OperationId>> = HashMap::new();
        for operation in operations.iter().filter(|operation| ends.get(&operation.id) == Some(&true)) {
            needs(operation).for_each(|need| relying.entry(*need).or_default().push(operation.id));
        }
        let before = self.doomed.len();
        let mut failed: Vec<OperationId> = ends.iter().filter(|(_, succeeded)| !**succeeded).map(|(id, _)| *id).collect();
        while let Some(id) = failed.pop() {
            for id in relying.remove(&id).unwrap_or_default() {
                if self.doomed.insert(id) {
                    failed.push(id);
                }
            }
        }
        self.rounds += 1;
        self.doomed.len() > before
    }
}

impl Round<'_> {
    /// Why an operation is not to be applied whatever it is, if so.
    pub(super) fn refuse(&self, operation: &Operation) -> Option<Decision> {
        let bulk = operation.bulk.as_deref()?;
        let errors = bulk.errors_before + self.errors.get(&(operation.account, operation.request_id)).copied().unwrap_or(0);
        if bulk.fail_on_errors.is_some_and(|most| errors >= most) {
            let error = ScimError::status(424, format!("not applied: the bulk request ended after {errors} errors (failOnErrors)"));
            return Some(Decision::refused(OutcomeCode::Skipped, error));
        }
        let doomed = self.bulks.doomed.contains(&operation.id);
        let failed = |need: &OperationId| match self.ends.get(need) {
            Some(succeeded) => !succeeded,
            None => self.bulks.rounds >= ROUNDS,
        };
        (doomed || needs(operation).any(failed)).then(|| {
            let detail =
                "it refers to a resource (bulkId) that was not made: see the operation with that bulkId, mend it, and send both again";
            Decision::refused(OutcomeCode::Refused, ScimError::status(409, detail))
        })
    }

    /// Takes note of how an operation ended.
    pub(super) fn note(&mut self, operation: &Operation, code: OutcomeCode) {
        if operation.bulk.is_some() {
            self.ends.insert(operation.id, code.is_success());
            if !code.is_success() && code != OutcomeCode::Skipped {
                *self.errors.entry((operation.account, operation.request_id)).or_default() += 1;
            }
        }
    }

    /// How each operation of a bulk ended.
    pub(super) fn ends(self) -> HashMap<OperationId, bool> {
        self.ends
    }
}

/// What the bulks among these operations make, if all goes well. Whether it does is what [`Bulks::doom`] looks at.
pub(super) fn expected(operations: &[&Operation]) -> HashMap<Address, ResourceType> {
    let made = operations.iter().filter(|operation| operation.bulk.is_some() && matches!(operation.change, Change::Create { .. }));
    made.map(|operation| ((operation.account, operation.resource_id), operation.resource_type)).collect()
}

/// What the answer to a bulk does not show need not be loaded, nor travel.
pub(super) fn trim(operation: &Operation, decision: &mut Decision) {
    if operation.bulk.is_some() {
        decision.shows_user = None;
        decision.outcome.resource = None;
    }
}

/// The outcome of an operation the database refused for no reason that is the client's.
pub(super) fn failed() -> Decision {
    Decision::only(Outcome::failed(OutcomeCode::Failed, 500))
}

fn needs(operation: &Operation) -> impl Iterator<Item = &OperationId> {
    operation.bulk.iter().flat_map(|bulk| bulk.needs.iter())
}
