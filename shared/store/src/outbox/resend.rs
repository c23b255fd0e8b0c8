//! Sending a mail once more, because somebody asked for it.

use super::MailStatus;
use crate::{Store, StoreError};
use muster_domain::{AccountId, notify::MailKey};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// Writes a mail that has come to its end once more, to the same recipient, and returns the id of the new row. It waits for nothing, and no
/// newer mail takes its place: it was asked for. What was attached is gone.
///
/// # Errors
/// [`StoreError::Conflict`] when there is nothing to send again (the mail still waits, became part of another, or is gone) or nobody to send
/// it to; else when the database fails.
pub async fn resend(store: &Store, account: AccountId, id: Uuid, now_ms: i64) -> Result<Uuid, StoreError> {
    let ended = [MailStatus::Sent, MailStatus::Unconfirmed, MailStatus::Failed].map(|status| format!("'{}'", status.as_str())).join(", ");
    let again = Uuid::now_v7();
    let tx = store.begin().await?;
    // Those who get mail now: somebody may have been asked only as long as nobody else was on the list.
    let now = tx.recipients(account, now_ms).await?.into_iter().filter(|recipient| recipient.unsubscribed_ms.is_none());
    let now: Vec<Value> = now.map(|recipient| recipient.key.into()).collect();
    let places = (6..6 + now.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO outbox_mail (account_id, id, address_key, mail_key, thread, content, immediate, folded, state, due_ms, first_due_ms, \
         written_ms, attempts, unanswered, sending_until_ms, trace) \
         SELECT m.account_id, $3, m.address_key, $4, m.thread, m.content, true, false, 'pending', $5, $5, $5, 0, 0, 0, m.trace \
         FROM outbox_mail m WHERE m.account_id = $1 AND m.id = $2 AND m.state IN ({ended}) AND m.address_key IN ({places})"
    );
    let key = MailKey::again(again);
    let values: [Value; 5] = [account.0.into(), id.into(), again.into(), key.as_str().into(), now_ms.into()];
    let written = match now.len() {
        0 => 0,
        _ => tx.inner.execute_raw(store.statement(&sql, values.into_iter().chain(now))).await?.rows_affected(),
    };
    tx.commit().await?;
    if written == 0 {
        let why = "a mail is sent again when it was sent or given up, and to somebody who still gets mail";
        return Err(StoreError::Conflict(why.to_owned()));
    }
    Ok(again)
}
