//! The OpenID provider of an account.

use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, sso::Provider};
use sea_orm::{ConnectionTrait, Value};

/// The account's provider; none when it has none.
///
/// # Errors
/// When the database fails.
pub async fn provider(store: &Store, account: AccountId) -> Result<Option<Provider>, StoreError> {
    let sql = "SELECT issuer, client_id, secret_file, scopes, return_to FROM sso_provider WHERE account_id = $1";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [account.0.into()])).await? else { return Ok(None) };
    Ok(Some(Provider {
        issuer: row.try_get("", "issuer")?,
        client_id: row.try_get("", "client_id")?,
        secret_file: row.try_get("", "secret_file")?,
        scopes: row.try_get("", "scopes")?,
        return_to: row.try_get("", "return_to")?,
    }))
}

/// Makes it the account's provider.
///
/// # Errors
/// [`StoreError::Conflict`] when it cannot be used.
pub async fn set_provider(store: &Store, account: AccountId, provider: &Provider) -> Result<(), StoreError> {
    provider.check().map_err(StoreError::Conflict)?;
    let sql = "INSERT INTO sso_provider (account_id, issuer, client_id, secret_file, scopes, return_to, modified_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id) DO UPDATE SET issuer = excluded.issuer, \
         client_id = excluded.client_id, secret_file = excluded.secret_file, scopes = excluded.scopes, return_to = excluded.return_to, \
         modified_ms = excluded.modified_ms";
    let values: [Value; 7] = [
        account.0.into(),
        provider.issuer.as_str().into(),
        provider.client_id.as_str().into(),
        provider.secret_file.clone().into(),
        provider.scopes.as_str().into(),
        provider.return_to.as_str().into(),
        now_ms().into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Takes it away. False when the account had none.
///
/// # Errors
/// When the database fails.
pub async fn remove_provider(store: &Store, account: AccountId) -> Result<bool, StoreError> {
    let sql = "DELETE FROM sso_provider WHERE account_id = $1";
    Ok(store.writer().execute_raw(store.statement(sql, [account.0.into()])).await?.rows_affected() == 1)
}
