//! Secret keys of Setup SCIM.
//!
//! Exactly one is active per account: a partial unique index says so. Making a new one voids the old one in the same
//! transaction. A key works while it is not voided *and* its administrator is active and of a role that may be SCIM
//! administrator; that is asked at every lookup, so disabling, demoting or deleting the administrator kills the key without
//! anyone having to remember it.

use crate::{Store, StoreError, WriteTransaction, console::audit::Entry, now_ms};
use muster_domain::{AccountId, KeyId, Role, SecretKey, SecretKeyHash, UserId};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde::Serialize;
use uuid::Uuid;

/// What an active key allows.
#[derive(Clone, Debug)]
pub struct KeyGrant {
    /// The key.
    pub key: KeyId,
    /// The account it decides.
    pub account: AccountId,
    /// Its SCIM administrator.
    pub administrator: UserId,
    /// The host the account has of its own; requests must name it.
    pub host: Option<String>,
    /// The stored hash, for a comparison in constant time.
    pub hash: SecretKeyHash,
}

/// An active key as it may be shown.
#[derive(Clone, Debug, Serialize)]
pub struct KeyInfo {
    /// The key.
    pub id: KeyId,
    /// Its SCIM administrator.
    pub administrator: UserId,
    /// Its last four characters.
    pub hint: String,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
}

/// What a key with this hash allows now; nothing when there is none, it is voided, or its administrator may no longer hold one.
///
/// Asks the primary, never a replica: a voided key must be dead within a second.
///
/// # Errors
/// When the database fails.
pub async fn find_active(store: &Store, hash: &SecretKeyHash) -> Result<Option<KeyGrant>, StoreError> {
    let sql = "SELECT k.id, k.account_id, k.administrator_id, k.hash, a.host, u.active, u.role FROM secret_key k \
         JOIN account a ON a.id = k.account_id \
         JOIN users u ON u.account_id = k.account_id AND u.id = k.administrator_id \
         WHERE k.hash = $1 AND k.voided_ms IS NULL";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [Value::from(hash.0.to_vec())])).await? else {
        return Ok(None);
    };
    let role: String = row.try_get("", "role")?;
    if !row.try_get::<bool>("", "active")? || !role.parse::<Role>().is_ok_and(Role::may_be_scim_administrator) {
        return Ok(None);
    }
    let stored: Vec<u8> = row.try_get("", "hash")?;
    let stored = stored.try_into().map_err(|_| StoreError::Other("a stored key hash is not 32 bytes long".into()))?;
    Ok(Some(KeyGrant {
        key: KeyId(row.try_get("", "id")?),
        account: AccountId(row.try_get("", "account_id")?),
        administrator: UserId(row.try_get("", "administrator_id")?),
        host: row.try_get("", "host")?,
        hash: SecretKeyHash(stored),
    }))
}

/// Why a key that was once made opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// Another one was made after it.
    Voided,
    /// Its administrator is disabled, demoted or gone.
    DisabledAdministrator,
    /// There is nothing wrong with it: it came to a host that is not its account's.
    WrongHost,
}

/// The account that had a key of this hash, and why it opens nothing; nothing when nobody ever had it.
///
/// # Errors
/// When the database fails.
pub async fn misuse(store: &Store, hash: &SecretKeyHash) -> Result<Option<(AccountId, Misuse)>, StoreError> {
    let sql = "SELECT account_id, voided_ms FROM secret_key WHERE hash = $1";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [Value::from(hash.0.to_vec())])).await? else {
        return Ok(None);
    };
    let (account, voided): (Uuid, Option<i64>) = (row.try_get("", "account_id")?, row.try_get("", "voided_ms")?);
    let misuse = match voided {
        Some(_) => Misuse::Voided,
        None if find_active(store, hash).await?.is_none() => Misuse::DisabledAdministrator,
        None => Misuse::WrongHost,
    };
    Ok(Some((AccountId(account), misuse)))
}

/// Makes `secret` the account's active key and voids the one before it.
///
/// # Errors
/// [`StoreError::Conflict`] when the user does not exist, is not active, or is of a role that may not be SCIM administrator.
pub async fn generate(store: &Store, account: AccountId, administrator: UserId, secret: &SecretKey) -> Result<KeyId, StoreError> {
    generate_audited(store, account, administrator, secret, None).await
}

