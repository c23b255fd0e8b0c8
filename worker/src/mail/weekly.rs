//! The summary of the week before, once for each account in which something happened.

use jiff::tz::TimeZone;
use muster_domain::notify::{Content, MailKey, week_of};
use muster_store::{
    Store, StoreError, accounts,
    outbox::{self, NewMail},
};

/// Writes what is not written yet. Weeks are those of UTC: an account has recipients in many zones, and one week.
pub(crate) async fn write(store: &Store, now_ms: i64) -> Result<(), StoreError> {
    let Some((week, from_ms, to_ms)) = week_of(now_ms, &TimeZone::UTC) else { return Ok(()) };
    for account in accounts::list(store).await? {
        let key = MailKey::weekly(account.id, &week);
        if outbox::is_written(store, account.id, &key).await? {
            continue;
        }
        let Some(facts) = outbox::week(store, account.id, &week, from_ms, to_ms).await? else { continue };
        let mail = NewMail { key, thread: None, content: Content::Weekly(facts), attachment: None, immediate: false, trace: None };
        outbox::write(store, account.id, &mail, now_ms).await?;
    }
    Ok(())
}
