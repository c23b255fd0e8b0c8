//! The named causes of failures.

use crate::{Change, LoginKey, Operation, Outcome, OutcomeCode};
use muster_scim::{Resource, ResourceType, ScimError, primary_email};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why something failed, as precisely as can be told without a person looking. Stored with a failure; [`Cause::advice`] says what to
/// do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Another user of the account has this user id.
    DuplicateUser,
    /// Two people of different addresses share a mailbox name, and mailbox names are the user ids: the conversion would tell them apart.
    MailboxConflict,
    /// The person a directory creates exists under the mailbox name of the address.
    MailboxUser,
    /// Another group of the account has this name.
    DuplicateGroup,
    /// A user without an address where one is needed.
    MissingEmail,
    /// A member that is neither a user nor a group of the account.
    UnknownMember,
    /// The user or group was changed here but does not exist.
    UnknownResource,
    /// A change to an administrator the account cannot do without.
    ProtectedUser,
    /// The request contradicts the schema or the protocol.
    BadRequest,
    /// The request is larger than the limits.
    TooLarge,
    /// A valid key that was replaced is still in use.
    VoidedKey,
    /// The key is right, its SCIM administrator is disabled, demoted or gone.
    DisabledAdministrator,
    /// A key nobody ever had, or a key of this service that was mistyped.
    WrongKey,
    /// A right key that came to another account's host.
    WrongHost,
    /// Somebody tries many wrong keys.
    KeyGuessing,
    /// `If-Match` named another version.
    VersionMismatch,
    /// No worker had time for it before its deadline.
    Expired,
    /// Queue or database did not take it; the client was told to try again.
    Unavailable,
    /// The database refused to apply it.
    DatabaseFailure,
    /// It stopped its worker three times.
    SetAside,
    /// The gateway failed on it.
    InternalError,
    /// A conversion was stopped by one of its guards.
    ConversionStopped,
    /// A user could not be converted.
    ConversionItem,
    /// Somebody signed in with an identity that does not mean one user without a doubt.
    AmbiguousSignIn,
}

/// How soon somebody should hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Listed, never mailed: the client mends it by itself.
    Quiet,
    /// Mailed after a moment of collecting.
    Usual,
    /// Mailed at once, at any hour.
    Immediate,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 24] = [
        Self::DuplicateUser,
        Self::MailboxConflict,
        Self::MailboxUser,
        Self::DuplicateGroup,
        Self::MissingEmail,
        Self::UnknownMember,
        Self::UnknownResource,
        Self::ProtectedUser,
        Self::BadRequest,
        Self::TooLarge,
        Self::VoidedKey,
        Self::DisabledAdministrator,
        Self::WrongKey,
        Self::WrongHost,
        Self::KeyGuessing,
        Self::VersionMismatch,
        Self::Expired,
        Self::Unavailable,
        Self::DatabaseFailure,
        Self::SetAside,
        Self::InternalError,
        Self::ConversionStopped,
        Self::ConversionItem,
        Self::AmbiguousSignIn,
    ];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DuplicateUser => "duplicate_user",
            Self::MailboxConflict => "mailbox_conflict",
            Self::MailboxUser => "mailbox_user",
            Self::DuplicateGroup => "duplicate_group",
            Self::MissingEmail => "missing_email",
            Self::UnknownMember => "unknown_member",
            Self::UnknownResource => "unknown_resource",
            Self::ProtectedUser => "protected_user",
            Self::BadRequest => "bad_request",
            Self::TooLarge => "too_large",
            Self::VoidedKey => "voided_key",
            Self::DisabledAdministrator => "disabled_administrator",
            Self::WrongKey => "wrong_key",
            Self::WrongHost => "wrong_host",
            Self::KeyGuessing => "key_guessing",
            Self::VersionMismatch => "version_mismatch",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
            Self::DatabaseFailure => "database_failure",
            Self::SetAside => "set_aside",
            Self::InternalError => "internal_error",
            Self::ConversionStopped => "conversion_stopped",
            Self::ConversionItem => "conversion_item",
            Self::AmbiguousSignIn => "ambiguous_sign_in",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }

    /// How soon somebody should hear of it.
    #[must_use]
    pub const fn urgency(self) -> Urgency {
        match self {
            Self::VersionMismatch => Urgency::Quiet,
            Self::VoidedKey | Self::DisabledAdministrator | Self::KeyGuessing | Self::ProtectedUser | Self::ConversionStopped => {
                Urgency::Immediate
            }
            _ => Urgency::Usual,
        }
    }

    /// Why an operation was not carried out; none when it was, and when nothing is wrong: deleting what is not there leaves what was
    /// asked for.
    #[must_use]
    pub fn of(operation: &Operation, outcome: &Outcome) -> Option<Self> {
        Some(match outcome.code {
            OutcomeCode::Applied | OutcomeCode::Unchanged => return None,
            // The failure that ended its bulk request is the one to tell about.
            OutcomeCode::Skipped => return None,
            OutcomeCode::Protected => Self::ProtectedUser,
            OutcomeCode::NotFound if operation.change == Change::Delete => return None,
            OutcomeCode::NotFound => Self::UnknownResource,
            OutcomeCode::Duplicate if operation.resource_type == ResourceType::Group => Self::DuplicateGroup,
            OutcomeCode::Duplicate if is_mailbox_conflict(&operation.change) => Self::MailboxConflict,
            OutcomeCode::Duplicate => Self::DuplicateUser,
            OutcomeCode::MailboxUser => Self::MailboxUser,
            OutcomeCode::VersionMismatch => Self::VersionMismatch,
            OutcomeCode::Expired => Self::Expired,
            OutcomeCode::Failed => Self::DatabaseFailure,
            OutcomeCode::SetAside => Self::SetAside,
            _ => outcome.error.as_ref().map_or(Self::BadRequest, |error| Self::of_refusal(error, operation.resource_type)),
        })
    }

    /// Why a request was refused, from the error its client got.
    #[must_use]
    pub fn of_refusal(error: &ScimError, resource_type: ResourceType) -> Self {
        match (error.status, super::attribute_of(error, resource_type).as_deref()) {
            (403, _) => Self::ProtectedUser,
            (404, _) => Self::UnknownResource,
            (412, _) => Self::VersionMismatch,
            (413 | 414 | 431, _) => Self::TooLarge,
            (503, _) => Self::Unavailable,
            (500.., _) => Self::InternalError,
            (_, Some("members")) => Self::UnknownMember,
            (_, Some("emails")) => Self::MissingEmail,
            _ => Self::BadRequest,
        }
    }
}

