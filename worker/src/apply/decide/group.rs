//! Operations on groups.
//!
//! A group is loaded without its members. Adding and removing single members asks only about those; the membership as a whole is
//! loaded for the operations that replace it or select from it, and only then must the group not have changed meanwhile.

use super::{Decision, World, address, key, not_found, other, version_mismatch};
use crate::apply::world::GroupState;
use muster_domain::{Change, Operation, Outcome, OutcomeCode};
use muster_scim::{MemberChange, Resource, ResourceType, ScimError, carry_over, patch::PatchRequest};
use muster_store::{
    GroupRow,
    batch::{Address, Membership},
};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// The most members an answer repeats; a client that wants more reads the group.
const SHOWN_MEMBERS: usize = 1_000;

pub(super) fn decide(world: &mut World<'_>, operation: &Operation, now_ms: i64) -> Decision {
    match &operation.change {
        Change::Create { resource, .. } => create(world, operation, resource, now_ms),
        Change::Replace { resource } => replace(world, operation, resource, now_ms),
        Change::Patch { patch } => apply_patch(world, operation, patch, now_ms),
        Change::Delete => delete(world, operation),
    }
}

fn create(world: &mut World<'_>, operation: &Operation, resource: &Resource, now_ms: i64) -> Decision {
    let (resource, members) = split(resource);
    let row =
        GroupRow { account: operation.account, id: operation.resource_id, resource, version: 1, created_ms: now_ms, modified_ms: now_ms };
    let display_key = key(operation, row.display_key());
    if let Some(owner) = other(world.display_owner(&display_key), row.id) {
        return duplicate(row.display_name(), owner);
    }
    let address = address(operation);
    world.put_group(GroupState { row: row.clone(), changes: 0, checked: true }, None);
    let members = known(world, address, &members);
    for member in &members {
        world.memberships.insert(membership(address, *member), true);
    }
    Decision::only(Outcome::done(OutcomeCode::Applied, 201, Some(1), Some(shown(row, &members))))
}

fn replace(world: &mut World<'_>, operation: &Operation, resource: &Resource, now_ms: i64) -> Decision {
    let address = address(operation);
    let Some(mut state) = world.group(address) else { return not_found(operation) };
    let version = state.row.version + state.changes;
    if let Some(mismatch) = version_mismatch(operation, version) {
        return mismatch;
    }
    let (mut resource, members) = split(resource);
    if let Err(error) = carry_over(ResourceType::Group, &state.row.resource, &mut resource) {
        return Decision::refused(OutcomeCode::Refused, error);
    }
    let old_key = key(operation, state.row.display_key());
    let attributes_changed = resource != state.row.resource;
    state.row.resource = resource;
    if let Some(refused) = rename_refused(world, operation, &state, &old_key) {
        return refused;
    }
    let wanted = known(world, address, &members);
    let members_changed = set_members(world, address, &wanted);
    state.checked = true;
    let changed = attributes_changed || members_changed;
    let version = version + i64::from(changed);
    let shown_row = GroupRow { version, modified_ms: if changed { now_ms } else { state.row.modified_ms }, ..state.row.clone() };
    let code = finish(world, state, old_key, changed, now_ms);
    Decision::only(Outcome::done(code, 200, Some(version), Some(shown(shown_row, &wanted))))
}

fn apply_patch(world: &mut World<'_>, operation: &Operation, patch: &PatchRequest, now_ms: i64) -> Decision {
    let address = address(operation);
    let Some(mut state) = world.group(address) else { return not_found(operation) };
    if operation.if_match.is_some() {
        state.checked = true;
    }
    if let Some(mismatch) = version_mismatch(operation, state.row.version + state.changes) {
        return mismatch;
    }
    let old_key = key(operation, state.row.display_key());
    let effect = match patch.apply(ResourceType::Group, &mut state.row.resource) {
        Ok(effect) => effect,
        Err(error) => return Decision::refused(OutcomeCode::Refused, error),
    };
    if effect.changed {
        state.checked = true;
        if let Some(refused) = rename_refused(world, operation, &state, &old_key) {
            return refused;
        }
    }
    let mut changed = effect.changed;
    for change in &effect.members {
        changed |= match change {
            MemberChange::Add(ids) => {
                let ids = known(world, address, ids);
                put(world, address, ids, true)
            }
            MemberChange::Remove(ids) => {
                let ids = ids.iter().filter_map(|id| parse(id)).collect();
                put(world, address, ids, false)
            }
            MemberChange::RemoveMatching(filter) => {
                state.checked = true;
                let all = world.all_members(address);
                let selected = all.into_iter().filter(|id| filter.matches_member(&element(*id))).collect();
                put(world, address, selected, false)
            }
            MemberChange::Set(ids) => {
                state.checked = true;
                let wanted = known(world, address, ids);
                set_members(world, address, &wanted)
            }
        };
    }
    let nth = state.changes + i64::from(changed);
    let version = state.row.version + nth;
    let code = finish(world, state, old_key, changed, now_ms);
    let outcome = Outcome::done(code, 204, Some(version), None);
    Decision { outcome, group_version: Some((address, nth)), shows_user: None }
}

