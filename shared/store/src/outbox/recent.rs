//! What has become of mails: read by people, and cleared away in the end.

use super::{MailStatus, held};
use crate::{Store, StoreError, incidents::word};
use muster_domain::{
    AccountId,
    notify::{Content, FoldReason},
};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use uuid::Uuid;

/// A mail as it may be shown.
#[derive(Clone, Debug, Serialize)]
pub struct SentMail {
    /// Its id.
    pub id: Uuid,
    /// The recipient.
    pub address: String,
    /// Which mail it is; the left part of its `Message-ID`.
    pub key: String,
    /// What it says.
    pub content: Content,
    /// Where it stands.
    pub status: MailStatus,
    /// Why it is held back, while it is.
    pub held: Option<FoldReason>,
    /// When it was written, milliseconds since 1970.
    pub written_ms: i64,
    /// When it is tried next, while it waits, milliseconds since 1970.
    pub due_ms: i64,
    /// When the server took it, milliseconds since 1970.
    pub sent_ms: Option<i64>,
    /// How often it was tried.
    pub attempts: i64,
    /// What the server said last.
    pub reply: Option<String>,
}

/// The account's latest mails, newest first, `most` at most.
///
/// # Errors
/// When the database fails.
pub async fn recent(store: &Store, account: AccountId, most: u32) -> Result<Vec<SentMail>, StoreError> {
    recent_before(store, account, None, most).await
}

/// The account's mails that were written before this one, newest first, `most` at most; the latest when it is none.
///
/// # Errors
/// When the database fails.
pub async fn recent_before(store: &Store, account: AccountId, before: Option<Uuid>, most: u32) -> Result<Vec<SentMail>, StoreError> {
    let sql = "SELECT m.id, COALESCE(r.address, m.address_key) AS address, m.mail_key, m.content, m.state, m.held, m.written_ms, m.due_ms, \
         m.sent_ms, m.attempts, m.reply FROM outbox_mail m \
         LEFT JOIN mail_recipient r ON r.account_id = m.account_id AND r.address_key = m.address_key \
         WHERE m.account_id = $1 AND m.id < $2 ORDER BY m.id DESC LIMIT $3";
    let values: [Value; 3] = [account.0.into(), before.unwrap_or(Uuid::max()).into(), i64::from(most).into()];
    let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            let content: String = row.try_get("", "content")?;
            Ok(SentMail {
                id: row.try_get("", "id")?,
                address: row.try_get("", "address")?,
                key: row.try_get("", "mail_key")?,
                content: serde_json::from_str(&content).map_err(|error| StoreError::Other(format!("a mail cannot be read: {error}")))?,
                status: word(row, "state", MailStatus::from_word)?,
                held: held(row)?,
                written_ms: row.try_get("", "written_ms")?,
                due_ms: row.try_get("", "due_ms")?,
                sent_ms: row.try_get("", "sent_ms")?,
                attempts: row.try_get("", "attempts")?,
                reply: row.try_get("", "reply")?,
            })
        })
        .collect()
}

/// Deletes mails, of all accounts, that came to their end before `before_ms`, and what is kept about incidents that are gone. Returns how
/// many mails.
///
/// # Errors
/// When the database fails.
pub async fn prune(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    const CHUNK: i64 = 1_000;
    let mut pruned = 0;
    loop {
        let sql = "DELETE FROM outbox_mail WHERE (account_id, id) IN \
             (SELECT account_id, id FROM outbox_mail WHERE done_ms < $1 ORDER BY done_ms LIMIT $2)";
        let done = store.writer().execute_raw(store.statement(sql, [before_ms.into(), CHUNK.into()])).await?;
        pruned += done.rows_affected();
        if done.rows_affected() < CHUNK.unsigned_abs() {
            break;
        }
    }
    let orphans = "DELETE FROM incident_mail WHERE NOT EXISTS (SELECT 1 FROM incident i \
         WHERE i.account_id = incident_mail.account_id AND i.id = incident_mail.incident_id)";
    store.writer().execute_raw(store.statement(orphans, [])).await?;
    Ok(pruned)
}
