//! How much old user ids are used.

use crate::{Store, StoreError, now_ms};
use muster_domain::AccountId;
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

const MONTH_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The old user ids of an account that still sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AliasUsage {
    /// How many there are.
    pub alive: i64,
    /// How many were used within the last 30 days. When nobody uses one any more, they can go.
    pub used_lately: i64,
    /// How often they were used.
    pub hits: i64,
    /// When one was used last, milliseconds since 1970.
    pub last_used_ms: Option<i64>,
}

/// How much they are used.
///
/// # Errors
/// When the database fails.
pub async fn alias_usage(store: &Store, account: AccountId) -> Result<AliasUsage, StoreError> {
    let sql = "SELECT COUNT(*) AS alive, COUNT(CASE WHEN last_used_ms > $3 THEN 1 END) AS used_lately, \
         CAST(COALESCE(SUM(hits), 0) AS bigint) AS hits, MAX(last_used_ms) AS last_used_ms \
         FROM alias WHERE account_id = $1 AND expires_ms > $2";
    let now = now_ms();
    let values: [Value; 3] = [account.0.into(), now.into(), (now - MONTH_MS).into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else {
        return Ok(AliasUsage::default());
    };
    Ok(AliasUsage {
        alive: row.try_get("", "alive")?,
        used_lately: row.try_get("", "used_lately")?,
        hits: row.try_get("", "hits")?,
        last_used_ms: row.try_get("", "last_used_ms")?,
    })
}
