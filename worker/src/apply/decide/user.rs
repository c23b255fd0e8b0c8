//! Operations on users.

mod namesake;
mod touch;

use super::{Decision, World, address, key, not_found, other, protect, version_mismatch};
use muster_domain::{Change, Operation, Outcome, OutcomeCode, Role};
use muster_scim::{Resource, ResourceType, ScimError, carry_over};
use muster_store::UserRow;
use serde_json::Value;
use uuid::Uuid;

pub(super) fn decide(world: &mut World<'_>, operation: &Operation, now_ms: i64) -> Decision {
    match &operation.change {
        Change::Create { resource, role } => create(world, operation, resource, *role, now_ms),
        Change::Replace { resource } => change(world, operation, now_ms, |row| {
            let active = row.resource.get("active").cloned();
            let mut new = resource.clone();
            carry_over(ResourceType::User, &row.resource, &mut new)?;
            row.resource = new;
            // A replacement that does not speak of `active` leaves it: nobody who left is let in again by an omission.
            if let Some(active) = active {
                row.resource.entry("active").or_insert(active);
            }
            Ok(())
        }),
        Change::Patch { patch } => change(world, operation, now_ms, |row| patch.apply(ResourceType::User, &mut row.resource).map(drop)),
        Change::Delete => delete(world, operation),
    }
}

fn create(world: &mut World<'_>, operation: &Operation, resource: &Resource, role: Role, now_ms: i64) -> Decision {
    let mut row = UserRow {
        account: operation.account,
        id: operation.resource_id,
        role,
        resource: resource.clone(),
        version: 1,
        created_ms: now_ms,
        modified_ms: now_ms,
    };
    row.resource.entry("active").or_insert(Value::Bool(true));
    let login_key = key(operation, row.login_key());
    if let Some(owner) = other(world.login_owner(&login_key), row.id) {
        touch::convert(world, &login_key, owner, now_ms);
        return duplicate(row.user_id(), owner);
    }
    if let Some(decision) = namesake::meet(world, operation, &row, now_ms) {
        return decision;
    }
    let shown = row.clone().into_rendered();
    world.put_user(row, None);
    Decision::only(Outcome::done(OutcomeCode::Applied, 201, Some(1), Some(shown)))
}

fn change(world: &mut World<'_>, operation: &Operation, now_ms: i64, edit: impl FnOnce(&mut UserRow) -> Result<(), ScimError>) -> Decision {
    let address = address(operation);
    let Some(old) = world.user(address).cloned() else { return not_found(operation) };
    if let Some(mismatch) = version_mismatch(operation, old.version) {
        return mismatch;
    }
    let mut new = old.clone();
    if let Err(error) = edit(&mut new) {
        return Decision::refused(OutcomeCode::Refused, error);
    }
    let code = if new.resource == old.resource {
        OutcomeCode::Unchanged
    } else {
        if let Some(refused) = protect::refuse(world, operation, &old, Some(&new)) {
            return refused;
        }
        let (old_key, new_key) = (key(operation, old.login_key()), key(operation, new.login_key()));
        if old_key != new_key
            && let Some(owner) = other(world.login_owner(&new_key), new.id)
        {
            return duplicate(new.user_id(), owner);
        }
        new.version += 1;
        new.modified_ms = now_ms;
        world.put_user(new.clone(), Some(old_key));
        OutcomeCode::Applied
    };
    let version = new.version;
    let outcome = Outcome::done(code, 200, Some(version), Some(new.into_rendered()));
    Decision { outcome, group_version: None, shows_user: Some(address) }
}

fn delete(world: &mut World<'_>, operation: &Operation) -> Decision {
    let address = address(operation);
    let Some(user) = world.user(address).cloned() else { return not_found(operation) };
    if let Some(mismatch) = version_mismatch(operation, user.version) {
        return mismatch;
    }
    if let Some(refused) = protect::refuse(world, operation, &user, None) {
        return refused;
    }
    let login_key = key(operation, user.login_key());
    world.remove_user(address, login_key);
    Decision::only(Outcome::done(OutcomeCode::Applied, 204, None, None))
}

fn duplicate(user_id: &str, owner: Uuid) -> Decision {
    Decision::refused(
        OutcomeCode::Duplicate,
        ScimError::uniqueness(format!(
            "userName: another user of this account (id {owner}) signs in as `{user_id}`; case does not matter. \
             Match that user instead of creating one, or give this one another userName"
        )),
    )
}
