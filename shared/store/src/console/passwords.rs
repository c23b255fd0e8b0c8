//! Passwords of the console, as the slow hashes they are stored as.

use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, UserId};
use sea_orm::{ConnectionTrait, Value};

/// The hash of a user's password; none when the user has not chosen one.
///
/// # Errors
/// When the database fails.
pub async fn hash(store: &Store, account: AccountId, user: UserId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT hash FROM console_password WHERE account_id = $1 AND user_id = $2";
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), user.0.into()])).await?;
    row.map(|row| Ok(row.try_get("", "hash")?)).transpose()
}

/// Keeps the hash of a user's new password.
///
/// # Errors
/// When the database fails.
pub async fn set(store: &Store, account: AccountId, user: UserId, hash: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO console_password (account_id, user_id, hash, changed_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_id, user_id) DO UPDATE SET hash = excluded.hash, changed_ms = excluded.changed_ms";
    let values: [Value; 4] = [account.0.into(), user.0.into(), hash.into(), now_ms().into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}
