//! Leases, and what becomes of a mail.

use super::{MailStatus, held_word};
use crate::{Store, StoreError};
use muster_domain::{
    AccountId, TraceParent,
    notify::{Content, FoldReason, GIVE_UP_AFTER_MS, retry_at},
};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// The longest reply that is kept, characters.
const REPLY_MAX: usize = 500;

/// While the server is away, the mails that wait for a recipient ask for it this often, all together.
const ASK_AGAIN_MS: i64 = 60_000;

/// The right to arrange and send everything that waits for one recipient.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The account.
    pub account: AccountId,
    /// The recipient within it.
    pub address_key: String,
    /// The account's short name.
    pub account_slug: String,
    /// The account's host of its own, when it has one.
    pub account_host: Option<String>,
    /// The address as it was written.
    pub address: String,
    /// The recipient's time zone, by its IANA name.
    pub time_zone: String,
    /// What lets the recipient end the mails.
    pub token: String,
    /// The recipient is not on a list, but the SCIM administrator.
    pub by_default: bool,
    owner: Uuid,
}

/// One mail on its way to the server: what a message is made from.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Its id.
    pub id: Uuid,
    /// Which mail it is.
    pub key: String,
    /// The mails it belongs with.
    pub thread: Option<String>,
    /// What it says.
    pub content: Content,
    /// A CSV file that goes with it.
    pub attachment: Option<String>,
    /// When it was written, milliseconds since 1970.
    pub written_ms: i64,
    /// When it was due first, milliseconds since 1970.
    pub first_due_ms: i64,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// How often the server had it all and did not say what it did with it.
    pub unanswered: u32,
    /// The span of what caused it.
    pub trace: Option<TraceParent>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server has taken it.
    Taken,
    /// The server had all of it and never answered.
    Unanswered,
    /// The server refused it for good: the recipient or the mail.
    Refused,
    /// The server said "not now".
    NotNow,
    /// There was no server to talk to, or it talked to nobody: wrong password, bad certificate, no encryption.
    Away,
}

/// Takes a lease on a recipient until `until_ms`; none when somebody else has it. The mails of one that is gone or has unsubscribed end
/// here, and there is nothing to lease.
///
/// # Errors
/// When the database fails.
pub async fn lease(store: &Store, account: AccountId, address_key: &str, now_ms: i64, until_ms: i64) -> Result<Option<Lease>, StoreError> {
    let owner = Uuid::now_v7();
    let take = "UPDATE mail_recipient SET lease_owner = $3, lease_until_ms = $4 \
         WHERE account_id = $1 AND address_key = $2 AND lease_until_ms <= $5 AND unsubscribed_ms IS NULL";
    let values: [Value; 5] = [account.0.into(), address_key.into(), owner.into(), until_ms.into(), now_ms.into()];
    if store.writer().execute_raw(store.statement(take, values)).await?.rows_affected() == 0 {
        suppress(store, account, address_key, now_ms).await?;
        return Ok(None);
    }
    let sql = "SELECT r.address, r.time_zone, r.token, r.source, a.slug, a.host FROM mail_recipient r JOIN account a ON a.id = r.account_id \
         WHERE r.account_id = $1 AND r.address_key = $2 AND r.lease_owner = $3";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [account.0.into(), address_key.into(), owner.into()])).await? else {
        return Ok(None);
    };
    let source: String = row.try_get("", "source")?;
    Ok(Some(Lease {
        account,
        address_key: address_key.to_owned(),
        account_slug: row.try_get("", "slug")?,
        account_host: row.try_get("", "host")?,
        address: row.try_get("", "address")?,
        time_zone: row.try_get("", "time_zone")?,
        token: row.try_get("", "token")?,
        by_default: source != "list",
        owner,
    }))
}

/// Ends what waits for a recipient who wants nothing any more.
async fn suppress(store: &Store, account: AccountId, address_key: &str, now_ms: i64) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE outbox_mail SET state = '{}', done_ms = $3, attachment = NULL \
         WHERE account_id = $1 AND address_key = $2 AND state = 'pending' AND NOT EXISTS (SELECT 1 FROM mail_recipient r \
         WHERE r.account_id = $1 AND r.address_key = $2 AND r.unsubscribed_ms IS NULL)",
        MailStatus::Suppressed.as_str()
    );
    store.writer().execute_raw(store.statement(sql, [account.0.into(), address_key.into(), now_ms.into()])).await?;
    Ok(())
}

