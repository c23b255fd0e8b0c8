//! What happened to a run: its timeline, and what operators are told.

use super::news;
use crate::{Store, StoreError, WriteTransaction, now_ms};
use muster_domain::{AccountId, ConversionId};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use uuid::Uuid;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What: `created`, `planned`, `started`, `paused`, `resumed`, `cancelled`, `finished`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What there is to say about it.
    pub data: serde_json::Value,
}

pub(super) async fn add(
    tx: &WriteTransaction,
    account: AccountId,
    conversion: ConversionId,
    kind: &str,
    data: serde_json::Value,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO conversion_event (conversion_id, id, account_id, at_ms, type, data, told_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let now = now_ms();
    let told = (!news::is_news(kind, &data)).then_some(now);
    let values: [Value; 7] = [
        conversion.0.into(),
        Uuid::now_v7().into(),
        account.0.into(),
        now.into(),
        kind.into(),
        Value::Json(Some(Box::new(data))),
        Value::BigInt(told),
    ];
    tx.inner.execute_raw(super::statement(tx, sql, values)).await?;
    Ok(())
}

/// The last 200 events of a run, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn events(store: &Store, account: AccountId, conversion: ConversionId) -> Result<Vec<Event>, StoreError> {
    let sql = "SELECT at_ms, type, CAST(data AS text) AS data FROM conversion_event \
         WHERE conversion_id = $1 AND account_id = $2 ORDER BY conversion_id DESC, id DESC LIMIT 200";
    let rows = store.writer().query_all_raw(store.statement(sql, [conversion.0.into(), account.0.into()])).await?;
    let mut events = rows
        .iter()
        .map(|row| {
            let data: String = row.try_get("", "data")?;
            Ok(Event {
                at_ms: row.try_get("", "at_ms")?,
                kind: row.try_get("", "type")?,
                data: serde_json::from_str(&data).unwrap_or_default(),
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    events.reverse();
    Ok(events)
}