/// The same, with its entry in the audit log: there is no key without it.
///
/// # Errors
/// As [`generate`].
pub async fn generate_audited(
    store: &Store,
    account: AccountId,
    administrator: UserId,
    secret: &SecretKey,
    entry: Option<&Entry>,
) -> Result<KeyId, StoreError> {
    // Two at once: the one-active index lets the first through and makes the second try again, which voids the first.
    for _ in 0..32 {
        match try_generate(store, account, administrator, secret, entry).await {
            Err(StoreError::Raced(_)) => {}
            answer => return answer,
        }
    }
    Err(StoreError::Conflict("too many keys are being made for this account at this moment: try again".into()))
}

async fn try_generate(
    store: &Store,
    account: AccountId,
    administrator: UserId,
    secret: &SecretKey,
    entry: Option<&Entry>,
) -> Result<KeyId, StoreError> {
    let tx = store.begin().await?;
    // First, so that whoever disables this user at the same moment is waited for, or finds the new SCIM administrator.
    tx.note_administrators_changed(account).await?;
    check_administrator(&tx, account, administrator).await?;
    let (now, key) = (now_ms(), KeyId::new());
    let backend = tx.dialect.backend();
    let void = "UPDATE secret_key SET voided_ms = $2 WHERE account_id = $1 AND voided_ms IS NULL";
    tx.inner.execute_raw(Statement::from_sql_and_values(backend, void, [account.0.into(), now.into()])).await?;
    let insert = "INSERT INTO secret_key (id, account_id, administrator_id, hash, hint, created_ms) VALUES ($1, $2, $3, $4, $5, $6)";
    let values: [Value; 6] =
        [key.0.into(), account.0.into(), administrator.0.into(), secret.hash().0.to_vec().into(), secret.hint().into(), now.into()];
    tx.inner.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    if let Some(entry) = entry {
        tx.audit(account, entry).await?;
    }
    tx.commit().await?;
    Ok(key)
}

/// Voids the account's key and makes no other one: the directory is cut off. False when there is none.
///
/// # Errors
/// When the database fails.
pub async fn void(store: &Store, account: AccountId, entry: &Entry) -> Result<bool, StoreError> {
    for _ in 0..32 {
        let tx = store.begin().await?;
        let sql = "UPDATE secret_key SET voided_ms = $2 WHERE account_id = $1 AND voided_ms IS NULL";
        let voided = tx.inner.execute_raw(store.statement(sql, [account.0.into(), now_ms().into()])).await?;
        if voided.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        match tx.audit(account, entry).await {
            Ok(()) => {
                tx.commit().await?;
                return Ok(true);
            }
            Err(StoreError::Raced(_)) => drop(tx),
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Raced("too many entries of the audit log at this moment".into()))
}

async fn check_administrator(tx: &WriteTransaction, account: AccountId, administrator: UserId) -> Result<(), StoreError> {
    let users = tx.load_users(&[(account, administrator.0)]).await?;
    let Some(user) = users.first() else {
        return Err(StoreError::Conflict("the SCIM administrator must be a user of the account".into()));
    };
    if !user.active() {
        return Err(StoreError::Conflict(format!("`{}` is disabled and cannot be the SCIM administrator", user.user_id())));
    }
    if !user.role.may_be_scim_administrator() {
        return Err(StoreError::Conflict(format!(
            "`{}` has the role `{}`: the SCIM administrator must be an administrator or a user_manager",
            user.user_id(),
            user.role
        )));
    }
    Ok(())
}

/// The account's active key, as it may be shown.
///
/// # Errors
/// When the database fails.
pub async fn active(store: &Store, account: AccountId) -> Result<Option<KeyInfo>, StoreError> {
    let sql = "SELECT id, administrator_id, hint, created_ms FROM secret_key WHERE account_id = $1 AND voided_ms IS NULL";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [account.0.into()])).await? else {
        return Ok(None);
    };
    Ok(Some(KeyInfo {
        id: KeyId(row.try_get("", "id")?),
        administrator: UserId(row.try_get("", "administrator_id")?),
        hint: row.try_get("", "hint")?,
        created_ms: row.try_get("", "created_ms")?,
    }))
}
