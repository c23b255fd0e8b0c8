//! One batch, one transaction: load, decide in memory, write set-based, log, commit.
//!
//! Nothing but SQL happens between BEGIN and COMMIT, and how much SQL does not depend on how many operations there are.

use super::{
    custom,
    decide::{Decision, decide},
    facts::{Facts, Questions},
    world::World,
};
use muster_domain::{Change, LoginKey, Operation, OperationId, Outcome, OutcomeCode};
use muster_scim::{
    MemberChange, ResourceType,
    patch::{PatchOperation, PatchRequest},
};
use muster_store::{
    GroupRow, Store, StoreError, UserRow, WriteTransaction,
    batch::{Address, GroupUpdate, LogEntry, Membership},
    now_ms,
};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// How often a batch may find that it has to ask more before it can decide. Two or three is usual; more than this is a fault.
const MAX_ROUNDS: usize = 64;

/// Applies the operations. `expired` says which of them have come too late; they are logged as that and do nothing.
///
/// Nearly every operation is delivered once, so the log is asked for those that were applied before only `again`, when an attempt
/// has failed: one that has an outcome already cannot be logged a second time, which undoes the first attempt as a race.
///
/// # Errors
/// When nothing of it happened, or when the COMMIT was not confirmed.
pub(super) async fn apply(
    store: &Store,
    operations: &[&Operation],
    again: bool,
    expired: impl Fn(&Operation) -> bool,
) -> Result<Vec<Outcome>, StoreError> {
    let tx = store.begin().await?;
    let mut seen = if again {
        let ids: Vec<OperationId> = operations.iter().map(|operation| operation.id).collect();
        tx.known_operations(&ids).await?
    } else {
        HashSet::new()
    };
    // A message that was pushed twice can bring one operation into a batch twice.
    let fresh: Vec<&Operation> = operations.iter().copied().filter(|operation| seen.insert(operation.id)).collect();
    let now = now_ms();
    let mut facts = Facts::default();
    let (mut decisions, writes) = settle(&tx, &mut facts, &fresh, &expired, now).await?;
    write(&tx, writes, &mut decisions, now).await?;
    add_groups(&tx, &mut decisions).await?;
    let entries: Vec<LogEntry<'_>> =
        fresh.iter().zip(&decisions).map(|(operation, decision)| LogEntry { operation, outcome: &decision.outcome }).collect();
    tx.log_operations(&entries, now).await?;
    tx.commit().await?;
    let decided = fresh.iter().map(|operation| operation.id).zip(decisions.into_iter().map(|decision| decision.outcome));
    let mut decided: HashMap<OperationId, Outcome> = decided.collect();
    let mut outcomes = Vec::with_capacity(operations.len());
    for operation in operations {
        outcomes.push(match decided.remove(&operation.id) {
            Some(outcome) => outcome,
            // Delivered before, or twice in this batch: what was recorded then is the answer now.
            None => recorded(store, operation).await?,
        });
    }
    Ok(outcomes)
}

async fn recorded(store: &Store, operation: &Operation) -> Result<Outcome, StoreError> {
    let outcome = muster_store::operations::outcome(store, operation.account, operation.id).await?;
    outcome.ok_or_else(|| StoreError::Raced(format!("the log entry of operation {} has gone", operation.id)))
}

/// What the batch leaves to be written.
#[derive(Default)]
struct Writes {
    new_users: Vec<UserRow>,
    changed_users: Vec<(i64, UserRow)>,
    gone_users: Vec<Address>,
    new_groups: Vec<GroupRow>,
    /// `(group, old version to be checked or none, how many changes)`
    changed_groups: Vec<(GroupRow, Option<i64>, i64)>,
    gone_groups: Vec<Address>,
    user_joins: Vec<Membership>,
    group_joins: Vec<Membership>,
    leaves: Vec<Membership>,
    custom: custom::Writes,
}

/// Decides every operation, loading what the decisions ask for until none asks for more.
async fn settle(
    tx: &WriteTransaction,
    facts: &mut Facts,
    operations: &[&Operation],
    expired: &impl Fn(&Operation) -> bool,
    now: i64,
) -> Result<(Vec<Decision>, Writes), StoreError> {
    let late: HashSet<OperationId> = operations.iter().filter(|operation| expired(operation)).map(|operation| operation.id).collect();
    facts.ask(tx, foreseen(operations)).await?;
    for _ in 0..MAX_ROUNDS {
        let mut world = World::new(facts);
        let decisions: Vec<Decision> = operations
            .iter()
            .map(|operation| {
                if late.contains(&operation.id) {
                    let outcome = Outcome::failed(OutcomeCode::Expired, 503);
                    return Decision { outcome, group_version: None, shows_user: None };
                }
                decide(&mut world, operation, now)
            })
            .collect();
        if world.questions.is_empty() {
            let writes = writes(&world);
            return Ok((decisions, writes));
        }
        let questions = std::mem::take(&mut world.questions);
        drop(world);
        facts.ask(tx, questions).await?;
    }
    Err(StoreError::Other("a batch kept asking for more".into()))
}

