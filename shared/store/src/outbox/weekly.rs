//! The facts of a week.

use crate::{Store, StoreError};
use muster_domain::{
    AccountId,
    incident::{Cause, IncidentState},
    notify::{MailKey, Weekly, WeeklyIncident},
};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// Open incidents that are named.
const NAMED: i64 = 10;

/// Whether this mail has been written to anybody.
///
/// # Errors
/// When the database fails.
pub async fn is_written(store: &Store, account: AccountId, key: &MailKey) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM outbox_mail WHERE account_id = $1 AND mail_key = $2 LIMIT 1";
    Ok(store.writer().query_one_raw(store.statement(sql, [account.0.into(), key.as_str().into()])).await?.is_some())
}

/// What happened in the account from `from_ms` to before `to_ms`, and what of it is open still; none when that is nothing at all.
///
/// # Errors
/// When the database fails.
pub async fn week(store: &Store, account: AccountId, week: &str, from_ms: i64, to_ms: i64) -> Result<Option<Weekly>, StoreError> {
    let mut facts = Weekly {
        week: week.to_owned(),
        from_ms,
        to_ms,
        created: 0,
        changed: 0,
        deleted: 0,
        failed: 0,
        opened: 0,
        resolved: 0,
        open: open(store, account, to_ms).await?,
    };
    // Ids of operations begin with their time: this is a range of the log's own index.
    let sql = "SELECT change, CASE WHEN status < 400 THEN 1 ELSE 0 END AS applied, COUNT(*) AS n FROM operation \
         WHERE account_id = $1 AND id >= $2 AND id < $3 GROUP BY 1, 2";
    let values: [Value; 3] = [account.0.into(), first_id(from_ms).into(), first_id(to_ms).into()];
    for row in store.reader().query_all_raw(store.statement(sql, values)).await? {
        let (change, applied, n): (String, i32, i64) = (row.try_get("", "change")?, row.try_get("", "applied")?, row.try_get("", "n")?);
        let count = match (applied, change.as_str()) {
            (0, _) => &mut facts.failed,
            (_, "create") => &mut facts.created,
            (_, "delete") => &mut facts.deleted,
            _ => &mut facts.changed,
        };
        *count += n.unsigned_abs();
    }
    let sql = format!(
        "SELECT COUNT(CASE WHEN first_ms >= $2 AND first_ms < $3 THEN 1 END) AS opened, \
         COUNT(CASE WHEN state = '{}' AND state_ms >= $2 AND state_ms < $3 THEN 1 END) AS resolved FROM incident WHERE account_id = $1",
        IncidentState::Resolved.as_str()
    );
    if let Some(row) = store.reader().query_one_raw(store.statement(sql, [account.0.into(), from_ms.into(), to_ms.into()])).await? {
        facts.opened = row.try_get::<i64>("", "opened")?.unsigned_abs();
        facts.resolved = row.try_get::<i64>("", "resolved")?.unsigned_abs();
    }
    let happened = facts.created + facts.changed + facts.deleted + facts.failed + facts.opened + facts.resolved;
    Ok((happened > 0 || !facts.open.is_empty()).then_some(facts))
}

async fn open(store: &Store, account: AccountId, before_ms: i64) -> Result<Vec<WeeklyIncident>, StoreError> {
    let sql = format!(
        "SELECT id, number, cause, failures FROM incident WHERE account_id = $1 AND state <> '{}' AND first_ms < $2 \
         ORDER BY failures DESC LIMIT $3",
        IncidentState::Resolved.as_str()
    );
    let rows = store.reader().query_all_raw(store.statement(sql, [account.0.into(), before_ms.into(), NAMED.into()])).await?;
    rows.iter()
        .map(|row| {
            let (number, failures): (i64, i64) = (row.try_get("", "number")?, row.try_get("", "failures")?);
            let cause = crate::incidents::word(row, "cause", Cause::from_word)?;
            Ok(WeeklyIncident {
                incident: row.try_get("", "id")?,
                reference: format!("#{number}"),
                title: cause.advice().title.to_owned(),
                failures: failures.unsigned_abs(),
            })
        })
        .collect()
}

/// The smallest id a UUID of version 7 made at this millisecond can have.
fn first_id(at_ms: i64) -> Uuid {
    Uuid::from_u128(u128::from(at_ms.max(0).unsigned_abs()) << 80)
}
