//! The log of operations, as it is read, and the fence that ends one.

use crate::{
    Store, StoreError,
    batch::LogEntry,
    now_ms,
    resources::{self, Include},
    rows::Rows,
};
use muster_domain::{AccountId, Operation, OperationId, Outcome, OutcomeCode};
use muster_scim::{ResourceType, ScimError};
use sea_orm::ConnectionTrait;

/// What became of an operation; nothing while nobody has recorded it. The resource of a successful one is the one that is there
/// now: the log keeps versions, not copies.
///
/// # Errors
/// When the database fails.
pub async fn outcome(store: &Store, account: AccountId, id: OperationId) -> Result<Option<Outcome>, StoreError> {
    let sql = "SELECT resource_type, resource_id, change, code, status, version, CAST(error AS text) AS error FROM operation \
         WHERE id = $1 AND account_id = $2";
    // The primary: a replica may not have it yet.
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [id.0.into(), account.0.into()])).await? else {
        return Ok(None);
    };
    let word: String = row.try_get("", "code")?;
    let code = OutcomeCode::from_word(&word).ok_or_else(|| StoreError::Other(format!("an operation has the unknown outcome `{word}`")))?;
    let status: i64 = row.try_get("", "status")?;
    let error: Option<String> = row.try_get("", "error")?;
    let error: Option<ScimError> = error.and_then(|json| serde_json::from_str(&json).ok());
    let mut outcome =
        Outcome { code, status: u16::try_from(status).unwrap_or(500), version: row.try_get("", "version")?, resource: None, error };
    let (kind, change): (String, String) = (row.try_get("", "resource_type")?, row.try_get("", "change")?);
    if outcome.is_success() && change != "delete" {
        // A type that is no longer configured has no resource to show.
        let Some(resource_type) = ResourceType::named(&kind) else { return Ok(Some(outcome)) };
        let include = Include { members: false, groups: resource_type == ResourceType::User };
        outcome.resource =
            resources::get_from(store.writer(), store, account, resource_type, row.try_get("", "resource_id")?, include).await?;
    }
    Ok(Some(outcome))
}

/// Records what became of an operation that had no effect, unless it has an outcome already, which is then returned.
///
/// # Errors
/// When the database fails. Nothing is known then.
pub async fn record(store: &Store, operation: &Operation, outcome: &Outcome) -> Result<Option<Outcome>, StoreError> {
    let entry = LogEntry { operation, outcome };
    let statement = crate::batch::log_rows(Rows::new(store.dialect()), &[entry], now_ms()).statement(crate::batch::LOG_INSERT);
    // If a worker is committing it at this moment, this waits for that COMMIT, and then finds its row.
    if store.writer().query_one_raw(statement).await?.is_some() {
        return Ok(None);
    }
    self::outcome(store, operation.account, operation.id).await
}

/// The fence: records an operation as expired unless it has an outcome already, which is then returned.
///
/// After `Ok(None)` no worker can commit that operation any more, because the log entry that belongs to its effect would be a
/// second one; so a client may be told that its write failed, and is never surprised later.
///
/// # Errors
/// When the database fails. Nothing is known then.
pub async fn expire(store: &Store, operation: &Operation) -> Result<Option<Outcome>, StoreError> {
    record(store, operation, &Outcome::failed(OutcomeCode::Expired, 503)).await
}
