//! A directory creates somebody by address who exists under the mailbox name: sign-in made the user, or an import from the time when
//! mailbox names were user ids.
//!
//! A second user would divide the person in two, so the creation is refused with what to do; or, where the account chose so and there is
//! no doubt (see [`judge_creation`]), the directory gets the user who exists, under the user id it asked for. Two workers cannot both do
//! it: the user's version and the unique user id let one of them decide again. Administrative commands know what they do.

use super::super::{Decision, World, key, other};
use muster_domain::{
    Actor, LoginKey, Operation, Outcome, OutcomeCode,
    conversion::{AliasTerms, is_plain_address},
    detail::changes,
    sso::{Creation, Linking, Namesake, NotLinked, Verdict, judge_creation},
};
use muster_scim::{ResourceType, ScimError, carry_over, primary_email};
use muster_store::{UserRow, batch::NewAlias};

/// How long the mailbox name signs its user in after that, days: as after a conversion.
const ALIAS_DAYS: u32 = 180;

/// What becomes of the creation of `new` when its mailbox name is somebody's; nothing when it is to be created.
pub(super) fn meet(world: &mut World<'_>, operation: &Operation, new: &UserRow, now_ms: i64) -> Option<Decision> {
    let user_name = new.user_id().trim();
    if operation.actor == Actor::Command || !is_plain_address(user_name) {
        return None;
    }
    let (mailbox, _) = user_name.rsplit_once('@')?;
    let mailbox = key(operation, LoginKey::of(mailbox));
    let owner = other(world.login_owner(&mailbox), new.id)?;
    // What is not loaded yet is asked for, and everything decided again.
    let user = world.user((operation.account, owner)).cloned();
    let settings = world.sso_settings(operation.account);
    let (user, settings) = (user?, settings?);
    if user.login_key() == new.login_key() {
        // It got this user id between the statement that looked for its owner and the one that loaded it.
        return Some(super::duplicate(new.user_id(), owner));
    }
    let email = primary_email(&user.resource);
    let is_directory = matches!(operation.actor, Actor::Key { .. });
    let shares_address = settings.linking == Linking::LinkVerified
        && email.is_some_and(|email| world.is_address_of_others(&key(operation, LoginKey::of(email)), user.id));
    let creation = Creation {
        user_name,
        email: primary_email(&new.resource),
        may_link: is_directory && operation.bulk.is_none() && !operation.acknowledged,
    };
    let namesake =
        Namesake { email, by_user_id: user.login_key().as_str() == mailbox.1, active: user.active(), role: user.role, shares_address };
    match judge_creation(&creation, &namesake, settings) {
        Verdict::Create => None,
        Verdict::Refuse(reason) => Some(refused(&user, user_name, reason)),
        Verdict::Link => Some(link(world, operation, &user, new, now_ms)),
    }
}

fn refused(user: &UserRow, user_name: &str, reason: NotLinked) -> Decision {
    let detail = format!(
        "userName: `{user_name}` is a user of this account already, known as `{}` (id {}); {reason}, so nothing was created. Run Convert All \
         User IDs To Use Email (muster convert plan), then send this again: the user is then found under `{user_name}`",
        user.user_id(),
        user.id
    );
    Decision::refused(OutcomeCode::MailboxUser, ScimError::uniqueness(detail))
}

/// The user becomes what the directory says, as by a replacement, and keeps its id, its groups and its role.
fn link(world: &mut World<'_>, operation: &Operation, old: &UserRow, new: &UserRow, now_ms: i64) -> Decision {
    let mut resource = new.resource.clone();
    if let Err(error) = carry_over(ResourceType::User, &old.resource, &mut resource) {
        return Decision::refused(OutcomeCode::Refused, error);
    }
    let linked = UserRow { resource, version: old.version + 1, modified_ms: now_ms, ..old.clone() };
    world.changes.insert(operation.id, changes(&old.resource, &linked.resource));
    let alias = NewAlias {
        account: old.account,
        user: old.id,
        old_id: old.user_id().to_owned(),
        operation: operation.id,
        terms: AliasTerms::new(now_ms, ALIAS_DAYS),
    };
    let (version, shown) = (linked.version, linked.clone().into_rendered());
    world.link_user(operation.id, linked, alias, key(operation, old.login_key()));
    // It is new to the directory, which waits for the id of what it created.
    let outcome = Outcome::done(OutcomeCode::Applied, 201, Some(version), Some(shown));
    Decision { outcome, group_version: None, shows_user: Some((operation.account, old.id)) }
}
