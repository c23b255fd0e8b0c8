//! What an operation does, and what its client is told. Pure: no waiting, no database.

use super::world::World;
use muster_domain::{Change, LoginKey, Operation, Outcome, OutcomeCode, detail::changes};
use muster_scim::{Resource, ResourceType, ScimError};
use muster_store::batch::Address;

mod custom;
mod group;
mod protect;
mod user;

/// An outcome, and what can only be filled in once the batch is written.
#[derive(Debug)]
pub(super) struct Decision {
    pub outcome: Outcome,
    /// The outcome's version is the one the database returns for this group, less the changes that came after it: `(group, which
    /// change of it this was, counted from 1)`.
    pub group_version: Option<(Address, i64)>,
    /// The answer shows this user, whose groups are to be added.
    pub shows_user: Option<Address>,
}

impl Decision {
    pub(super) fn only(outcome: Outcome) -> Self {
        Self { outcome, group_version: None, shows_user: None }
    }

    pub(super) fn refused(code: OutcomeCode, error: ScimError) -> Self {
        Self::only(Outcome::refused(code, error))
    }
}

/// Applies one operation to the world.
pub(super) fn decide(world: &mut World<'_>, operation: &Operation, now_ms: i64) -> Decision {
    let before = attributes_before(world, operation);
    let decision = match operation.resource_type {
        ResourceType::User => user::decide(world, operation, now_ms),
        ResourceType::Group => group::decide(world, operation, now_ms),
        ResourceType::Custom(custom) => custom::decide(world, operation, custom, now_ms),
    };
    if let Some(before) = before.filter(|_| decision.outcome.code == OutcomeCode::Applied)
        && let Some(after) = world.attributes(operation.resource_type, address(operation))
    {
        let changed = changes(&before, after);
        world.changes.insert(operation.id, changed);
    }
    decision
}

/// The resource as the operation finds it, when it may come to differ: what a creation sets is in its request.
fn attributes_before(world: &World<'_>, operation: &Operation) -> Option<Resource> {
    match operation.change {
        Change::Replace { .. } | Change::Patch { .. } => world.attributes(operation.resource_type, address(operation)).cloned(),
        Change::Create { .. } | Change::Delete => None,
    }
}

fn address(operation: &Operation) -> Address {
    (operation.account, operation.resource_id)
}

fn not_found(operation: &Operation) -> Decision {
    let kind = operation.resource_type.name().to_lowercase();
    Decision::refused(OutcomeCode::NotFound, ScimError::not_found(format!("there is no {kind} with the id {}", operation.resource_id)))
}

/// `If-Match` (RFC 7644 §3.14).
fn version_mismatch(operation: &Operation, version: i64) -> Option<Decision> {
    let expected = operation.if_match.as_ref()?;
    if expected.contains(&version) {
        return None;
    }
    let detail = format!("the resource is at version W/\"{version}\", which If-Match does not name: read it again and decide anew");
    Some(Decision::refused(OutcomeCode::VersionMismatch, ScimError::precondition_failed(detail)))
}

/// The owner of a comparison key, unless it is the resource itself.
fn other(owner: Option<uuid::Uuid>, own: uuid::Uuid) -> Option<uuid::Uuid> {
    owner.filter(|owner| *owner != own)
}

fn key(operation: &Operation, key: LoginKey) -> (muster_domain::AccountId, String) {
    (operation.account, key.into_string())
}
