//! What `muster doctor` and the first start ask the database. All of it only reads.
//!
//! These are the only queries that look across accounts; they return counts and slugs, never a user.

use crate::{Dialect, Store, StoreError};
use muster_domain::Role;
use sea_orm::{ConnectionTrait, QueryResult};

/// How many connections the server allows and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// `max_connections` of the server.
    pub max: i64,
    /// Of these, kept for superusers.
    pub reserved: i64,
    /// Client connections open now, over all databases of the server.
    pub in_use: i64,
}

/// The timeouts a write connection has, as the server reports them (`3s`, `500ms`, `0` for none).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `statement_timeout`.
    pub statement: String,
    /// `lock_timeout`.
    pub lock: String,
    /// `idle_in_transaction_session_timeout`.
    pub idle_in_transaction: String,
}

/// Which accounts have a key that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHealth {
    /// Accounts in all.
    pub accounts: i64,
    /// Accounts that have never been set up, or whose key was voided and not replaced.
    pub without_key: i64,
    /// Slugs of accounts whose key is dead because its SCIM administrator is disabled, demoted or deleted; ten at most.
    pub dead: Vec<String>,
}

/// The server's clock, milliseconds since 1970. None on SQLite, which has no clock but this machine's.
///
/// # Errors
/// When the database cannot be reached.
pub async fn clock_ms(store: &Store) -> Result<Option<i64>, StoreError> {
    if store.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let row = one(store, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms").await?;
    Ok(Some(row.try_get("", "now_ms")?))
}

/// Has the database look at its tables again, after so many rows were written that what it knew of them is no longer true.
///
/// # Errors
/// When the database cannot be reached, or it takes too long.
pub async fn refresh_statistics(store: &Store) -> Result<(), StoreError> {
    let sql = match store.dialect() {
        Dialect::Postgres => "ANALYZE users, user_group, group_member, operation",
        Dialect::Sqlite => "PRAGMA optimize",
    };
    Ok(store.writer().execute_unprepared(sql).await.map(drop)?)
}

/// The server's room for connections. None on SQLite.
///
/// # Errors
/// When the database cannot be reached.
pub async fn connection_limits(store: &Store) -> Result<Option<ConnectionLimits>, StoreError> {
    if store.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    // numbackends counts client connections and needs no privilege, unlike the rows of pg_stat_activity.
    let sql = "SELECT current_setting('max_connections')::bigint AS max,
                      current_setting('superuser_reserved_connections')::bigint AS reserved,
                      (SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database) AS in_use";
    let row = one(store, sql).await?;
    Ok(Some(ConnectionLimits { max: row.try_get("", "max")?, reserved: row.try_get("", "reserved")?, in_use: row.try_get("", "in_use")? }))
}

/// The timeouts that hold on a connection of the write pool. None on SQLite. A pooler in between may have dropped them.
///
/// # Errors
/// When the database cannot be reached.
pub async fn timeouts(store: &Store) -> Result<Option<Timeouts>, StoreError> {
    if store.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let sql = "SELECT current_setting('statement_timeout') AS statement,
                      current_setting('lock_timeout') AS lock,
                      current_setting('idle_in_transaction_session_timeout') AS idle";
    let row = store.writer().query_one_raw(store.statement(sql, [])).await?.ok_or_else(nothing)?;
    Ok(Some(Timeouts {
        statement: row.try_get("", "statement")?,
        lock: row.try_get("", "lock")?,
        idle_in_transaction: row.try_get("", "idle")?,
    }))
}

/// Which accounts have a key that works.
///
/// # Errors
/// When the database cannot be reached.
pub async fn key_health(store: &Store) -> Result<KeyHealth, StoreError> {
    let counts = one(
        store,
        "SELECT count(*) AS accounts, count(*) - count(k.id) AS without_key
         FROM account a LEFT JOIN secret_key k ON k.account_id = a.id AND k.voided_ms IS NULL",
    )
    .await?;
    let mut roles = Role::ALL.iter().filter(|role| role.may_be_scim_administrator()).map(|role| format!("'{role}'")).collect::<Vec<_>>();
    roles.sort_unstable();
    let sql = format!(
        "SELECT a.slug AS slug FROM account a JOIN secret_key k ON k.account_id = a.id AND k.voided_ms IS NULL
         WHERE NOT EXISTS (SELECT 1 FROM users u
                           WHERE u.account_id = k.account_id AND u.id = k.administrator_id AND u.active AND u.role IN ({}))
         ORDER BY a.slug LIMIT 10",
        roles.join(", ")
    );
    let rows = store.reader().query_all_raw(store.statement(sql, [])).await?;
    let dead = rows.iter().map(|row| row.try_get("", "slug")).collect::<Result<_, _>>()?;
    Ok(KeyHealth { accounts: counts.try_get("", "accounts")?, without_key: counts.try_get("", "without_key")?, dead })
}

async fn one(store: &Store, sql: &str) -> Result<QueryResult, StoreError> {
    store.reader().query_one_raw(store.statement(sql, [])).await?.ok_or_else(nothing)
}

fn nothing() -> StoreError {
    StoreError::Other("the database returned no row".into())
}
