//! One batch, one transaction: load, decide in memory, write set-based, log, commit.
//!
//! Nothing but SQL happens between BEGIN and COMMIT, and how much SQL does not depend on how many operations there are.

use super::{
    bulk::{self, Bulks, Round},
    decide::{Decision, decide},
    facts::Facts,
    foresee::foreseen,
    world::World,
    writes::{Writes, write, writes},
};
use muster_domain::{Operation, OperationId, Outcome, OutcomeCode};
use muster_store::{
    Store, StoreError, WriteTransaction,
    batch::{Address, LogEntry},
    now_ms,
};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How often a batch may find that it has to ask more before it can decide. Two or three is usual; more than this is a fault.
const MAX_ROUNDS: usize = 64;

/// What there is to know about one attempt beside the operations.
pub(super) struct Attempt<'a> {
    /// Operations with a deadline before this moment have come too late; they are logged as that and do nothing.
    pub now_ms: i64,
    /// Ask the log for operations that were applied before.
    pub again: bool,
    /// Operations of a bulk that the database refuses; they are logged as that and do nothing.
    pub failed: &'a HashSet<OperationId>,
}

impl Attempt<'_> {
    fn is_late(&self, operation: &Operation) -> bool {
        self.now_ms > operation.deadline_ms
    }

    /// Whether it has come too late for this time and is enqueued again some day: nothing is decided about it.
    fn waits(&self, operation: &Operation) -> bool {
        operation.acknowledged && self.is_late(operation)
    }
}

/// Applies the operations.
///
/// Nearly every operation is delivered once, so the log is asked for those that were applied before only when an attempt has
/// failed: one that has an outcome already cannot be logged a second time, which undoes the first attempt as a race.
///
/// # Errors
/// When nothing of it happened, or when the COMMIT was not confirmed.
pub(super) async fn apply(store: &Store, operations: &[&Operation], attempt: &Attempt<'_>) -> Result<Vec<Outcome>, StoreError> {
    let tx = store.begin().await?;
    let decided = execute(&tx, operations, attempt).await?;
    tx.commit().await?;
    let mut decided: HashMap<OperationId, Outcome> = decided.into_iter().collect();
    // Of a bulk that was delivered before, all of it was.
    let again: Vec<&Operation> =
        operations.iter().copied().filter(|operation| operation.bulk.is_some() && !decided.contains_key(&operation.id)).collect();
    for bulk in again.chunk_by(|a, b| a.account == b.account) {
        let ids: Vec<OperationId> = bulk.iter().map(|operation| operation.id).collect();
        let recorded = muster_store::operations::recorded(store, bulk[0].account, &ids).await?;
        decided.extend(recorded.into_iter().map(|recorded| (recorded.id, recorded.outcome)));
    }
    let mut outcomes = Vec::with_capacity(operations.len());
    for operation in operations {
        outcomes.push(match decided.remove(&operation.id) {
            Some(outcome) => outcome,
            None if attempt.waits(operation) => Outcome::failed(OutcomeCode::Expired, 503),
            // Delivered before, or twice in this batch: what was recorded then is the answer now.
            None => recorded(store, operation).await?,
        });
    }
    Ok(outcomes)
}

/// Finds out whether the database takes the operations, and leaves no trace.
///
/// # Errors
/// What [`apply`] would end with.
pub(super) async fn try_out(store: &Store, operations: &[&Operation], attempt: &Attempt<'_>) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    execute(&tx, operations, attempt).await?;
    tx.rollback().await
}

