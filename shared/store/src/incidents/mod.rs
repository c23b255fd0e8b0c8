//! Failures and the incidents they are grouped into.
//!
//! ```text
//! batch:  operation, its outcome, its failure ──┐ one transaction
//! gateway: refused requests, counted ───────────┤ failure rows, insert only
//!                                               ▼
//! fold:   failures ──> incident, events ────────┐ one transaction, one at a time
//!                                               ▼
//! mail:   events ──> outbox ────────────────────  one transaction (WriteTransaction::take_incident_events)
//! ```
//!
//! **A failure is inserted, an incident is counted.** A batch that counted in the incident's row itself would hold that row until
//! its COMMIT, and every other worker with a failure of that kind would wait for it. So a batch only inserts a row of its own for
//! each failed operation, in the transaction that logs the operation, and touches nothing another batch touches. A moment later
//! [`fold`](fn@fold) reads what is new, groups it, and counts. Whatever dies in between, the rows are there: nothing is lost, and
//! nothing is counted twice, because a row is counted by the transaction that says to which incident it belongs.
//!
//! **The database decides who is first.** There is at most one unresolved incident of a fingerprint, by a partial unique index.

mod events;
mod export;
mod failures;
mod fold;
mod items;
mod read;
mod retry;
mod states;

pub use events::{IncidentEvent, events};
pub use failures::{Failure, Subject, record};
pub use fold::fold;
pub use items::{Affected, Item, ItemPage, affected, items};
pub use read::{IncidentPage, IncidentQuery, by_number, get, list};
pub use retry::{RetryReport, retry};
pub use states::{acknowledge, resolve, settle, snooze, wake};

use crate::StoreError;
use muster_domain::{
    AccountId, IncidentId,
    incident::{Advice, Cause, IncidentState, Resolution},
};
use sea_orm::QueryResult;
use serde::Serialize;

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its account.
    #[serde(skip)]
    pub account: AccountId,
    /// What people call it by: counted from 1 within the account.
    pub number: i64,
    /// The stored fingerprint.
    pub fingerprint: String,
    /// Why.
    pub cause: Cause,
    /// What clients were told (RFC 7644 §3.12).
    pub scim_type: Option<String>,
    /// The attribute the error names.
    pub attribute: Option<String>,
    /// What was attempted: `create`, `replace`, `patch`, `delete`, `read`, or the name of a job.
    pub action: String,
    /// On what: `User`, `Group`.
    pub resource_type: Option<String>,
    /// Where it stands.
    pub state: IncidentState,
    /// How many failures.
    pub failures: i64,
    /// How many different users and groups failed.
    pub affected: i64,
    /// The first failure, milliseconds since 1970.
    pub first_ms: i64,
    /// The latest failure, milliseconds since 1970.
    pub last_ms: i64,
    /// When it came to be in its state, milliseconds since 1970.
    pub state_ms: i64,
    /// Who put it there; none when it was the service itself.
    pub state_by: Option<String>,
    /// While it is snoozed: until when, milliseconds since 1970.
    pub snoozed_until_ms: Option<i64>,
    /// Why it is over, when it is.
    pub resolution: Option<Resolution>,
    /// How often silence had ended it and it came back.
    pub reopened: i64,
}

impl Incident {
    /// What people are told about its cause.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        self.cause.advice()
    }

    /// What [`Incident::read`] needs, of the table called `i`.
    pub(crate) const SELECT: &'static str = "i.account_id, i.id, i.number, i.fingerprint, i.cause, i.scim_type, i.attribute, i.action, \
        i.resource_type, i.state, i.failures, i.affected, i.first_ms, i.last_ms, i.state_ms, i.state_by, i.snoozed_until_ms, i.resolution, i.reopened";

    /// The same in a RETURNING clause, where SQLite knows no alias of the table.
    pub(crate) const RETURNING: &'static str = "account_id, id, number, fingerprint, cause, scim_type, attribute, action, resource_type, \
        state, failures, affected, first_ms, last_ms, state_ms, state_by, snoozed_until_ms, resolution, reopened";

    pub(crate) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let resolution: Option<String> = row.try_get("", "resolution")?;
        Ok(Self {
            id: IncidentId(row.try_get("", "id")?),
            account: AccountId(row.try_get("", "account_id")?),
            number: row.try_get("", "number")?,
            fingerprint: row.try_get("", "fingerprint")?,
            cause: word(row, "cause", Cause::from_word)?,
            scim_type: row.try_get("", "scim_type")?,
            attribute: row.try_get("", "attribute")?,
            action: row.try_get("", "action")?,
            resource_type: row.try_get("", "resource_type")?,
            state: word(row, "state", IncidentState::from_word)?,
            failures: row.try_get("", "failures")?,
            affected: row.try_get("", "affected")?,
            first_ms: row.try_get("", "first_ms")?,
            last_ms: row.try_get("", "last_ms")?,
            state_ms: row.try_get("", "state_ms")?,
            state_by: row.try_get("", "state_by")?,
            snoozed_until_ms: row.try_get("", "snoozed_until_ms")?,
            resolution: resolution.as_deref().and_then(Resolution::from_word),
            reopened: row.try_get("", "reopened")?,
        })
    }
}

/// A column that holds a word of ours.
pub(crate) fn word<T>(row: &QueryResult, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let text: String = row.try_get("", column)?;
    read(&text).ok_or_else(|| StoreError::Other(format!("the column {column} holds the unknown word `{text}`")))
}
