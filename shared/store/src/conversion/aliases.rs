//! Aliases of a run: written before the first user is converted, so that the hot loop writes nothing but users.
//!
//! An alias beside the user id it stands for changes nothing: the exact user id comes first.

use super::{Advance, ConversionError, Lease, begin_gently, fence, items::done, statement};
use crate::{Store, StoreError, now_ms, rows::Rows};
use muster_domain::{AccountId, ConversionId, conversion::AliasTerms};
use sea_orm::{ConnectionTrait, Statement, Value};

pub(crate) const UPSERT: &str = "ON CONFLICT (account_id, old_key) DO UPDATE SET user_id = excluded.user_id, old_id = excluded.old_id, \
    conversion_id = excluded.conversion_id, expires_ms = excluded.expires_ms, reserved_ms = excluded.reserved_ms";

/// Makes the old user ids of the items in `(after, to]` that are to be converted aliases.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn write_aliases(
    store: &Store,
    lease: &Lease,
    (after, to): (i64, i64),
    terms: AliasTerms,
    advance: &Advance,
) -> Result<serde_json::Value, ConversionError> {
    let tx = begin_gently(store, true).await?;
    let sql = format!(
        "INSERT INTO alias (account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, hits) \
         SELECT i.account_id, i.old_key, i.user_id, i.old_id, i.conversion_id, CAST($5 AS bigint), CAST($6 AS bigint), 0 \
         FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND i.state = 'todo' {UPSERT}"
    );
    let values: [Value; 6] =
        [lease.account.0.into(), lease.conversion.0.into(), after.into(), to.into(), terms.expires_ms.into(), terms.reserved_ms.into()];
    tx.inner.execute_raw(statement(&tx, &sql, values)).await?;
    let pace = fence(&tx, lease, advance, now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}

/// Takes back the aliases of those items in `(after, to]` that were not converted after all.
///
/// # Errors
/// When the database fails.
pub async fn prune_aliases(
    store: &Store,
    account: AccountId,
    conversion: ConversionId,
    users_n: i64,
    (after, to): (i64, i64),
) -> Result<(), StoreError> {
    let which = format!("NOT {}", done("$5"));
    let keys = keys(store, account, conversion, &which, &[after.into(), to.into(), users_n.into()]).await?;
    if let Some(statement) = deletion(store, account, conversion, keys) {
        store.writer().execute_raw(statement).await?;
    }
    Ok(())
}

/// Deletes the aliases of the undone items in `(after, to]` of a run, with a step of the run that undoes it.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn delete_aliases(
    store: &Store,
    lease: &Lease,
    journal: ConversionId,
    (after, to): (i64, i64),
    advance: &Advance,
) -> Result<serde_json::Value, ConversionError> {
    let keys = keys(store, lease.account, journal, "i.state = 'undone'", &[after.into(), to.into()]).await?;
    let tx = begin_gently(store, true).await?;
    if let Some(statement) = deletion(store, lease.account, journal, keys) {
        tx.inner.execute_raw(statement).await?;
    }
    let pace = fence(&tx, lease, advance, now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}

/// The old keys of such items.
async fn keys(store: &Store, account: AccountId, journal: ConversionId, which: &str, values: &[Value]) -> Result<Vec<String>, StoreError> {
    let sql = format!(
        "SELECT i.old_key FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND {which}"
    );
    let values = [account.0.into(), journal.0.into()].into_iter().chain(values.iter().cloned());
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "old_key")?)).collect()
}

/// Deletes these aliases of a run, each by its key: a join with the items would be planned by statistics nobody has yet.
fn deletion(store: &Store, account: AccountId, conversion: ConversionId, keys: Vec<String>) -> Option<Statement> {
    if keys.is_empty() {
        return None;
    }
    let rows = Rows::new(store.dialect())
        .uuid("account_id", keys.iter().map(|_| account.0))
        .uuid("conversion", keys.iter().map(|_| conversion.0))
        .text("old_key", keys.iter().cloned());
    Some(rows.statement("DELETE FROM alias WHERE (account_id, old_key, conversion_id) IN (SELECT account_id, old_key, conversion FROM r)"))
}
