//! What an incident is made of: who is affected, and each failure.

use crate::{Store, StoreError};
use muster_domain::{AccountId, IncidentId, OperationId, mask};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use uuid::Uuid;

/// A user or group an incident affects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// The resource; for one that could not be made, an id that stands for its name.
    pub id: Uuid,
    /// A user id with everything but its first letter and domain masked, or a group's name; none when neither is known any more.
    pub label: Option<String>,
}

/// One failure of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its id.
    pub id: Uuid,
    /// The operation; none when the requests were refused before they became one.
    pub operation: Option<OperationId>,
    /// Whom it is about, masked as in [`Affected::label`].
    pub subject: Option<String>,
    /// How many failures it stands for.
    pub failures: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// It has been tried again since, or overtaken.
    pub settled: bool,
    /// It can be tried again from here.
    pub retryable: bool,
}

/// A page of failures, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct ItemPage {
    /// The failures.
    pub items: Vec<Item>,
    /// What `after` is for the next page; none after the last one.
    pub next: Option<Uuid>,
}

/// Whom an incident affects, `most` of them at most, in no particular order.
///
/// # Errors
/// When the database fails.
pub async fn affected(store: &Store, account: AccountId, incident: IncidentId, most: u32) -> Result<Vec<Affected>, StoreError> {
    let sql = "SELECT s.subject_id, s.subject, u.user_id, g.display_name FROM incident_subject s \
         LEFT JOIN users u ON u.account_id = s.account_id AND u.id = s.subject_id \
         LEFT JOIN user_group g ON g.account_id = s.account_id AND g.id = s.subject_id \
         WHERE s.account_id = $1 AND s.incident_id = $2 ORDER BY s.subject_id LIMIT $3";
    let values = [account.0.into(), incident.0.into(), i64::from(most).into()];
    let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            let (noted, user): (Option<String>, Option<String>) = (row.try_get("", "subject")?, row.try_get("", "user_id")?);
            let group: Option<String> = row.try_get("", "display_name")?;
            Ok(Affected { id: row.try_get("", "subject_id")?, label: noted.or_else(|| user.as_deref().map(mask)).or(group) })
        })
        .collect()
}

/// The failures of an incident, newest first, after the one that ended the page before.
///
/// # Errors
/// When the database fails.
pub async fn items(
    store: &Store,
    account: AccountId,
    incident: IncidentId,
    after: Option<Uuid>,
    limit: u32,
) -> Result<ItemPage, StoreError> {
    let sql = "SELECT id, operation_id, subject, failures, at_ms, settled_ms, CASE WHEN change IS NULL THEN 0 ELSE 1 END AS kept \
         FROM failure WHERE account_id = $1 AND incident_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    let values = [account.0.into(), incident.0.into(), after.unwrap_or(Uuid::max()).into(), (i64::from(limit) + 1).into()];
    let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (operation, settled): (Option<Uuid>, Option<i64>) = (row.try_get("", "operation_id")?, row.try_get("", "settled_ms")?);
        let kept = row.try_get::<i64>("", "kept").or_else(|_| row.try_get::<i32>("", "kept").map(i64::from))?;
        items.push(Item {
            id: row.try_get("", "id")?,
            operation: operation.map(OperationId),
            subject: row.try_get("", "subject")?,
            failures: row.try_get("", "failures")?,
            at_ms: row.try_get("", "at_ms")?,
            settled: settled.is_some(),
            retryable: settled.is_none() && kept == 1,
        });
    }
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| last.id);
    Ok(ItemPage { items, next })
}
