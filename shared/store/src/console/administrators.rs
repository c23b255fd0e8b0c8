//! Those who may hold a secret key, and whether anybody is in charge.

use crate::{Store, StoreError};
use muster_domain::{AccountId, Role, UserId};
use sea_orm::{ConnectionTrait, Value};

/// Somebody who may be chosen as SCIM administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The user.
    pub id: UserId,
    /// What it signs in with.
    pub user_id: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// Administrator or user manager.
    pub role: Role,
}

/// The active users of an account who may be its SCIM administrator, by user id; at most `most`. Their index holds nobody else.
///
/// # Errors
/// When the database fails.
pub async fn candidates(store: &Store, account: AccountId, most: u32) -> Result<Vec<Candidate>, StoreError> {
    let sql = "SELECT u.id, u.user_id, u.display_name, u.role FROM users u \
         WHERE u.account_id = $1 AND u.role <> 'user' AND u.role IN ('administrator', 'user_manager') AND u.active \
         ORDER BY u.login_key LIMIT $2";
    let values: [Value; 2] = [account.0.into(), i64::from(most).into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            let role: String = row.try_get("", "role")?;
            Ok(Candidate {
                id: UserId(row.try_get("", "id")?),
                user_id: row.try_get("", "user_id")?,
                display_name: row.try_get("", "display_name")?,
                role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
            })
        })
        .collect()
}

/// Whether the account has an administrator who may sign in.
///
/// # Errors
/// When the database fails.
pub async fn exists(store: &Store, account: AccountId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS one FROM users u WHERE u.account_id = $1 AND u.role <> 'user' AND u.role = 'administrator' AND u.active LIMIT 1";
    Ok(store.writer().query_one_raw(store.statement(sql, [account.0.into()])).await?.is_some())
}

/// The user id of an administrator who may sign in, and whether it has chosen a password.
///
/// # Errors
/// When the database fails.
pub async fn first(store: &Store, account: AccountId) -> Result<Option<(String, bool)>, StoreError> {
    let sql = "SELECT u.user_id, p.hash FROM users u \
         LEFT JOIN console_password p ON p.account_id = u.account_id AND p.user_id = u.id \
         WHERE u.account_id = $1 AND u.role <> 'user' AND u.role = 'administrator' AND u.active \
         ORDER BY CASE WHEN p.hash IS NULL THEN 1 ELSE 0 END, u.login_key LIMIT 1";
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into()])).await?;
    row.map(|row| Ok((row.try_get("", "user_id")?, row.try_get::<Option<String>>("", "hash")?.is_some()))).transpose()
}
