//! Sessions of the console.
//!
//! A session is over when it was not used for [`IDLE_MS`], or began [`ABSOLUTE_MS`] ago, or its user is disabled or deleted: all of it
//! is asked at each request, so there is nothing to remember when one of these happens. What role the user has is asked, too.

use crate::{Store, StoreError};
use muster_domain::{AccountId, Role, SecretKeyHash, UserId};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use uuid::Uuid;

/// A session that is not used for so long is over, milliseconds.
pub const IDLE_MS: i64 = 30 * 60 * 1000;
/// No session lasts longer, milliseconds.
pub const ABSOLUTE_MS: i64 = 12 * 60 * 60 * 1000;

/// A session that is not over, with its user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// The account it decides.
    pub account: AccountId,
    /// Its slug.
    pub account_slug: String,
    /// Its name.
    pub account_name: String,
    /// The host of its own, when it has one.
    pub account_host: Option<String>,
    /// Whose it is.
    pub user: UserId,
    /// What that user signs in with.
    pub user_id: String,
    /// The name people see.
    pub display_name: Option<String>,
    /// What that user may do now.
    pub role: Role,
    /// When it was last used, milliseconds since 1970.
    pub seen_ms: i64,
    /// When the user last said again who it is, milliseconds since 1970.
    pub confirmed_ms: Option<i64>,
    /// Whether the user has chosen a password.
    pub has_password: bool,
    /// The issuer of the account's OpenID provider, when it has one.
    pub issuer: Option<String>,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// Whose.
    pub user: UserId,
    /// What of its token is stored.
    pub hash: SecretKeyHash,
    /// The address it begins from.
    pub peer: &'a str,
    /// The browser.
    pub agent: &'a str,
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
}

/// A session as its user may see it.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// Its id.
    pub id: Uuid,
    /// When it began, milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last used, to the minute, milliseconds since 1970.
    pub seen_ms: i64,
    /// The address it began from.
    pub peer: String,
    /// The browser.
    pub agent: String,
}

/// Begins a session, and forgets those of everybody that are over.
///
/// # Errors
/// When the database fails.
pub async fn begin(store: &Store, account: AccountId, new: &NewSession<'_>) -> Result<Uuid, StoreError> {
    let over = "DELETE FROM console_session WHERE ends_ms < $1";
    store.writer().execute_raw(store.statement(over, [new.now_ms.into()])).await?;
    let id = Uuid::now_v7();
    let sql = "INSERT INTO console_session (account_id, id, hash, user_id, created_ms, seen_ms, ends_ms, peer, agent) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
    let values: [Value; 8] = [
        account.0.into(),
        id.into(),
        new.hash.0.to_vec().into(),
        new.user.0.into(),
        new.now_ms.into(),
        (new.now_ms + ABSOLUTE_MS).into(),
        new.peer.into(),
        new.agent.chars().take(300).collect::<String>().into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(id)
}

/// The session with this token, if it is not over. Asks the primary: what has ended must not be seen again.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, hash: &SecretKeyHash, now_ms: i64) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT s.account_id, s.id, s.user_id AS owner, s.seen_ms, s.confirmed_ms, a.slug, a.name, a.host, \
         u.user_id, u.display_name, u.role, p.changed_ms AS password_ms, o.issuer FROM console_session s \
         JOIN account a ON a.id = s.account_id \
         JOIN users u ON u.account_id = s.account_id AND u.id = s.user_id \
         LEFT JOIN console_password p ON p.account_id = s.account_id AND p.user_id = s.user_id \
         LEFT JOIN sso_provider o ON o.account_id = s.account_id \
         WHERE s.hash = $1 AND s.ends_ms > $2 AND s.seen_ms > $3 AND u.active";
    let values: [Value; 3] = [hash.0.to_vec().into(), now_ms.into(), (now_ms - IDLE_MS).into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else { return Ok(None) };
    let role: String = row.try_get("", "role")?;
    Ok(Some(Session {
        id: row.try_get("", "id")?,
        account: AccountId(row.try_get("", "account_id")?),
        account_slug: row.try_get("", "slug")?,
        account_name: row.try_get("", "name")?,
        account_host: row.try_get("", "host")?,
        user: UserId(row.try_get("", "owner")?),
        user_id: row.try_get("", "user_id")?,
        display_name: row.try_get("", "display_name")?,
        role: role_named(&role)?,
        seen_ms: row.try_get("", "seen_ms")?,
        confirmed_ms: row.try_get("", "confirmed_ms")?,
        has_password: row.try_get::<Option<i64>>("", "password_ms")?.is_some(),
        issuer: row.try_get("", "issuer")?,
    }))
}

/// Which of these sessions are not over, each with the role its user has now. Asks the primary, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn roles(store: &Store, hashes: &[SecretKeyHash], now_ms: i64) -> Result<Vec<(SecretKeyHash, Role)>, StoreError> {
    let places = (3..3 + hashes.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT s.hash, u.role FROM console_session s JOIN users u ON u.account_id = s.account_id AND u.id = s.user_id \
         WHERE s.hash IN ({places}) AND s.ends_ms > $1 AND s.seen_ms > $2 AND u.active"
    );
    let bounds: [Value; 2] = [now_ms.into(), (now_ms - IDLE_MS).into()];
    let values = bounds.into_iter().chain(hashes.iter().map(|hash| hash.0.to_vec().into()));
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    let read = |row: &QueryResult| {
        let (hash, role): (Vec<u8>, String) = (row.try_get("", "hash")?, row.try_get("", "role")?);
        let hash = hash.try_into().map_err(|_| StoreError::Other("a session's hash is not 32 bytes".to_owned()))?;
        Ok((SecretKeyHash(hash), role_named(&role)?))
    };
    rows.iter().map(read).collect()
}

