//! One-time links: whoever follows one may choose a password, once.
//!
//! One without a user makes the first administrator of an account, and works only as long as the account has none.

use super::administrators;
use crate::{Store, StoreError};
use muster_domain::{AccountId, SecretKeyHash, UserId};
use sea_orm::{ConnectionTrait, Value};

/// How long a link may wait, milliseconds.
pub const LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// A link that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The account it is about.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// Who it lets choose a password; nobody yet when it makes the first administrator.
    pub user: Option<(UserId, String)>,
}

/// Makes a link, and voids those of the same purpose that were made before it.
///
/// # Errors
/// When the database fails.
pub async fn create(store: &Store, account: AccountId, user: Option<UserId>, hash: &SecretKeyHash, now_ms: i64) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    let (old, purpose): (_, Vec<Value>) = match user {
        Some(user) => ("DELETE FROM console_link WHERE account_id = $1 AND user_id = $2", vec![account.0.into(), user.0.into()]),
        None => ("DELETE FROM console_link WHERE account_id = $1 AND user_id IS NULL", vec![account.0.into()]),
    };
    tx.inner.execute_raw(store.statement(old, purpose)).await?;
    let sql = "INSERT INTO console_link (hash, account_id, user_id, created_ms, ends_ms) VALUES ($1, $2, $3, $4, $5)";
    let values: [Value; 5] =
        [hash.0.to_vec().into(), account.0.into(), user.map(|user| user.0).into(), now_ms.into(), (now_ms + LIFE_MS).into()];
    tx.inner.execute_raw(store.statement(sql, values)).await?;
    tx.commit().await
}

/// The link with this token, if it still works.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, hash: &SecretKeyHash, now_ms: i64) -> Result<Option<Link>, StoreError> {
    let sql = "SELECT l.account_id, a.name, l.user_id AS owner, u.user_id, u.active FROM console_link l \
         JOIN account a ON a.id = l.account_id \
         LEFT JOIN users u ON u.account_id = l.account_id AND u.id = l.user_id \
         WHERE l.hash = $1 AND l.used_ms IS NULL AND l.ends_ms > $2";
    let values: [Value; 2] = [hash.0.to_vec().into(), now_ms.into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else { return Ok(None) };
    let account = AccountId(row.try_get("", "account_id")?);
    let link = Link { account, account_name: row.try_get("", "name")?, user: None };
    let Some(owner) = row.try_get::<Option<uuid::Uuid>>("", "owner")? else {
        // Somebody is in charge by now: the door for the first one is closed.
        return Ok((!administrators::exists(store, account).await?).then_some(link));
    };
    let (user_id, active): (Option<String>, Option<bool>) = (row.try_get("", "user_id")?, row.try_get("", "active")?);
    Ok(match user_id {
        Some(user_id) if active == Some(true) => Some(Link { user: Some((UserId(owner), user_id)), ..link }),
        _ => None,
    })
}

/// Takes the link: true for whoever is first.
///
/// # Errors
/// When the database fails.
pub async fn claim(store: &Store, account: AccountId, hash: &SecretKeyHash, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE console_link SET used_ms = $3 WHERE account_id = $1 AND hash = $2 AND used_ms IS NULL AND ends_ms > $3";
    let values: [Value; 3] = [account.0.into(), hash.0.to_vec().into(), now_ms.into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() == 1)
}

/// Gives a claimed link back: nothing came of it.
///
/// # Errors
/// When the database fails.
pub async fn release(store: &Store, account: AccountId, hash: &SecretKeyHash) -> Result<(), StoreError> {
    let sql = "UPDATE console_link SET used_ms = NULL WHERE account_id = $1 AND hash = $2";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), hash.0.to_vec().into()])).await?;
    Ok(())
}