/// Everything between BEGIN and COMMIT: the outcomes of the operations that had none before.
async fn execute(
    tx: &WriteTransaction,
    operations: &[&Operation],
    attempt: &Attempt<'_>,
) -> Result<Vec<(OperationId, Outcome)>, StoreError> {
    let known = if attempt.again {
        let ids: Vec<OperationId> = operations.iter().map(|operation| operation.id).collect();
        tx.known_operations(&ids).await?
    } else {
        HashMap::new()
    };
    // A message that was pushed twice can bring one operation into a batch twice.
    let mut seen = HashSet::new();
    let wanted = operations.iter().copied().filter(|operation| !attempt.waits(operation));
    let once: Vec<&Operation> = wanted.filter(|operation| seen.insert(operation.id)).collect();
    let fresh: Vec<&Operation> = once.iter().copied().filter(|operation| !known.contains_key(&operation.id)).collect();
    let now = now_ms();
    let mut facts = Facts::default();
    let (mut decisions, mut writes) = settle(tx, &mut facts, &once, &fresh, &known, attempt, now).await?;
    let (changes, links) = (std::mem::take(&mut writes.changes), std::mem::take(&mut writes.links));
    write(tx, writes, &mut decisions, now).await?;
    add_groups(tx, &mut decisions).await?;
    let changed = |operation: &Operation| changes.get(&operation.id).map_or(&[][..], Vec::as_slice);
    // What gave a directory a user who exists is that user's, also when it is delivered again and answered from the log.
    let linked = |operation: &Operation| Some(Operation { resource_id: links.get(&operation.id)?.user, ..operation.clone() });
    let linked: Vec<Option<Operation>> = fresh.iter().map(|operation| linked(operation)).collect();
    let logged = fresh.iter().zip(&linked).map(|(operation, linked)| linked.as_ref().unwrap_or(operation));
    let entries: Vec<LogEntry<'_>> = logged
        .zip(&decisions)
        .map(|(operation, decision)| LogEntry { operation, outcome: &decision.outcome, changed: changed(operation) })
        .collect();
    tx.log_operations(&entries, now).await?;
    let requests: HashSet<Uuid> = once.iter().filter(|operation| operation.acknowledged).map(|operation| operation.request_id).collect();
    tx.finish_async_requests(&requests.into_iter().collect::<Vec<_>>(), now).await?;
    Ok(fresh.iter().map(|operation| operation.id).zip(decisions.into_iter().map(|decision| decision.outcome)).collect())
}

async fn recorded(store: &Store, operation: &Operation) -> Result<Outcome, StoreError> {
    let outcome = muster_store::operations::outcome(store, operation.account, operation.id).await?;
    outcome.ok_or_else(|| StoreError::Raced(format!("the log entry of operation {} has gone", operation.id)))
}

/// Decides every operation that is not known, loading what the decisions ask for until none asks for more.
async fn settle(
    tx: &WriteTransaction,
    facts: &mut Facts,
    operations: &[&Operation],
    fresh: &[&Operation],
    known: &HashMap<OperationId, OutcomeCode>,
    attempt: &Attempt<'_>,
    now: i64,
) -> Result<(Vec<Decision>, Writes), StoreError> {
    facts.ask(tx, foreseen(fresh)).await?;
    let mut bulks = Bulks::default();
    let expected = bulk::expected(fresh);
    let mut asked = 0;
    while asked < MAX_ROUNDS {
        let mut world = World::new(facts, &expected);
        let mut round = bulks.round();
        let mut decisions: Vec<Decision> = Vec::with_capacity(fresh.len());
        for operation in operations {
            let code = match known.get(&operation.id) {
                Some(code) => *code,
                None => {
                    let decision = decide_one(&mut world, &round, operation, attempt, now);
                    let code = decision.outcome.code;
                    decisions.push(decision);
                    code
                }
            };
            round.note(operation, code);
        }
        let ends = round.ends();
        if !world.questions.is_empty() {
            let questions = std::mem::take(&mut world.questions);
            drop(world);
            facts.ask(tx, questions).await?;
            asked += 1;
        } else if !bulks.doom(fresh, &ends) {
            return Ok((decisions, writes(&mut world)));
        }
    }
    Err(StoreError::Other("a batch kept asking for more".into()))
}

fn decide_one(world: &mut World<'_>, round: &Round<'_>, operation: &Operation, attempt: &Attempt<'_>, now: i64) -> Decision {
    let mut decision = if attempt.is_late(operation) {
        Decision::only(Outcome::failed(OutcomeCode::Expired, 503))
    } else if let Some(refused) = round.refuse(operation) {
        refused
    } else if attempt.failed.contains(&operation.id) {
        bulk::failed()
    } else {
        decide(world, operation, now)
    };
    bulk::trim(operation, &mut decision);
    decision
}

/// Completes the answers that show a user with the groups the user is in.
async fn add_groups(tx: &WriteTransaction, decisions: &mut [Decision]) -> Result<(), StoreError> {
    let shown: HashSet<Address> = decisions.iter().filter_map(|decision| decision.shows_user).collect();
    let mut groups: HashMap<Address, Vec<Value>> = HashMap::new();
    for (member, id, display) in tx.groups_of(&shown.into_iter().collect::<Vec<_>>()).await? {
        groups.entry(member).or_default().push(json!({"value": id, "display": display, "type": "direct"}));
    }
    for decision in decisions {
        if let Some(groups) = decision.shows_user.and_then(|user| groups.get(&user))
            && let Some(resource) = &mut decision.outcome.resource
        {
            resource.insert("groups".into(), Value::Array(groups.clone()));
        }
    }
    Ok(())
}
