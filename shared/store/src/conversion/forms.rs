//! In which form users were asked for, hour by hour.
//!
//! Gateways count in memory and add what they have counted; a row is an account's hour. No user id is kept.

use super::Conversion;
use crate::{Store, StoreError, rows::Rows};
use muster_domain::{
    AccountId,
    conversion::{FORM_HOURS, Form, FormCount, Forms, Source, form_of, hour_of},
};
use sea_orm::{ConnectionTrait, Value};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Nobody asks for what is older.
const KEEP_MS: i64 = 3 * 24 * HOUR_MS;
/// How far into a plan an example is looked for.
const LOOK_AT: i64 = 1_000;

/// What was counted in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// Of which account.
    pub account: AccountId,
    /// When the hour began, milliseconds since 1970.
    pub hour_ms: i64,
    /// Who asked.
    pub source: Source,
    /// How often.
    pub count: FormCount,
}

/// Adds to what was counted before, in one statement.
///
/// # Errors
/// When the database fails: then nothing was added.
pub async fn add_forms(store: &Store, counted: &[HourCount]) -> Result<(), StoreError> {
    if counted.is_empty() {
        return Ok(());
    }
    // In the order of the key, so that gateways that write at once do not wait for each other in a circle.
    let mut sorted: Vec<&HourCount> = counted.iter().collect();
    sorted.sort_by_key(|one| (one.account, one.hour_ms, one.source));
    let rows = Rows::new(store.dialect())
        .uuid("account_id", sorted.iter().map(|one| one.account.0))
        .int("hour_ms", sorted.iter().map(|one| one.hour_ms))
        .text("source", sorted.iter().map(|one| one.source.as_str().to_owned()))
        .int("mailbox", sorted.iter().map(|one| one.count.mailbox))
        .int("email", sorted.iter().map(|one| one.count.email));
    let sql = "INSERT INTO user_id_form (account_id, hour_ms, source, mailbox, email) \
         SELECT account_id, hour_ms, source, mailbox, email FROM r WHERE true ORDER BY account_id, hour_ms, source \
         ON CONFLICT (account_id, hour_ms, source) DO UPDATE SET mailbox = user_id_form.mailbox + excluded.mailbox, \
         email = user_id_form.email + excluded.email";
    store.writer().execute_raw(rows.statement(sql)).await?;
    Ok(())
}

/// What was asked in the last hours, and what of it stands against the run.
///
/// # Errors
/// When the database fails.
pub async fn forms(store: &Store, run: &Conversion, now_ms: i64) -> Result<Forms, StoreError> {
    let sql = "SELECT source, CAST(SUM(mailbox) AS bigint) AS mailbox, CAST(SUM(email) AS bigint) AS email FROM user_id_form \
         WHERE account_id = $1 AND hour_ms >= $2 GROUP BY source";
    let values: [Value; 2] = [run.account.0.into(), hour_of(now_ms - FORM_HOURS * HOUR_MS).into()];
    let mut forms = Forms::default();
    for row in store.reader().query_all_raw(store.statement(sql, values)).await? {
        let source: String = row.try_get("", "source")?;
        let count = FormCount { mailbox: row.try_get("", "mailbox")?, email: row.try_get("", "email")? };
        match source.parse() {
            Ok(Source::Scim) => forms.scim = count,
            Ok(Source::Sso) => forms.sso = count,
            Err(error) => return Err(StoreError::Other(format!("who asked for a user: {error}"))),
        }
    }
    if forms.scim.mailbox + forms.sso.mailbox == 0 {
        return Ok(forms);
    }
    let example = example(store, run).await?;
    Ok(forms.warn(run.kind, example.as_ref().map(|(old, new)| (old.as_str(), new.as_str()))))
}

/// A user id that is converted, and what it becomes.
async fn example(store: &Store, run: &Conversion) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT i.old_id, i.new_id FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > 0 AND i.n <= $3 \
         AND i.new_id IS NOT NULL AND i.state <> 'left' ORDER BY i.conversion_id, i.n";
    let values: [Value; 3] = [run.account.0.into(), run.journal().0.into(), LOOK_AT.into()];
    for row in store.reader().query_all_raw(store.statement(sql, values)).await? {
        let old: String = row.try_get("", "old_id")?;
        if form_of(&old) == Form::Mailbox {
            return Ok(Some((old, row.try_get("", "new_id")?)));
        }
    }
    Ok(None)
}

/// Deletes what is too old to be asked for, and says how many rows that were.
pub(crate) async fn discard_forms(store: &Store, account: AccountId, now_ms: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM user_id_form WHERE account_id = $1 AND hour_ms < $2";
    let values: [Value; 2] = [account.0.into(), (now_ms - KEEP_MS).into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected())
}
