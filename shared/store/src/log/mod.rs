//! The log of operations as people read it: lists, one operation, a resource's timeline, cycles, and its end.
//!
//! Ids of operations are UUIDs of version 7, so "newest first" is "by id, downwards", a page ends with an id, and a stretch of time is
//! a range of ids: every list here walks one index.

mod cycles;
mod export;
mod query;
mod retention;
mod tally;

pub use cycles::{Cycle, CycleQuery, cycles};
pub use query::{OperationPage, OperationQuery, any_before, get, list, list_within};
pub use retention::{Retention, discard_old};
pub use tally::{Stretch, TALLY_CHUNK, counted_since, fold_tally, history};

use crate::StoreError;
use muster_domain::{
    IncidentId, KeyId, OperationId,
    detail::{DetailPolicy, OperationDetail},
    mask_detail,
};
use muster_scim::ScimError;
use sea_orm::QueryResult;
use serde::Serialize;
use uuid::Uuid;

/// One operation of the log.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedOperation {
    /// Its id.
    pub id: OperationId,
    /// The request it came with.
    pub request_id: Uuid,
    /// `User` or `Group`.
    pub resource_type: String,
    /// The resource it is about.
    pub resource_id: Uuid,
    /// `create`, `replace`, `patch` or `delete`.
    pub change: String,
    /// `key` (a directory) or `command`.
    pub actor: String,
    /// The secret key it came with.
    pub key: Option<KeyId>,
    /// What became of it, in a word.
    pub code: String,
    /// The HTTP status its client got.
    pub status: i64,
    /// The version of the resource after it.
    pub version: Option<i64>,
    /// Why it was not carried out: what the client was told, with what it quotes from the request masked.
    pub error: Option<ScimError>,
    /// When the gateway accepted it, milliseconds since 1970.
    pub accepted_ms: i64,
    /// When a worker applied it, milliseconds since 1970.
    pub applied_ms: i64,
    /// What the log keeps beside the outcome.
    pub detail: Option<OperationDetail>,
    /// The incident it is part of.
    pub incident: Option<IncidentId>,
    /// The number people call that incident by.
    pub incident_number: Option<i64>,
}

impl LoggedOperation {
    const SELECT: &'static str = "o.id, o.request_id, o.resource_type, o.resource_id, o.change, o.actor, o.key_id, o.code, o.status, \
        o.version, CAST(o.error AS text) AS error, o.accepted_ms, o.applied_ms, o.detail, f.incident_id, i.number AS incident_number";

    const FROM: &'static str = "FROM operation o \
        LEFT JOIN failure f ON f.account_id = o.account_id AND f.id = o.id \
        LEFT JOIN incident i ON i.account_id = f.account_id AND i.id = f.incident_id";
    /// The same for one resource, `$2` of the account `$1`: what changed it by the index of that, its creation among the operations
    /// `$3` to `$4` of that moment.
    const FROM_RESOURCE: &'static str = "FROM ( \
        SELECT * FROM operation WHERE account_id = $1 AND resource_id = $2 AND change <> 'create' \
        UNION ALL \
        SELECT * FROM operation WHERE account_id = $1 AND id >= $3 AND id < $4 AND resource_id = $2 AND change = 'create') o \
        LEFT JOIN failure f ON f.account_id = o.account_id AND f.id = o.id \
        LEFT JOIN incident i ON i.account_id = f.account_id AND i.id = f.incident_id";
    /// The same for the few that are part of one incident: found by it, not by going through the log.
    const FROM_INCIDENT: &'static str = "FROM failure f \
        JOIN operation o ON o.account_id = f.account_id AND o.id = f.id \
        JOIN incident i ON i.account_id = f.account_id AND i.id = f.incident_id";

    fn read(row: &QueryResult, policy: DetailPolicy) -> Result<Self, StoreError> {
        let (error, detail): (Option<String>, Option<String>) = (row.try_get("", "error")?, row.try_get("", "detail")?);
        let mut error: Option<ScimError> = error.and_then(|json| serde_json::from_str(&json).ok());
        if let Some(error) = &mut error
            && policy != DetailPolicy::Full
        {
            error.detail = mask_detail(&error.detail);
        }
        let (key, incident): (Option<Uuid>, Option<Uuid>) = (row.try_get("", "key_id")?, row.try_get("", "incident_id")?);
        Ok(Self {
            id: OperationId(row.try_get("", "id")?),
            request_id: row.try_get("", "request_id")?,
            resource_type: row.try_get("", "resource_type")?,
            resource_id: row.try_get("", "resource_id")?,
            change: row.try_get("", "change")?,
            actor: row.try_get("", "actor")?,
            key: key.map(KeyId),
            code: row.try_get("", "code")?,
            status: row.try_get("", "status")?,
            version: row.try_get("", "version")?,
            error,
            accepted_ms: row.try_get("", "accepted_ms")?,
            applied_ms: row.try_get("", "applied_ms")?,
            detail: detail.as_deref().and_then(OperationDetail::read),
            incident: incident.map(IncidentId),
            incident_number: row.try_get("", "incident_number")?,
        })
    }
}

/// The first id an operation of this moment (milliseconds since 1970) can have.
pub(crate) fn first_id(ms: i64) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(ms).unwrap_or(0), &[0; 10]).into_uuid()
}
