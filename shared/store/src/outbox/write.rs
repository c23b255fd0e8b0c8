//! Writing mails down.

use super::{MailStatus, held_word, recipients::Recipient};
use crate::{Store, StoreError, WriteTransaction, rows::Rows};
use muster_domain::{
    AccountId, TraceParent,
    notify::{Content, FoldReason, MailKey, Thread},
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// A mail, before it is addressed to anybody.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Which mail it is.
    pub key: MailKey,
    /// The mails it belongs with.
    pub thread: Option<Thread>,
    /// What it says.
    pub content: Content,
    /// A CSV file that goes with it.
    pub attachment: Option<String>,
    /// It waits for nothing.
    pub immediate: bool,
    /// The span of what caused it.
    pub trace: Option<TraceParent>,
}

/// Writes a mail to everybody who gets mail about the account, and says to how many. The same mail again is written to nobody.
///
/// # Errors
/// When the database fails. Nothing was written then.
pub async fn write(store: &Store, account: AccountId, mail: &NewMail, now_ms: i64) -> Result<usize, StoreError> {
    let tx = store.begin().await?;
    let written = tx.write_mail(account, mail, now_ms).await?;
    tx.commit().await?;
    Ok(written)
}

impl WriteTransaction {
    /// As [`write`](fn@write), within the transaction that makes true what the mail tells.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write_mail(&self, account: AccountId, mail: &NewMail, now_ms: i64) -> Result<usize, StoreError> {
        let recipients = self.recipients(account, now_ms).await?;
        let addressed: Vec<&Recipient> = recipients.iter().filter(|recipient| recipient.unsubscribed_ms.is_none()).collect();
        if addressed.is_empty() {
            tracing::warn!(account.id = %account, mail = %mail.key, "nobody gets this mail: `muster notify add` puts an address on the list");
            return Ok(0);
        }
        let content = serde_json::to_string(&mail.content).map_err(|error| StoreError::Other(error.to_string()))?;
        let incident = mail.content.incident();
        let each = || addressed.iter();
        let hold = |recipient: &&&Recipient| if mail.immediate { None } else { recipient.hold_until(now_ms) };
        let rows = Rows::new(self.dialect)
            .uuid("account_id", each().map(|_| account.0))
            .uuid("id", each().map(|_| Uuid::now_v7()))
            .text("address_key", each().map(|recipient| recipient.key.clone()))
            .text("mail_key", each().map(|_| mail.key.to_string()))
            .maybe_text("thread", each().map(|_| mail.thread.as_ref().map(|thread| thread.as_str().to_owned())))
            .maybe_uuid("incident_id", each().map(|_| incident))
            .text("content", each().map(|_| content.clone()))
            .maybe_text("attachment", each().map(|_| mail.attachment.clone()))
            .bool("immediate", each().map(|_| mail.immediate))
            .maybe_text("held", each().map(|recipient| hold(&recipient).map(|_| held_word(FoldReason::QuietHours).to_owned())))
            .int("due_ms", each().map(|recipient| hold(&recipient).unwrap_or(now_ms)))
            .int("written_ms", each().map(|_| now_ms))
            .maybe_text("trace", each().map(|_| mail.trace.map(|trace| trace.to_string())));
        let sql = "INSERT INTO outbox_mail (account_id, id, address_key, mail_key, thread, incident_id, content, attachment, immediate, folded, \
             held, state, due_ms, first_due_ms, written_ms, attempts, unanswered, sending_until_ms, trace) \
             SELECT account_id, id, address_key, mail_key, thread, incident_id, content, attachment, immediate, false, \
             held, 'pending', due_ms, due_ms, written_ms, 0, 0, 0, trace FROM r WHERE true ON CONFLICT DO NOTHING RETURNING id";
        let written = self.inner.query_all_raw(rows.statement(sql)).await?.len();
        if written > 0
            && let Some(incident) = incident
        {
            self.supersede(account, incident, &mail.key, now_ms).await?;
        }
        Ok(written)
    }

    /// Older mails about the incident that nobody has begun to send are not sent any more.
    async fn supersede(&self, account: AccountId, incident: Uuid, by: &MailKey, now_ms: i64) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE outbox_mail SET state = '{}', done_ms = $4, attachment = NULL \
             WHERE account_id = $1 AND incident_id = $2 AND mail_key <> $3 AND state = 'pending' AND sending_until_ms <= $4",
            MailStatus::Superseded.as_str()
        );
        let values = [account.0.into(), incident.into(), by.as_str().into(), now_ms.into()];
        self.inner.execute_raw(self.sql(&sql, values)).await?;
        Ok(())
    }
}