/// The user id that is taken is the mailbox name of the address that came with it: `jdoe` of `jdoe@acme.com`.
fn is_mailbox_conflict(change: &Change) -> bool {
    let (Change::Create { resource, .. } | Change::Replace { resource }) = change else { return false };
    let Some(user_id) = user_id(resource) else { return false };
    let mailbox = primary_email(resource).and_then(|email| email.rsplit_once('@')).map(|(mailbox, _)| mailbox);
    !user_id.contains('@') && mailbox.is_some_and(|mailbox| LoginKey::of(mailbox) == LoginKey::of(user_id))
}

fn user_id(resource: &Resource) -> Option<&str> {
    resource.get("userName").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Actor, OperationId, Role};
    use serde_json::json;
    use uuid::Uuid;

    fn operation(resource_type: ResourceType, change: Change) -> Operation {
        Operation {
            id: OperationId::new(),
            account: AccountId::new(),
            actor: Actor::Command,
            resource_type,
            resource_id: Uuid::now_v7(),
            change,
            if_match: None,
            accepted_ms: 0,
            deadline_ms: 0,
            request_id: Uuid::nil(),
            bulk: None,
            acknowledged: false,
            trace: None,
        }
    }

    fn create(body: Value) -> Change {
        let Value::Object(resource) = body else { panic!("an object") };
        Change::Create { resource, role: Role::User }
    }

    #[test]
    fn a_taken_mailbox_name_is_told_from_a_taken_user_id() {
        let taken = Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName: taken"));
        for (body, cause) in [
            (json!({"userName": "jdoe", "emails": [{"value": "JDoe@acme.com"}]}), Cause::MailboxConflict),
            (json!({"userName": "jdoe@acme.com", "emails": [{"value": "jdoe@acme.com"}]}), Cause::DuplicateUser),
            (json!({"userName": "jdoe", "emails": [{"value": "jane@acme.com"}]}), Cause::DuplicateUser),
            (json!({"userName": "jdoe"}), Cause::DuplicateUser),
        ] {
            assert_eq!(Cause::of(&operation(ResourceType::User, create(body.clone())), &taken), Some(cause), "{body}");
        }
        assert_eq!(Cause::of(&operation(ResourceType::Group, Change::Delete), &taken), Some(Cause::DuplicateGroup));
    }

    #[test]
    fn what_left_things_as_they_were_asked_for_is_no_failure() {
        let gone = Outcome::refused(OutcomeCode::NotFound, ScimError::not_found("there is no user"));
        assert_eq!(Cause::of(&operation(ResourceType::User, Change::Delete), &gone), None);
        assert_eq!(Cause::of(&operation(ResourceType::User, create(json!({}))), &gone), Some(Cause::UnknownResource));
        let done = Outcome::done(OutcomeCode::Unchanged, 200, Some(1), None);
        assert_eq!(Cause::of(&operation(ResourceType::User, Change::Delete), &done), None);
    }

    #[test]
    fn stored_words_are_different_and_read_back() {
        assert!(Cause::ALL.into_iter().all(|cause| Cause::from_word(cause.as_str()) == Some(cause)));
    }
}
