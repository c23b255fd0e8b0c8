//! Where the pace of a conversion stands, for those who look on from other processes.

use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, conversion::pace::PaceStatus};
use sea_orm::{ConnectionTrait, Value};

/// Puts down where the pace of an account's conversion stands.
///
/// # Errors
/// When the database fails.
pub async fn put_status(store: &Store, account: AccountId, status: &PaceStatus) -> Result<(), StoreError> {
    let sql = "INSERT INTO conversion_pace (account_id, beat, status, status_ms) VALUES ($1, 0, $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET status = excluded.status, status_ms = excluded.status_ms";
    let json = serde_json::to_value(status).map_err(|error| StoreError::Other(error.to_string()))?;
    let values: [Value; 3] = [account.0.into(), json.into(), now_ms().into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Where the pace of an account's conversion stood last, and when that was (milliseconds since 1970). None when it has never run. What
/// is older than a few seconds is of a worker that ended.
///
/// # Errors
/// When the database fails.
pub async fn status(store: &Store, account: AccountId) -> Result<Option<(PaceStatus, i64)>, StoreError> {
    let sql = "SELECT status, status_ms FROM conversion_pace WHERE account_id = $1 AND status_ms IS NOT NULL";
    let Some(row) = store.reader().query_one_raw(store.statement(sql, [account.0.into()])).await? else { return Ok(None) };
    let json: serde_json::Value = row.try_get("", "status")?;
    // Written by another version, it says nothing.
    let Ok(status) = serde_json::from_value(json) else { return Ok(None) };
    Ok(Some((status, row.try_get("", "status_ms")?)))
}
