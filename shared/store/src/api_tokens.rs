//! Tokens of the JSON API.
//!
//! A token belongs to a user and can do what the user may: it works while it is neither voided nor past its end, and while the user is
//! active. That is asked at every look-up, so whoever disables the user needs to think of nothing else.

use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, ApiToken, ApiTokenId, Role, SecretKeyHash, UserId};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

/// What a token allows.
#[derive(Clone, Debug)]
pub struct TokenGrant {
    /// The account it decides.
    pub account: AccountId,
    /// Whose it is.
    pub user: UserId,
    /// What that user signs in with, for the record of what is done with the token.
    pub user_id: String,
    /// What that user may do.
    pub role: Role,
}

/// A token as it may be shown.
#[derive(Clone, Debug, Serialize)]
pub struct TokenInfo {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is for.
    pub name: String,
    /// Whose it is: the user id.
    pub user_id: Option<String>,
    /// Its last four characters.
    pub hint: String,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it ends, milliseconds since 1970.
    pub expires_ms: i64,
    /// When it was voided, milliseconds since 1970.
    pub voided_ms: Option<i64>,
}

/// What a token of this hash allows now; nothing when there is none, or it is voided or past its end, or its user may not sign in.
///
/// # Errors
/// When the database fails.
pub async fn find_active(store: &Store, hash: &SecretKeyHash) -> Result<Option<TokenGrant>, StoreError> {
    let sql = "SELECT t.account_id, t.user_id AS owner, u.user_id, u.role, u.active FROM api_token t \
         JOIN users u ON u.account_id = t.account_id AND u.id = t.user_id \
         WHERE t.hash = $1 AND t.voided_ms IS NULL AND t.expires_ms > $2";
    let values = [Value::from(hash.0.to_vec()), now_ms().into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else {
        return Ok(None);
    };
    if !row.try_get::<bool>("", "active")? {
        return Ok(None);
    }
    let role: String = row.try_get("", "role")?;
    Ok(Some(TokenGrant {
        account: AccountId(row.try_get("", "account_id")?),
        user: UserId(row.try_get("", "owner")?),
        user_id: row.try_get("", "user_id")?,
        role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
    }))
}

/// Keeps a new token of a user until `expires_ms` (milliseconds since 1970).
///
/// # Errors
/// [`StoreError::Conflict`] when the user is of a role that may not use the API.
pub async fn create(
    store: &Store,
    account: AccountId,
    user: (UserId, Role),
    name: &str,
    token: &ApiToken,
    expires_ms: i64,
) -> Result<ApiTokenId, StoreError> {
    let (user, role) = user;
    if !role.may_use_api() {
        return Err(StoreError::Conflict(format!(
            "a user of the role `{role}` may not use the API: it is for administrators and user managers"
        )));
    }
    let id = ApiTokenId::new();
    let sql =
        "INSERT INTO api_token (account_id, id, user_id, name, hash, hint, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values: [Value; 8] = [
        account.0.into(),
        id.0.into(),
        user.0.into(),
        name.into(),
        token.hash().0.to_vec().into(),
        token.hint().into(),
        now_ms().into(),
        expires_ms.into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(id)
}

/// The tokens of an account, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId) -> Result<Vec<TokenInfo>, StoreError> {
    let sql = "SELECT t.id, t.name, u.user_id, t.hint, t.created_ms, t.expires_ms, t.voided_ms FROM api_token t \
         LEFT JOIN users u ON u.account_id = t.account_id AND u.id = t.user_id WHERE t.account_id = $1 ORDER BY t.id DESC";
    let rows = store.reader().query_all_raw(store.statement(sql, [account.0.into()])).await?;
    rows.iter()
        .map(|row| {
            Ok(TokenInfo {
                id: ApiTokenId(row.try_get("", "id")?),
                name: row.try_get("", "name")?,
                user_id: row.try_get("", "user_id")?,
                hint: row.try_get("", "hint")?,
                created_ms: row.try_get("", "created_ms")?,
                expires_ms: row.try_get("", "expires_ms")?,
                voided_ms: row.try_get("", "voided_ms")?,
            })
        })
        .collect()
}

/// Voids a token. False when the account has none of this id that works.
///
/// # Errors
/// When the database fails.
pub async fn void(store: &Store, account: AccountId, id: ApiTokenId) -> Result<bool, StoreError> {
    let sql = "UPDATE api_token SET voided_ms = $3 WHERE account_id = $1 AND id = $2 AND voided_ms IS NULL";
    let values: [Value; 3] = [account.0.into(), id.0.into(), now_ms().into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() == 1)
}
