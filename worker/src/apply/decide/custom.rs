//! Operations on resources of the installation's own types.

use super::{Decision, World, not_found, version_mismatch};
use muster_domain::{Change, Operation, Outcome, OutcomeCode};
use muster_scim::{Resource, ResourceType, ScimError, carry_over, schema::CustomType};
use muster_store::CustomRow;

pub(super) fn decide(world: &mut World<'_>, operation: &Operation, custom: &'static CustomType, now_ms: i64) -> Decision {
    if !custom.is_known() {
        // The gateway has been configured with a type that this worker does not know: nothing can be said of it here.
        return Decision::only(Outcome::failed(OutcomeCode::Failed, 500));
    }
    match &operation.change {
        Change::Create { resource, .. } => create(world, operation, custom, resource, now_ms),
        Change::Replace { resource } => change(world, operation, custom, now_ms, |old| {
            let mut new = resource.clone();
            carry_over(ResourceType::Custom(custom), old, &mut new)?;
            *old = new;
            Ok(())
        }),
        Change::Patch { patch } => {
            change(world, operation, custom, now_ms, |resource| patch.apply(ResourceType::Custom(custom), resource).map(drop))
        }
        Change::Delete => delete(world, operation, custom),
    }
}

fn create(world: &mut World<'_>, operation: &Operation, custom: &'static CustomType, resource: &Resource, now_ms: i64) -> Decision {
    let row = CustomRow {
        account: operation.account,
        custom,
        id: operation.resource_id,
        resource: resource.clone(),
        version: 1,
        created_ms: now_ms,
        modified_ms: now_ms,
    };
    if let Some(refused) = duplicate(world, &row) {
        return refused;
    }
    let shown = row.clone().into_rendered();
    world.custom.put(row, None);
    Decision::only(Outcome::done(OutcomeCode::Applied, 201, Some(1), Some(shown)))
}

fn change(
    world: &mut World<'_>,
    operation: &Operation,
    custom: &'static CustomType,
    now_ms: i64,
    edit: impl FnOnce(&mut Resource) -> Result<(), ScimError>,
) -> Decision {
    let Some(old) = row(world, operation, custom) else { return not_found(operation) };
    if let Some(mismatch) = version_mismatch(operation, old.version) {
        return mismatch;
    }
    let mut new = old.clone();
    if let Err(error) = edit(&mut new.resource) {
        return Decision::refused(OutcomeCode::Refused, error);
    }
    let code = if new.resource == old.resource {
        OutcomeCode::Unchanged
    } else {
        if let Some(refused) = duplicate(world, &new) {
            return refused;
        }
        new.version += 1;
        new.modified_ms = now_ms;
        world.custom.put(new.clone(), Some(&old));
        OutcomeCode::Applied
    };
    Decision::only(Outcome::done(code, 200, Some(new.version), Some(new.into_rendered())))
}

fn delete(world: &mut World<'_>, operation: &Operation, custom: &'static CustomType) -> Decision {
    let Some(old) = row(world, operation, custom) else { return not_found(operation) };
    if let Some(mismatch) = version_mismatch(operation, old.version) {
        return mismatch;
    }
    world.custom.remove(&old);
    Decision::only(Outcome::done(OutcomeCode::Applied, 204, None, None))
}

fn row(world: &mut World<'_>, operation: &Operation, custom: &'static CustomType) -> Option<CustomRow> {
    let address = (operation.account, custom.name, operation.resource_id);
    world.custom.row(address, &mut world.questions.custom).cloned()
}

fn duplicate(world: &mut World<'_>, row: &CustomRow) -> Option<Decision> {
    let (attribute, owner) = world.custom.taken(row, &mut world.questions.custom)?;
    let detail = format!("{attribute}: another {} of this account (id {owner}) has this value, which must be unique", row.custom.name);
    Some(Decision::refused(OutcomeCode::Duplicate, ScimError::uniqueness(detail)))
}
