//! Signing in: the user of a user id, or of one it had before.
//!
//! The exact user id comes first; an alias is asked only when nobody has it. So a user id that was given to somebody new, or that
//! came to another user through a chain, means the user who has it now.

mod change;
mod list;

#[cfg(test)]
mod tests;

pub use change::{RECENT_MS, Released, Which, extend, release};
pub use list::{Alias, AliasPage, AliasPlace, AliasQuery, NoPlace, full_page, list};

use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, LoginKey, UserId};
use sea_orm::{ConnectionTrait, Value};

/// How a user was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// It is the user id.
    UserId,
    /// It was the user id before a conversion.
    Alias,
}

/// A user who may sign in, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInUser {
    /// The user.
    pub id: UserId,
    /// The user id it has now.
    pub user_id: String,
    /// Whether it may sign in.
    pub active: bool,
    /// How it was found.
    pub by: FoundBy,
}

/// The user who signs in with this: the one whose user id it is, else the one whose alias it is. Nothing when there is neither.
/// Asks the primary: a user that was converted a moment ago must be found.
///
/// # Errors
/// When the database fails.
pub async fn sign_in_user(store: &Store, account: AccountId, presented: &str) -> Result<Option<SignInUser>, StoreError> {
    let key = LoginKey::of(presented);
    if key.is_empty() {
        return Ok(None);
    }
    let sql = "SELECT u.id, u.user_id, u.active, 0 AS place FROM users u WHERE u.account_id = $1 AND u.login_key = $2 \
         UNION ALL SELECT u.id, u.user_id, u.active, 1 AS place FROM alias a JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id \
         WHERE a.account_id = $1 AND a.old_key = $2 AND a.expires_ms > $3 ORDER BY place LIMIT 1";
    let values: [Value; 3] = [account.0.into(), key.into_string().into(), now_ms().into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else {
        return Ok(None);
    };
    // Postgres gives a small number, SQLite a large one.
    let exact = row.try_get::<i32>("", "place").map(i64::from).or_else(|_| row.try_get::<i64>("", "place"))? == 0;
    Ok(Some(SignInUser {
        id: UserId(row.try_get("", "id")?),
        user_id: row.try_get("", "user_id")?,
        active: row.try_get("", "active")?,
        by: if exact { FoundBy::UserId } else { FoundBy::Alias },
    }))
}

/// Counts that somebody signed in through an alias, so that an administrator sees when nobody uses old user ids any more.
///
/// # Errors
/// When the database fails.
pub async fn count_hit(store: &Store, account: AccountId, presented: &str) -> Result<(), StoreError> {
    let sql = "UPDATE alias SET hits = hits + 1, last_used_ms = $3 WHERE account_id = $1 AND old_key = $2";
    let values: [Value; 3] = [account.0.into(), LoginKey::of(presented).into_string().into(), now_ms().into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}
