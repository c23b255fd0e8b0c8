//! Who gets mail.

use crate::{Dialect, Store, StoreError, WriteTransaction};
use muster_domain::{
    AccountId,
    notify::{MailAddress, QuietHours, unsubscribe_token},
};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::Serialize;

/// Why somebody gets mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The address is on the account's list.
    List,
    /// The list is empty, and it is the SCIM administrator's address.
    Administrator,
}

/// Somebody who gets mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Why.
    pub source: Source,
    /// The time zone moments are shown in, by its IANA name.
    pub time_zone: String,
    /// The hours of the day without mail that can wait, such as `20:00-07:30`.
    pub quiet_hours: Option<String>,
    /// When it unsubscribed, milliseconds since 1970; nothing is sent to it since.
    pub unsubscribed_ms: Option<i64>,
    /// When the server last refused it for good, milliseconds since 1970.
    pub bounced_ms: Option<i64>,
    /// What the server said then.
    pub bounce: Option<String>,
    #[serde(skip)]
    pub(super) key: String,
}

/// Somebody to put on the list.
#[derive(Clone, Debug)]
pub struct NewRecipient {
    /// The address.
    pub address: MailAddress,
    /// A time zone's IANA name.
    pub time_zone: String,
    /// Quiet hours, if any.
    pub quiet_hours: Option<String>,
}

impl Recipient {
    const COLUMNS: &'static str = "address, address_key, source, time_zone, quiet_hours, unsubscribed_ms, bounced_ms, bounce";

    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let source: String = row.try_get("", "source")?;
        Ok(Self {
            address: row.try_get("", "address")?,
            key: row.try_get("", "address_key")?,
            source: if source == "list" { Source::List } else { Source::Administrator },
            time_zone: row.try_get("", "time_zone")?,
            quiet_hours: row.try_get("", "quiet_hours")?,
            unsubscribed_ms: row.try_get("", "unsubscribed_ms")?,
            bounced_ms: row.try_get("", "bounced_ms")?,
            bounce: row.try_get("", "bounce")?,
        })
    }

    /// When quiet hours end that this moment is in.
    pub(super) fn hold_until(&self, now_ms: i64) -> Option<i64> {
        // What is stored was checked when it was stored; if it cannot be read all the same, mail is not held.
        QuietHours::parse(self.quiet_hours.as_deref()?, &self.time_zone).ok()?.hold_until(now_ms)
    }
}

/// Puts an address on the account's list, or changes its settings; one that had unsubscribed gets mail again.
///
/// # Errors
/// [`StoreError::Conflict`] when time zone or quiet hours are not understood.
pub async fn add(store: &Store, account: AccountId, new: &NewRecipient, now_ms: i64) -> Result<(), StoreError> {
    let conflict = |error: muster_domain::notify::BadQuietHours| StoreError::Conflict(error.to_string());
    match &new.quiet_hours {
        Some(hours) => drop(QuietHours::parse(hours, &new.time_zone).map_err(conflict)?),
        None => drop(QuietHours::zone(&new.time_zone).map_err(conflict)?),
    }
    let sql = "INSERT INTO mail_recipient (account_id, address_key, address, source, time_zone, quiet_hours, token, created_ms, lease_until_ms) \
         VALUES ($1, $2, $3, 'list', $4, $5, $6, $7, 0) \
         ON CONFLICT (account_id, address_key) DO UPDATE SET address = excluded.address, source = 'list', time_zone = excluded.time_zone, \
         quiet_hours = excluded.quiet_hours, unsubscribed_ms = NULL, bounced_ms = NULL, bounce = NULL";
    let values: [Value; 7] = [
        account.0.into(),
        new.address.key().into(),
        new.address.as_str().into(),
        new.time_zone.trim().into(),
        new.quiet_hours.clone().into(),
        unsubscribe_token().into(),
        now_ms.into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Takes an address off the list; false when it is not on it. What waits for it is not sent.
///
/// # Errors
/// When the database fails.
pub async fn remove(store: &Store, account: AccountId, address: &MailAddress) -> Result<bool, StoreError> {
    let sql = "DELETE FROM mail_recipient WHERE account_id = $1 AND address_key = $2 AND source = 'list'";
    let done = store.writer().execute_raw(store.statement(sql, [account.0.into(), address.key().into()])).await?;
    Ok(done.rows_affected() > 0)
}

/// Everybody who gets mail about the account now, and those on its list who have unsubscribed.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, now_ms: i64) -> Result<Vec<Recipient>, StoreError> {
    let tx = store.begin().await?;
    let recipients = tx.recipients(account, now_ms).await?;
    tx.commit().await?;
    Ok(recipients)
}

/// Ends the mails to whoever has this token, and says whether anybody has it. The same again changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn unsubscribe(store: &Store, token: &str, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE mail_recipient SET unsubscribed_ms = COALESCE(unsubscribed_ms, $2) WHERE token = $1";
    let done = store.writer().execute_raw(store.statement(sql, [token.into(), now_ms.into()])).await?;
    Ok(done.rows_affected() > 0)
}

impl WriteTransaction {
    /// As [`list`].
    pub(super) async fn recipients(&self, account: AccountId, now_ms: i64) -> Result<Vec<Recipient>, StoreError> {
        let listed = self.stored_recipients(account, "source = 'list' ORDER BY address_key", None).await?;
        if !listed.is_empty() {
            return Ok(listed);
        }
        let Some(address) = self.administrator_address(account).await? else { return Ok(Vec::new()) };
        let insert = "INSERT INTO mail_recipient (account_id, address_key, address, source, time_zone, token, created_ms, lease_until_ms) \
             VALUES ($1, $2, $3, 'administrator', 'UTC', $4, $5, 0) ON CONFLICT DO NOTHING";
        let values: [Value; 5] =
            [account.0.into(), address.key().into(), address.as_str().into(), unsubscribe_token().into(), now_ms.into()];
        self.inner.execute_raw(self.sql(insert, values)).await?;
        self.stored_recipients(account, "address_key = $2", Some(address.key())).await
    }

    async fn stored_recipients(&self, account: AccountId, which: &str, key: Option<String>) -> Result<Vec<Recipient>, StoreError> {
        let sql = format!("SELECT {} FROM mail_recipient WHERE account_id = $1 AND {which}", Recipient::COLUMNS);
        let values = std::iter::once(Value::from(account.0)).chain(key.map(Value::from));
        self.inner.query_all_raw(self.sql(&sql, values)).await?.iter().map(Recipient::read).collect()
    }

    /// The address of the SCIM administrator; none when there is no key, or the user has no address mail can be sent to.
    async fn administrator_address(&self, account: AccountId) -> Result<Option<MailAddress>, StoreError> {
        let sql = "SELECT u.email FROM secret_key k JOIN users u ON u.account_id = k.account_id AND u.id = k.administrator_id \
             WHERE k.account_id = $1 AND k.voided_ms IS NULL";
        let Some(row) = self.inner.query_one_raw(self.sql(sql, [account.0.into()])).await? else { return Ok(None) };
        let email: Option<String> = row.try_get("", "email")?;
        Ok(email.and_then(|email| email.trim().parse().ok()))
    }

    pub(super) fn sql(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), sql, values)
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }
}