/// Gives a lease back.
///
/// # Errors
/// When the database fails; the lease then ends by itself.
pub async fn release(store: &Store, lease: &Lease) -> Result<(), StoreError> {
    let sql = "UPDATE mail_recipient SET lease_until_ms = 0 WHERE account_id = $1 AND address_key = $2 AND lease_owner = $3";
    let values: [Value; 3] = [lease.account.0.into(), lease.address_key.clone().into(), lease.owner.into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Marks a mail as being sent until `until_ms`, prolongs the lease to the same moment, and returns what to send; none when it does not
/// wait any more (a newer mail has taken its place), or the lease was lost.
///
/// # Errors
/// When the database fails. Send nothing then.
pub async fn mark(store: &Store, lease: &Lease, id: Uuid, now_ms: i64, until_ms: i64) -> Result<Option<Envelope>, StoreError> {
    let prolong = "UPDATE mail_recipient SET lease_until_ms = $4 WHERE account_id = $1 AND address_key = $2 AND lease_owner = $3 \
         AND unsubscribed_ms IS NULL";
    let values: [Value; 4] = [lease.account.0.into(), lease.address_key.clone().into(), lease.owner.into(), until_ms.into()];
    if store.writer().execute_raw(store.statement(prolong, values)).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let sql = "UPDATE outbox_mail SET attempts = attempts + 1, sending_until_ms = $4 \
         WHERE account_id = $1 AND id = $2 AND state = 'pending' AND sending_until_ms <= $3 \
         RETURNING mail_key, thread, content, attachment, written_ms, first_due_ms, attempts, unanswered, trace";
    let values: [Value; 4] = [lease.account.0.into(), id.into(), now_ms.into(), until_ms.into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else { return Ok(None) };
    let content: String = row.try_get("", "content")?;
    let number = |name: &str| -> Result<u32, StoreError> { Ok(u32::try_from(row.try_get::<i64>("", name)?).unwrap_or(u32::MAX)) };
    Ok(Some(Envelope {
        id,
        key: row.try_get("", "mail_key")?,
        thread: row.try_get("", "thread")?,
        content: serde_json::from_str(&content).map_err(|error| StoreError::Other(format!("a mail cannot be read: {error}")))?,
        attachment: row.try_get("", "attachment")?,
        written_ms: row.try_get("", "written_ms")?,
        first_due_ms: row.try_get("", "first_due_ms")?,
        attempts: number("attempts")?,
        unanswered: number("unanswered")?,
        trace: row.try_get::<Option<String>>("", "trace")?.and_then(|trace| trace.parse().ok()),
    }))
}

/// Prolongs a lease, and the mark of the mail in hand, while it lasts.
///
/// # Errors
/// When the database fails; the lease then ends when it would have.
pub async fn prolong(store: &Store, lease: &Lease, mail: Option<&Envelope>, until_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE mail_recipient SET lease_until_ms = $4 WHERE account_id = $1 AND address_key = $2 AND lease_owner = $3";
    let values: [Value; 4] = [lease.account.0.into(), lease.address_key.clone().into(), lease.owner.into(), until_ms.into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    if let Some(mail) = mail {
        let sql = "UPDATE outbox_mail SET sending_until_ms = $4 WHERE account_id = $1 AND id = $2 AND state = 'pending' AND attempts = $3";
        let values: [Value; 4] = [lease.account.0.into(), mail.id.into(), i64::from(mail.attempts).into(), until_ms.into()];
        store.writer().execute_raw(store.statement(sql, values)).await?;
    }
    Ok(())
}

/// Records how an attempt ended, with what the server said, and returns where the mail stands now.
///
/// # Errors
/// When the database fails. The mail is tried again after its mark has run out.
pub async fn end(
    store: &Store,
    lease: &Lease,
    mail: &Envelope,
    ending: &Ending,
    reply: &str,
    now_ms: i64,
) -> Result<MailStatus, StoreError> {
    let retry = retry_at(mail.first_due_ms, now_ms, mail.attempts);
    // A server that drops the connection when it has a mail may have taken it each time. Twice the same mail is what anybody should bear.
    let unanswered = mail.unanswered + u32::from(*ending == Ending::Unanswered);
    let status = match ending {
        Ending::Taken => MailStatus::Sent,
        Ending::Unanswered if unanswered >= 2 => MailStatus::Unconfirmed,
        Ending::Refused => MailStatus::Failed,
        Ending::Unanswered | Ending::NotNow | Ending::Away if retry.is_none() => MailStatus::Failed,
        Ending::Unanswered | Ending::NotNow | Ending::Away => MailStatus::Pending,
    };
    let reply = tidy(reply);
    let may_have_it = matches!(status, MailStatus::Sent | MailStatus::Unconfirmed);
    let done = status != MailStatus::Pending;
    let sql = "UPDATE outbox_mail SET state = $3, reply = $4, unanswered = $5, due_ms = $6, sending_until_ms = 0, sent_ms = $7, done_ms = $8, \
         attachment = CASE WHEN $3 = 'pending' THEN attachment END WHERE account_id = $1 AND id = $2 AND state = 'pending' \
         AND ($3 = 'sent' OR attempts = $9)";
    let values: [Value; 9] = [
        lease.account.0.into(),
        mail.id.into(),
        status.as_str().into(),
        reply.clone().into(),
        i64::from(unanswered).into(),
        retry.unwrap_or(now_ms).into(),
        may_have_it.then_some(now_ms).into(),
        done.then_some(now_ms).into(),
        // Whose mark has run out, so that another has begun, says nothing any more, unless it is that the mail is sent.
        i64::from(mail.attempts).into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    match ending {
        Ending::Taken => bounced(store, lease, None, now_ms).await?,
        Ending::Refused => bounced(store, lease, Some(reply.clone()), now_ms).await?,
        Ending::Away => defer(store, lease, &reply, now_ms).await?,
        Ending::Unanswered | Ending::NotNow => {}
    }
    Ok(status)
}

/// The server is away: nothing that waits for the recipient is tried before a minute is over, and what is not immediate is held until
/// then, so that it goes out together. What has waited for a day is given up.
///
/// # Errors
/// When the database fails.
pub async fn defer(store: &Store, lease: &Lease, reply: &str, now_ms: i64) -> Result<(), StoreError> {
    let address = || [Value::from(lease.account.0), lease.address_key.clone().into()];
    let give_up = format!(
        "UPDATE outbox_mail SET state = '{}', done_ms = $3, attachment = NULL, reply = COALESCE(reply, $5) \
         WHERE account_id = $1 AND address_key = $2 AND state = 'pending' AND sending_until_ms <= $3 AND first_due_ms <= $4",
        MailStatus::Failed.as_str()
    );
    let values = [now_ms.into(), (now_ms - GIVE_UP_AFTER_MS).into(), tidy(reply).into()];
    store.writer().execute_raw(store.statement(give_up, address().into_iter().chain(values))).await?;
    let hold = format!(
        "UPDATE outbox_mail SET reply = $5, due_ms = CASE WHEN due_ms < $4 THEN $4 ELSE due_ms END, \
         held = CASE WHEN held IS NULL AND NOT immediate AND NOT folded THEN '{}' ELSE held END \
         WHERE account_id = $1 AND address_key = $2 AND state = 'pending' AND first_due_ms <= $3",
        held_word(FoldReason::Outage)
    );
    let values = [now_ms.into(), (now_ms + ASK_AGAIN_MS).into(), tidy(reply).into()];
    store.writer().execute_raw(store.statement(hold, address().into_iter().chain(values))).await?;
    Ok(())
}

/// What a server said, as it may be kept and shown.
fn tidy(reply: &str) -> String {
    reply.chars().filter(|char| !char.is_control()).take(REPLY_MAX).collect()
}

/// Shows at the recipient that the server refuses it, or no longer does.
async fn bounced(store: &Store, lease: &Lease, bounce: Option<String>, now_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE mail_recipient SET bounced_ms = $3, bounce = $4 WHERE account_id = $1 AND address_key = $2 \
         AND (bounced_ms IS NOT NULL OR $3 IS NOT NULL)";
    let at = bounce.as_ref().map(|_| now_ms);
    let values: [Value; 4] = [lease.account.0.into(), lease.address_key.clone().into(), at.into(), bounce.into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}
