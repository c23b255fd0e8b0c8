//! Who runs a conversion.

use super::LEASE_MS;
use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, ConversionId};
use sea_orm::{ConnectionTrait, Value};

/// The right to work on a run. Every step of it is fenced with the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose run it is.
    pub account: AccountId,
    /// The run.
    pub conversion: ConversionId,
    /// Counts how often the run was taken over.
    pub epoch: i64,
}

/// Takes a run that is to be worked on and that nobody is working on. Nothing when there is no such run.
///
/// # Errors
/// When the database fails.
pub async fn take(store: &Store, account: AccountId, conversion: ConversionId, owner: &str) -> Result<Option<Lease>, StoreError> {
    let now = now_ms();
    let sql = "UPDATE conversion SET epoch = epoch + 1, lease_owner = $3, lease_until_ms = $4 \
         WHERE account_id = $1 AND id = $2 AND state IN ('planning', 'running') AND (lease_until_ms IS NULL OR lease_until_ms < $5) \
         RETURNING epoch";
    let values: [Value; 5] = [account.0.into(), conversion.0.into(), owner.into(), (now + LEASE_MS).into(), now.into()];
    let row = store.writer().query_one_raw(store.statement(sql, values)).await?;
    row.map(|row| Ok(Lease { account, conversion, epoch: row.try_get("", "epoch")? })).transpose()
}

/// Says that the run is alive and what it waits for. Returns the pace as it is now; none when the lease does not hold any more.
///
/// # Errors
/// When the database fails.
pub async fn waiting(store: &Store, lease: &Lease, reason: Option<&str>) -> Result<Option<serde_json::Value>, StoreError> {
    let sql = "UPDATE conversion SET reason = $4, lease_until_ms = $5 \
         WHERE account_id = $1 AND id = $2 AND epoch = $3 AND state IN ('planning', 'running') RETURNING pace";
    let values: [Value; 5] = [
        lease.account.0.into(),
        lease.conversion.0.into(),
        lease.epoch.into(),
        Value::String(reason.map(str::to_owned)),
        (now_ms() + LEASE_MS).into(),
    ];
    let row = store.writer().query_one_raw(store.statement(sql, values)).await?;
    Ok(row.map(|row| row.try_get("", "pace")).transpose()?)
}

/// Gives the run back, so that it can be taken after so many milliseconds (0: at once), and adds the time that was worked on it.
///
/// The moment at which it is free again stays in its row: of several runs, the one that has been free for longest is next.
///
/// # Errors
/// When the database fails; the lease then ends by itself.
pub async fn release(store: &Store, lease: &Lease, active_ms: i64, free_in_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE conversion SET lease_owner = NULL, lease_until_ms = $5, active_ms = active_ms + $4 \
         WHERE account_id = $1 AND id = $2 AND epoch = $3";
    // A lease holds up to its last millisecond.
    let free = now_ms() + free_in_ms - 1;
    let values: [Value; 5] = [lease.account.0.into(), lease.conversion.0.into(), lease.epoch.into(), active_ms.into(), free.into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}
