//! One-time codes: what the platform learns of a sign-in, and nobody else.

use crate::{Store, StoreError, now_ms};
use muster_domain::{
    AccountId, SecretKeyHash, UserId,
    sso::{Person, SignInCode},
};
use sea_orm::{ConnectionTrait, Value};

/// How long a code is good for: a browser that is sent on is there at once.
const LIFE_MS: i64 = 60_000;
/// How long a code is remembered, so that its sign-in is not worth another one. Longer than a sign-in may take.
const KEPT_MS: i64 = 60 * 60_000;

/// Keeps the code of a sign-in. False when that sign-in had one already: then nobody signs in.
///
/// # Errors
/// When the database fails.
pub async fn put_code(
    store: &Store,
    account: AccountId,
    user: UserId,
    code: &SignInCode,
    flow: &SecretKeyHash,
) -> Result<bool, StoreError> {
    let now = now_ms();
    begin_use(store, now).await?;
    insert(store, account, user, code.hash(), flow, (now + LIFE_MS, None)).await
}

/// Uses a sign-in up for something that needs no code. False when it was used before: then nothing may come of it.
///
/// # Errors
/// When the database fails.
pub async fn use_up(store: &Store, account: AccountId, user: UserId, flow: &SecretKeyHash) -> Result<bool, StoreError> {
    let now = now_ms();
    begin_use(store, now).await?;
    // The hash of a code nobody has, and used: it can be redeemed by nobody.
    insert(store, account, user, SignInCode::generate().hash(), flow, (now, Some(now))).await
}

async fn begin_use(store: &Store, now: i64) -> Result<(), StoreError> {
    // There is no other moment at which somebody has to think of it.
    let old = store.statement("DELETE FROM sso_code WHERE expires_ms < $1", [(now - KEPT_MS).into()]);
    store.writer().execute_raw(old).await?;
    Ok(())
}

/// False when there is one of this flow.
async fn insert(
    store: &Store,
    account: AccountId,
    user: UserId,
    hash: SecretKeyHash,
    flow: &SecretKeyHash,
    (expires_ms, used_ms): (i64, Option<i64>),
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO sso_code (hash, account_id, user_id, flow, expires_ms, used_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING";
    let values: [Value; 6] =
        [hash.0.to_vec().into(), account.0.into(), user.0.into(), flow.0.to_vec().into(), expires_ms.into(), used_ms.into()];
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() == 1)
}

/// The user whose code this is, once; nobody when it is used, too old, or another account's. Whether the user may sign in is said as of
/// now.
///
/// # Errors
/// When the database fails. The code may be used up then.
pub async fn redeem_code(store: &Store, account: AccountId, code: &SignInCode) -> Result<Option<Person>, StoreError> {
    let sql =
        "UPDATE sso_code SET used_ms = $3 WHERE hash = $1 AND account_id = $2 AND used_ms IS NULL AND expires_ms > $3 RETURNING user_id";
    let values: [Value; 3] = [code.hash().0.to_vec().into(), account.0.into(), now_ms().into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else { return Ok(None) };
    let user: uuid::Uuid = row.try_get("", "user_id")?;
    let sql = "SELECT u.user_id, u.email, u.active FROM users u WHERE u.account_id = $1 AND u.id = $2";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [account.0.into(), user.into()])).await? else { return Ok(None) };
    Ok(Some(Person {
        id: UserId(user),
        user_id: row.try_get("", "user_id")?,
        email: row.try_get("", "email")?,
        active: row.try_get("", "active")?,
    }))
}