fn role_named(role: &str) -> Result<Role, StoreError> {
    role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))
}

/// Notes that it is used.
///
/// # Errors
/// When the database fails.
pub async fn touch(store: &Store, account: AccountId, id: Uuid, now_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE console_session SET seen_ms = $3 WHERE account_id = $1 AND id = $2";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), id.into(), now_ms.into()])).await?;
    Ok(())
}

/// Notes that the user said again who it is.
///
/// # Errors
/// When the database fails.
pub async fn confirm(store: &Store, account: AccountId, id: Uuid, now_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE console_session SET confirmed_ms = $3 WHERE account_id = $1 AND id = $2";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), id.into(), now_ms.into()])).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub async fn end(store: &Store, account: AccountId, id: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM console_session WHERE account_id = $1 AND id = $2";
    store.writer().execute_raw(store.statement(sql, [account.0.into(), id.into()])).await?;
    Ok(())
}

/// Ends every session of a user and returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn end_all(store: &Store, account: AccountId, user: UserId) -> Result<u64, StoreError> {
    let sql = "DELETE FROM console_session WHERE account_id = $1 AND user_id = $2";
    Ok(store.writer().execute_raw(store.statement(sql, [account.0.into(), user.0.into()])).await?.rows_affected())
}

/// The sessions of a user that are not over, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, user: UserId, now_ms: i64) -> Result<Vec<SessionInfo>, StoreError> {
    let sql = "SELECT id, created_ms, seen_ms, peer, agent FROM console_session \
         WHERE account_id = $1 AND user_id = $2 AND ends_ms > $3 AND seen_ms > $4 ORDER BY id DESC";
    let values: [Value; 4] = [account.0.into(), user.0.into(), now_ms.into(), (now_ms - IDLE_MS).into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(SessionInfo {
                id: row.try_get("", "id")?,
                created_ms: row.try_get("", "created_ms")?,
                seen_ms: row.try_get("", "seen_ms")?,
                peer: row.try_get("", "peer")?,
                agent: row.try_get("", "agent")?,
            })
        })
        .collect()
}

/// Keeps something for the next page of this session, sealed so that only its browser can open it.
///
/// # Errors
/// When the database fails.
pub async fn leave(store: &Store, account: AccountId, id: Uuid, sealed: &[u8], until_ms: i64) -> Result<(), StoreError> {
    let sql = "UPDATE console_session SET sealed = $3, sealed_until_ms = $4 WHERE account_id = $1 AND id = $2";
    let values: [Value; 4] = [account.0.into(), id.into(), sealed.to_vec().into(), until_ms.into()];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Takes what was left: whoever asks again gets nothing.
///
/// # Errors
/// When the database fails.
pub async fn take(store: &Store, account: AccountId, id: Uuid, now_ms: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let tx = store.begin().await?;
    let read = "SELECT sealed, sealed_until_ms FROM console_session WHERE account_id = $1 AND id = $2 AND sealed IS NOT NULL";
    let Some(row) = tx.inner.query_one_raw(store.statement(read, [account.0.into(), id.into()])).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let (sealed, until_ms): (Vec<u8>, i64) = (row.try_get("", "sealed")?, row.try_get("", "sealed_until_ms")?);
    let forget =
        "UPDATE console_session SET sealed = NULL, sealed_until_ms = NULL WHERE account_id = $1 AND id = $2 AND sealed IS NOT NULL";
    let taken = tx.inner.execute_raw(store.statement(forget, [account.0.into(), id.into()])).await?.rows_affected() == 1;
    tx.commit().await?;
    Ok((taken && now_ms < until_ms).then_some(sealed))
}
