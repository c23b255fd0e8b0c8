//! What happened to a run and is to become mail.
//!
//! An event that operators hear of is written without `told_ms`, in the transaction that makes it true. The mailer takes it from there:
//! the mail and the mark are one transaction, so each event becomes mail exactly once, whoever dies in between.

use crate::{Store, StoreError, outbox::NewMail};
use muster_domain::{AccountId, ConversionId};
use sea_orm::{ConnectionTrait, Value};
use serde_json::Value as Json;
use uuid::Uuid;

/// An event nobody has been told of.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Whose run.
    pub account: AccountId,
    /// The run.
    pub conversion: ConversionId,
    /// The event.
    pub event: Uuid,
    /// When it happened, milliseconds since 1970.
    pub at_ms: i64,
    /// What happened: `started`, `paused`, `cancelled`, `finished`.
    pub kind: String,
    /// Why, when a guard did it.
    pub reason: Option<String>,
}

/// Who stops a run that is not a person.
const GUARD: &str = "guard";

/// Whether operators hear of it. What somebody did a moment ago at a keyboard is no news to them, but for what others should know of:
/// that a conversion begins, and that it was ended.
pub(super) fn is_news(kind: &str, data: &Json) -> bool {
    match kind {
        "started" | "cancelled" | "finished" => true,
        "paused" => data["by"] == GUARD,
        _ => false,
    }
}

/// What nobody has been told of, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn news(store: &Store, most: i64) -> Result<Vec<News>, StoreError> {
    let sql = "SELECT account_id, conversion_id, id, at_ms, type, CAST(data AS text) AS data FROM conversion_event \
         WHERE told_ms IS NULL ORDER BY at_ms, id LIMIT $1";
    let rows = store.writer().query_all_raw(store.statement(sql, [most.into()])).await?;
    rows.iter()
        .map(|row| {
            let data: String = row.try_get("", "data")?;
            let data: Json = serde_json::from_str(&data).unwrap_or_default();
            Ok(News {
                account: AccountId(row.try_get("", "account_id")?),
                conversion: ConversionId(row.try_get("", "conversion_id")?),
                event: row.try_get("", "id")?,
                at_ms: row.try_get("", "at_ms")?,
                kind: row.try_get("", "type")?,
                reason: data["reason"].as_str().map(str::to_owned),
            })
        })
        .collect()
}

/// Writes the mail and notes that it is written, together; none when there is nothing to say any more. False when somebody else was first.
///
/// # Errors
/// When the database fails. Nothing has happened then.
pub async fn tell(store: &Store, news: &News, mail: Option<&NewMail>, now_ms: i64) -> Result<bool, StoreError> {
    let tx = store.begin().await?;
    let sql = "UPDATE conversion_event SET told_ms = $4 WHERE account_id = $1 AND conversion_id = $2 AND id = $3 AND told_ms IS NULL";
    let values: [Value; 4] = [news.account.0.into(), news.conversion.0.into(), news.event.into(), now_ms.into()];
    if tx.inner.execute_raw(store.statement(sql, values)).await?.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    if let Some(mail) = mail {
        tx.write_mail(news.account, mail, now_ms).await?;
    }
    tx.commit().await?;
    Ok(true)
}
