//! Administrators an account cannot do without (RFC 7644 §7.1 leaves such rules to the service).
//!
//! A directory that could disable the SCIM administrator would end its own connection, and one that could disable the last
//! administrator would lock everybody out; one that could rename them, or give them another address, could become them. So what
//! comes with a secret key changes nothing of the kind. An administrative command may: whoever runs it is at the machine.
//!
//! Decided on rows, after the change was worked out in memory: however a request is spelled, what counts is what it would do.

use super::{Decision, World};
use muster_domain::{Actor, Operation, OutcomeCode, Role};
use muster_scim::{ScimError, primary_email};
use muster_store::UserRow;
use serde_json::Value;
use std::collections::BTreeSet;

/// Refuses to make `new` (nobody, when it is a deletion) of a protected user. A change to an administrator that is let through is
/// counted, so that two of them cannot pass each other unseen.
pub(super) fn refuse(world: &mut World<'_>, operation: &Operation, old: &UserRow, new: Option<&UserRow>) -> Option<Decision> {
    // Nobody else can be what is protected; so the usual batch asks nothing more.
    if !old.role.may_be_scim_administrator() {
        return None;
    }
    let what = harm(old, new)?;
    // Not loaded yet: the question is noted, and everything is decided again.
    let scim = world.administrators(old.account)?.scim;
    if matches!(operation.actor, Actor::Key { .. }) {
        if scim == Some(old.id) {
            return Some(refused(format!(
                "this user is the SCIM administrator of the account's secret key and cannot be {what} through SCIM: choose another \
                 SCIM administrator in Setup SCIM first, then send this again"
            )));
        }
        if old.role == Role::Administrator && old.active() && !world.has_other_administrator((old.account, old.id)) {
            return Some(refused(format!(
                "this user is the last active administrator of the account and cannot be {what} through SCIM: make another user \
                 administrator first, then send this again"
            )));
        }
    }
    world.count_administrator_change(old.account);
    None
}

fn refused(detail: String) -> Decision {
    Decision::refused(OutcomeCode::Protected, ScimError::forbidden(detail))
}

/// What the change does to the user that nobody may do to a protected one, as the error says it.
fn harm(old: &UserRow, new: Option<&UserRow>) -> Option<&'static str> {
    let Some(new) = new else { return Some("deleted") };
    if old.active() && !new.active() {
        Some("disabled")
    } else if old.user_id() != new.user_id() {
        Some("renamed (userName)")
    } else if addresses(old) != addresses(new) || primary_email(&old.resource) != primary_email(&new.resource) {
        Some("given other e-mail addresses (emails)")
    } else {
        None
    }
}

fn addresses(user: &UserRow) -> BTreeSet<&str> {
    let emails = user.resource.get("emails").and_then(Value::as_array);
    emails.into_iter().flatten().filter_map(|email| email.get("value")?.as_str()).collect()
}
