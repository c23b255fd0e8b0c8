//! What waits for a recipient, and what of it becomes one mail.

use super::{MailStatus, held, send::Lease};
use crate::{Store, StoreError};
use muster_domain::{
    AccountId,
    notify::{Content, FoldReason, MailKey, Used, Waiting},
};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;
/// More than this is arranged the next time.
const MOST: i64 = 500;

/// A mail that could go now.
#[derive(Clone, Debug)]
pub struct WaitingMail {
    /// Its id.
    pub id: Uuid,
    /// How it is arranged.
    pub waiting: Waiting,
    /// Why it was held back until now, if it was.
    pub held: Option<FoldReason>,
    /// When it was due first, milliseconds since 1970.
    pub first_due_ms: i64,
}

/// Recipients for whom a mail is due and whom nobody has leased, longest waiting first, `most` at most.
///
/// # Errors
/// When the database fails.
pub async fn due_recipients(store: &Store, now_ms: i64, most: u32) -> Result<Vec<(AccountId, String)>, StoreError> {
    // A recipient who is gone is found as well: its mails have to end.
    let sql = "SELECT m.account_id, m.address_key FROM outbox_mail m \
         LEFT JOIN mail_recipient r ON r.account_id = m.account_id AND r.address_key = m.address_key \
         WHERE m.state = 'pending' AND m.due_ms <= $1 AND m.sending_until_ms <= $1 AND COALESCE(r.lease_until_ms, 0) <= $1 \
         GROUP BY m.account_id, m.address_key ORDER BY MAX(CASE WHEN m.immediate THEN 1 ELSE 0 END) DESC, MIN(m.due_ms) LIMIT $2";
    let rows = store.writer().query_all_raw(store.statement(sql, [now_ms.into(), i64::from(most).into()])).await?;
    rows.iter().map(|row| Ok((AccountId(row.try_get("", "account_id")?), row.try_get("", "address_key")?))).collect()
}

/// What waits for a leased recipient, oldest first. What waits because the server was away counts as due as soon as anything is.
///
/// # Errors
/// When the database fails.
pub async fn waiting(store: &Store, lease: &Lease, now_ms: i64) -> Result<Vec<WaitingMail>, StoreError> {
    let sql = "SELECT id, immediate, folded, held, first_due_ms FROM outbox_mail \
         WHERE account_id = $1 AND address_key = $2 AND state = 'pending' AND sending_until_ms <= $3 AND (due_ms <= $3 OR held = 'outage') \
         ORDER BY id LIMIT $4";
    let values: [Value; 4] = [lease.account.0.into(), lease.address_key.clone().into(), now_ms.into(), MOST.into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            let held = held(row)?;
            Ok(WaitingMail {
                id: row.try_get("", "id")?,
                waiting: Waiting { immediate: row.try_get("", "immediate")?, held: held.is_some(), folded: row.try_get("", "folded")? },
                held,
                first_due_ms: row.try_get("", "first_due_ms")?,
            })
        })
        .collect()
}

/// How much of the caps is used up: mails the server has taken, or may have.
///
/// # Errors
/// When the database fails.
pub async fn used(store: &Store, lease: &Lease, now_ms: i64) -> Result<Used, StoreError> {
    let sql = "SELECT COALESCE(SUM(CASE WHEN address_key = $2 AND sent_ms > $3 THEN 1 ELSE 0 END), 0) AS hour, \
         COALESCE(SUM(CASE WHEN address_key = $2 THEN 1 ELSE 0 END), 0) AS day, \
         COALESCE(SUM(CASE WHEN sent_ms > $3 THEN 1 ELSE 0 END), 0) AS account_hour \
         FROM outbox_mail WHERE account_id = $1 AND sent_ms > $4";
    let values: [Value; 4] =
        [lease.account.0.into(), lease.address_key.clone().into(), (now_ms - HOUR_MS).into(), (now_ms - 24 * HOUR_MS).into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else { return Ok(Used::default()) };
    let count = |name: &str| -> Result<u32, StoreError> {
        let n: i64 = row.try_get("", name)?;
        Ok(u32::try_from(n).unwrap_or(u32::MAX))
    };
    Ok(Used { hour: count("hour")?, day: count("day")?, account_hour: count("account_hour")? })
}

/// Puts one mail in the place of several that wait for a leased recipient, and returns its id; none when somebody else did it.
///
/// `word` makes the new mail's content of theirs, oldest first.
///
/// # Errors
/// When the database fails. Nothing has changed then.
pub async fn fold(
    store: &Store,
    lease: &Lease,
    ids: &[Uuid],
    now_ms: i64,
    word: impl FnOnce(&[(Content, i64)]) -> Content + Send,
) -> Result<Option<Uuid>, StoreError> {
    let Some(first) = ids.first() else { return Ok(None) };
    let tx = store.begin().await?;
    let rows =
        || crate::rows::Rows::new(tx.dialect).uuid("account_id", ids.iter().map(|_| lease.account.0)).uuid("id", ids.iter().copied());
    let read = rows().statement(
        "SELECT m.content, m.first_due_ms FROM r JOIN outbox_mail m ON m.account_id = r.account_id AND m.id = r.id \
         WHERE m.state = 'pending' ORDER BY m.id",
    );
    let mut contents = Vec::with_capacity(ids.len());
    for row in tx.inner.query_all_raw(read).await? {
        let content: String = row.try_get("", "content")?;
        let content = serde_json::from_str(&content).map_err(|error| StoreError::Other(format!("a mail cannot be read: {error}")))?;
        contents.push((content, row.try_get("", "first_due_ms")?));
    }
    if contents.len() != ids.len() {
        return Ok(None);
    }
    let content = serde_json::to_string(&word(&contents)).map_err(|error| StoreError::Other(error.to_string()))?;
    let id = Uuid::now_v7();
    let insert = "INSERT INTO outbox_mail (account_id, id, address_key, mail_key, content, immediate, folded, state, due_ms, first_due_ms, \
         written_ms, attempts, unanswered, sending_until_ms) \
         VALUES ($1, $2, $3, $4, $5, false, true, 'pending', $6, $6, $6, 0, 0, 0) ON CONFLICT DO NOTHING";
    let values: [Value; 6] = [
        lease.account.0.into(),
        id.into(),
        lease.address_key.clone().into(),
        MailKey::folded(*first).as_str().into(),
        content.into(),
        now_ms.into(),
    ];
    if tx.inner.execute_raw(tx.sql(insert, values)).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let state = MailStatus::Folded.as_str();
    let done = rows().uuid("into_id", ids.iter().map(|_| id)).int("now_ms", ids.iter().map(|_| now_ms)).statement(&format!(
        "UPDATE outbox_mail SET state = '{state}', folded_into = r.into_id, done_ms = r.now_ms, attachment = NULL FROM r \
         WHERE outbox_mail.account_id = r.account_id AND outbox_mail.id = r.id AND outbox_mail.state = 'pending'"
    ));
    if tx.inner.execute_raw(done).await?.rows_affected() != ids.len() as u64 {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(id))
}