fn delete(world: &mut World<'_>, operation: &Operation) -> Decision {
    let address = address(operation);
    let Some(state) = world.group(address) else { return not_found(operation) };
    if let Some(mismatch) = version_mismatch(operation, state.row.version + state.changes) {
        return mismatch;
    }
    let display_key = key(operation, state.row.display_key());
    world.remove_group(address, display_key);
    Decision::only(Outcome::done(OutcomeCode::Applied, 204, None, None))
}

/// Puts the group back into the world, counting a change if there was one.
fn finish(
    world: &mut World<'_>,
    mut state: GroupState,
    old_key: (muster_domain::AccountId, String),
    changed: bool,
    now_ms: i64,
) -> OutcomeCode {
    if !changed {
        return OutcomeCode::Unchanged;
    }
    state.changes += 1;
    state.row.modified_ms = now_ms;
    world.put_group(state, Some(old_key));
    OutcomeCode::Applied
}

fn rename_refused(
    world: &mut World<'_>,
    operation: &Operation,
    state: &GroupState,
    old_key: &(muster_domain::AccountId, String),
) -> Option<Decision> {
    let new_key = key(operation, state.row.display_key());
    if new_key == *old_key {
        return None;
    }
    other(world.display_owner(&new_key), state.row.id).map(|owner| duplicate(state.row.display_name(), owner))
}

/// Those of the named ids that are users or groups of the account. Others are left out, not refused: directories push members
/// before, and after, they push the users themselves.
fn known(world: &mut World<'_>, group: Address, ids: &[String]) -> Vec<Uuid> {
    let mut seen = HashSet::new();
    ids.iter().filter_map(|id| parse(id)).filter(|id| seen.insert(*id) && *id != group.1 && world.exists(group.0, *id)).collect()
}

fn parse(id: &str) -> Option<Uuid> {
    Uuid::try_parse(id).ok()
}

fn put(world: &mut World<'_>, group: Address, ids: Vec<Uuid>, member: bool) -> bool {
    let mut changed = false;
    for id in ids {
        let membership = membership(group, id);
        if world.is_member(membership) != member {
            world.memberships.insert(membership, member);
            changed = true;
        }
    }
    changed
}

fn set_members(world: &mut World<'_>, group: Address, wanted: &[Uuid]) -> bool {
    let before = world.all_members(group);
    let after: HashSet<Uuid> = wanted.iter().copied().collect();
    for (id, member) in before.difference(&after).map(|id| (*id, false)).chain(after.difference(&before).map(|id| (*id, true))) {
        world.memberships.insert(membership(group, id), member);
    }
    before != after
}

const fn membership(group: Address, member: Uuid) -> Membership {
    Membership { account: group.0, group: group.1, member }
}

fn element(id: Uuid) -> Resource {
    Resource::from_iter([("value".to_owned(), Value::String(id.to_string()))])
}

/// The group's own attributes, and the ids named as members.
fn split(resource: &Resource) -> (Resource, Vec<String>) {
    let mut own = resource.clone();
    let members = own.remove("members");
    let ids = members.as_ref().and_then(Value::as_array).into_iter().flatten();
    let ids = ids.filter_map(|member| member.get("value")?.as_str().map(str::to_owned)).collect();
    (own, ids)
}

fn shown(row: GroupRow, members: &[Uuid]) -> Resource {
    let mut resource = row.into_rendered();
    if !members.is_empty() && members.len() <= SHOWN_MEMBERS {
        resource.insert("members".into(), members.iter().map(|id| json!({"value": id})).collect());
    }
    resource
}

fn duplicate(display_name: &str, owner: Uuid) -> Decision {
    Decision::refused(
        OutcomeCode::Duplicate,
        ScimError::uniqueness(format!(
            "displayName: another group of this account (id {owner}) is called `{display_name}`; case does not matter. \
             Match that group instead of creating one, or give this one another displayName"
        )),
    )
}
