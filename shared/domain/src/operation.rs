//! An operation and what became of it.

use crate::{AccountId, BulkPart, KeyId, OperationId, Role, TraceParent, UserId, trace_parent};
use muster_scim::{Resource, ResourceType, ScimError, patch::PatchRequest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who asked for an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Actor {
    /// A directory, with a secret key of Setup SCIM.
    Key {
        /// The key that was presented.
        key: KeyId,
        /// The SCIM administrator of that key.
        administrator: UserId,
    },
    /// An operator, with an administrative command on the machine.
    Command,
    /// Somebody in the console.
    Console {
        /// Who; nobody yet while the first administrator is made.
        user: Option<UserId>,
    },
    /// Somebody nobody knew, who signed in with an identity the account's provider vouches for.
    SignIn,
}

impl Actor {
    /// The word stored with an operation.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Command => "command",
            Self::Console { .. } => "console",
            Self::SignIn => "sign_in",
        }
    }
}

/// What an operation does to its one resource. The bodies are validated and canonical (see `muster-scim`): an operation
/// carries its data, because it *is* the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Change {
    /// Make the resource (RFC 7644 §3.3). The id was chosen by whoever accepted the operation.
    Create {
        /// The resource, canonical.
        resource: Resource,
        /// The role of a new user; always [`Role::User`] when it comes from a directory.
        #[serde(default)]
        role: Role,
    },
    /// Put this resource in the place of the old one (RFC 7644 §3.5.1).
    Replace {
        /// The resource, canonical.
        resource: Resource,
    },
    /// Change parts of it (RFC 7644 §3.5.2).
    Patch {
        /// The operations, all or none of which apply.
        patch: PatchRequest,
    },
    /// Remove it (RFC 7644 §3.6).
    Delete,
}

impl Change {
    /// The word stored with an operation.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Replace { .. } => "replace",
            Self::Patch { .. } => "patch",
            Self::Delete => "delete",
        }
    }
}

/// One SCIM write accepted by the gateway: create, replace, patch or delete of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id: the effect of an operation happens once, however often it is delivered.
    pub id: OperationId,
    /// The account it belongs to; decided by the key alone.
    pub account: AccountId,
    /// Who asked.
    pub actor: Actor,
    /// What kind of resource it is about.
    pub resource_type: ResourceType,
    /// The resource it is about; for a create, the id the new resource gets.
    pub resource_id: Uuid,
    /// What it does.
    pub change: Change,
    /// The versions the client said it expects (`If-Match`, RFC 7644 §3.14); none means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<Vec<i64>>,
    /// When the gateway accepted it, milliseconds since 1970 on the queue's clock.
    pub accepted_ms: i64,
    /// A worker never starts it after this moment, milliseconds since 1970 on the queue's clock.
    pub deadline_ms: i64,
    /// The request it came with, for the log.
    pub request_id: Uuid,
    /// Its part in a bulk request, when it came in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Box<BulkPart>>,
    /// Its client was told that it will be applied (RFC 9967), and it is kept in the database until it is: past its deadline it is
    /// not ended, but enqueued again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledged: bool,
    /// The span of the request it came with, when that is traced. An older gateway writes none, and an older worker passes it over:
    /// the layout of a message is the same with and without it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "trace_parent::lenient")]
    pub trace: Option<TraceParent>,
}

/// The named causes an outcome can have; stored with the operation and what incidents are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeCode {
    /// It took effect.
    Applied,
    /// It asked for what is already so; nothing was written.
    Unchanged,
    /// The client's request cannot be carried out (see the error).
    Refused,
    /// Another resource has this user id or group name.
    Duplicate,
    /// The user to be created exists under the mailbox name of its user id.
    MailboxUser,
    /// It would have disabled, deleted or renamed an administrator the account cannot do without.
    Protected,
    /// The resource does not exist in this account.
    NotFound,
    /// `If-Match` named another version.
    VersionMismatch,
    /// The bulk request it came in ended before it (`failOnErrors`).
    Skipped,
    /// It came to a worker, or to the end of the wait, after its deadline; it will never be applied.
    Expired,
    /// The platform could not apply it, and not for the client's fault.
    Failed,
    /// It stopped its worker three times and was set aside.
    SetAside,
}

impl OutcomeCode {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::Applied,
        Self::Unchanged,
        Self::Refused,
        Self::Duplicate,
        Self::MailboxUser,
        Self::Protected,
        Self::NotFound,
        Self::VersionMismatch,
        Self::Skipped,
        Self::Expired,
        Self::Failed,
        Self::SetAside,
    ];

    /// The word stored with an operation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
            Self::MailboxUser => "mailbox_user",
            Self::Protected => "protected",
            Self::NotFound => "not_found",
            Self::VersionMismatch => "version_mismatch",
            Self::Skipped => "skipped",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::SetAside => "set_aside",
        }
    }

    /// Whether the client is told that its write succeeded.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged)
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The named cause.
    pub code: OutcomeCode,
    /// The HTTP status the client gets.
    pub status: u16,
    /// The version of the resource after it; none when there is no resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The resource after it, rendered but for `meta.location`, which only the gateway knows. None after a delete or an error,
    /// and for groups, whose members nobody asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Why it was refused, for the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ScimError>,
}

impl Outcome {
    /// It took effect (or asked for what is already so).
    #[must_use]
    pub fn done(code: OutcomeCode, status: u16, version: Option<i64>, resource: Option<Resource>) -> Self {
        Self { code, status, version, resource, error: None }
    }

    /// It was refused for the reason the client is told.
    #[must_use]
    pub fn refused(code: OutcomeCode, error: ScimError) -> Self {
        Self { code, status: error.status, version: None, resource: None, error: Some(error) }
    }

    /// The platform could not apply it. A client learns nothing but that (the gateway adds the request id).
    #[must_use]
    pub fn failed(code: OutcomeCode, status: u16) -> Self {
        Self { code, status, version: None, resource: None, error: None }
    }

    /// Whether the client is told that its write succeeded.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.code.is_success()
    }
}