/// What is certain to be asked, so that the usual batch is decided in one round.
fn foreseen(operations: &[&Operation]) -> Questions {
    let mut questions = Questions::default();
    for operation in operations {
        let address = (operation.account, operation.resource_id);
        let text = |resource: &muster_scim::Resource, name: &str| {
            resource.get(name).and_then(Value::as_str).map(LoginKey::of).map(LoginKey::into_string)
        };
        match (operation.resource_type, &operation.change) {
            (ResourceType::User, Change::Create { resource, .. }) => {
                questions.login_keys.extend(text(resource, "userName").map(|key| (operation.account, key)));
            }
            (ResourceType::Group, Change::Create { resource, .. }) => {
                questions.display_keys.extend(text(resource, "displayName").map(|key| (operation.account, key)));
            }
            (ResourceType::Custom(custom), Change::Create { resource, .. }) => {
                questions.custom.keys.extend(custom::foreseen(operation.account, custom, resource));
            }
            (ResourceType::Custom(custom), _) => {
                questions.custom.rows.insert((operation.account, custom.name, operation.resource_id));
            }
            (ResourceType::User, _) => {
                questions.users.insert(address);
            }
            (ResourceType::Group, change) => {
                questions.groups.insert(address);
                if let Change::Patch { patch } = change {
                    foresee_members(&mut questions, address, patch);
                }
            }
        }
    }
    questions
}

/// A directory adds and removes members one by one: whether they exist, and whether they are in the group.
fn foresee_members(questions: &mut Questions, group: Address, patch: &PatchRequest) {
    for operation in &patch.operations {
        let (ids, adds) = match operation {
            PatchOperation::Members(MemberChange::Add(ids)) => (ids, true),
            PatchOperation::Members(MemberChange::Remove(ids)) => (ids, false),
            _ => continue,
        };
        for id in ids.iter().filter_map(|id| Uuid::try_parse(id).ok()) {
            questions.memberships.insert(Membership { account: group.0, group: group.1, member: id });
            if adds {
                questions.kinds.insert((group.0, id));
            }
        }
    }
}

fn writes(world: &World<'_>) -> Writes {
    let mut writes = Writes { custom: world.custom.writes(), ..Writes::default() };
    for (address, user) in &world.users {
        match (world.loaded_user(address), user) {
            (None, Some(row)) => writes.new_users.push(row.clone()),
            (Some(old), Some(row)) => writes.changed_users.push((old.version, row.clone())),
            (Some(_), None) => writes.gone_users.push(*address),
            (None, None) => {}
        }
    }
    for (address, group) in &world.groups {
        match (world.loaded_group(address), group) {
            (None, Some(state)) => writes.new_groups.push(GroupRow { version: state.row.version + state.changes, ..state.row.clone() }),
            (Some(old), Some(state)) => {
                writes.changed_groups.push((state.row.clone(), state.checked.then_some(old.version), state.changes))
            }
            (Some(_), None) => writes.gone_groups.push(*address),
            (None, None) => {}
        }
    }
    for (membership, member) in &world.memberships {
        let members = match (*member, world.known_kind((membership.account, membership.member))) {
            (false, _) => &mut writes.leaves,
            (true, Some(ResourceType::Group)) => &mut writes.group_joins,
            (true, _) => &mut writes.user_joins,
        };
        members.push(*membership);
    }
    writes
}

/// Writes in the order that keeps two batches from deadlocking (see [`muster_store::batch`]).
async fn write(tx: &WriteTransaction, writes: Writes, decisions: &mut [Decision], now: i64) -> Result<(), StoreError> {
    let gone: Vec<Address> = writes.gone_users.iter().chain(&writes.gone_groups).copied().collect();
    let left: Vec<Address> = tx.groups_of(&gone).await?.into_iter().map(|(member, group, _)| (member.0, group)).collect();
    tx.touch_groups(&left, now).await?;

    let mut updates: Vec<GroupUpdate<'_>> = writes
        .changed_groups
        .iter()
        .map(|(row, old_version, changes)| GroupUpdate { row, old_version: *old_version, changes: *changes })
        .collect();
    let versions = tx.update_groups(&mut updates).await?;
    let changes: HashMap<Address, i64> = writes.changed_groups.iter().map(|(row, _, changes)| ((row.account, row.id), *changes)).collect();
    for decision in decisions.iter_mut() {
        if let Some((group, nth)) = decision.group_version
            && let (Some(version), Some(changes)) = (versions.get(&group), changes.get(&group))
        {
            decision.outcome.version = Some(version - changes + nth);
        }
    }
    tx.delete_groups(&writes.gone_groups).await?;
    tx.empty_groups(&writes.gone_groups).await?;

    tx.delete_users(&writes.gone_users).await?;
    tx.leave_groups(&gone).await?;
    let mut changed: Vec<(i64, &UserRow)> = writes.changed_users.iter().map(|(version, row)| (*version, row)).collect();
    tx.update_users(&mut changed).await?;
    tx.insert_users(&mut writes.new_users.iter().collect::<Vec<_>>()).await?;
    tx.insert_groups(&mut writes.new_groups.iter().collect::<Vec<_>>()).await?;

    tx.delete_members(&writes.leaves).await?;
    tx.insert_members(ResourceType::User, &writes.user_joins).await?;
    tx.insert_members(ResourceType::Group, &writes.group_joins).await?;
    writes.custom.write(tx).await
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
