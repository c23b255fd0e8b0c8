//! The statements of the platform, and what is counted in the database.

use anyhow::{Context as _, Result};
use sqlx::{
    PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, sync::Arc, time::Duration};
use uuid::Uuid;

/// How many users are known by name to the platform's transactions.
const KNOWN: i64 = 20_000;
/// The platform's sessions are found by this name.
const NAME: &str = "platform";

/// The database, and the users that are used.
#[derive(Clone, Debug)]
pub struct Database {
    platform: PgPool,
    watch: PgPool,
    account: Uuid,
    users: Arc<Vec<(Uuid, String)>>,
}

/// What a transaction of the platform does.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A user looked up by what they sign in with.
    LookUp,
    /// A user's profile changed.
    Profile,
    /// A row inserted that references a user.
    Child,
}

/// What the database has counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// Items of the plan, and rows of the platform's own columns, that the conversion has been through.
    pub converted: i64,
    /// Bytes of write-ahead log, of everybody.
    pub wal: i64,
}

impl Counters {
    /// What has been added.
    #[must_use]
    pub const fn since(&self, before: &Self) -> Self {
        Self { converted: self.converted - before.converted, wal: self.wal - before.wal }
    }
}

impl Database {
    /// Connects, and learns the account and some of its users.
    ///
    /// # Errors
    /// When the database cannot be reached, or has no such account.
    pub async fn open(url: &str, slug: &str, connections: u32) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?;
        let pool = |size| PgPoolOptions::new().max_connections(size).min_connections(size).test_before_acquire(false);
        // The platform waits for a connection as long as it takes: an outage must show in its latencies.
        let platform =
            pool(connections).acquire_timeout(Duration::from_secs(600)).connect_with(options.clone().application_name(NAME)).await?;
        let watch = pool(1).connect_with(options.application_name("watch")).await?;
        let account = sqlx::query("SELECT id FROM account WHERE slug = $1").bind(slug).fetch_one(&watch).await.context("the account")?;
        let account: Uuid = account.try_get("id")?;
        // By id, which is random enough: users next to each other in it were not always created one after the other.
        let rows = sqlx::query("SELECT id, login_key FROM users WHERE account_id = $1 ORDER BY md5(id::text) LIMIT $2")
            .bind(account)
            .bind(KNOWN)
            .fetch_all(&watch)
            .await?;
        let users = rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("login_key")?))).collect::<Result<Vec<_>, sqlx::Error>>()?;
        anyhow::ensure!(!users.is_empty(), "the account has no users");
        Ok(Self { platform, watch, account, users: Arc::new(users) })
    }

    /// Makes the table whose rows reference users.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn prepare(&self) -> Result<()> {
        let sql = "CREATE TABLE IF NOT EXISTS bench_session (
                id bigserial PRIMARY KEY, account_id uuid NOT NULL, user_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(),
                FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE)";
        sqlx::query(sql).execute(&self.watch).await?;
        Ok(())
    }

    /// One transaction of the platform on the user with this number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn transact(&self, kind: Kind, number: usize) -> Result<(), sqlx::Error> {
        let (id, key) = &self.users[number % self.users.len()];
        match kind {
            Kind::LookUp => {
                // By the key of before the conversion: after it, this one finds nobody, by the same way through the index.
                let sql = "SELECT id, user_id, role, active FROM users WHERE account_id = $1 AND login_key = $2";
                sqlx::query(sql).bind(self.account).bind(key).fetch_optional(&self.platform).await?;
            }
            Kind::Profile => {
                let sql = "UPDATE users SET display_name = $3 WHERE account_id = $1 AND id = $2";
                sqlx::query(sql).bind(self.account).bind(id).bind(format!("User {number}")).execute(&self.platform).await?;
            }
            Kind::Child => {
                let sql = "INSERT INTO bench_session (account_id, user_id) VALUES ($1, $2)";
                sqlx::query(sql).bind(self.account).bind(id).execute(&self.platform).await?;
            }
        }
        Ok(())
    }

    /// Holds the conversion, or lets it go: the order is read before each chunk.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hold_conversion(&self, held: bool) -> Result<()> {
        let sql =
            "UPDATE conversion SET pace = jsonb_set(pace, '{paused}', to_jsonb($2::bool)) WHERE account_id = $1 AND finished_ms IS NULL";
        sqlx::query(sql).bind(self.account).bind(held).execute(&self.watch).await?;
        Ok(())
    }

    /// Whether a conversion of the account is under way.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn is_converting(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM conversion WHERE account_id = $1 AND state = 'running' AND phase IN ('aliases', 'users', 'references')";
        Ok(sqlx::query(sql).bind(self.account).fetch_optional(&self.watch).await?.is_some())
    }

    /// What has been counted so far.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn counters(&self) -> Result<Counters> {
        let sql = "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bigint) AS wal,
                 coalesce((SELECT CASE WHEN phase = 'aliases' THEN 0 ELSE users_n END + CAST(coalesce((
                               SELECT sum(scanned) FROM conversion_target t WHERE t.conversion_id = c.id), 0) AS bigint)
                           FROM conversion c WHERE account_id = $1 ORDER BY created_ms DESC LIMIT 1), 0) AS converted";
        let row = sqlx::query(sql).bind(self.account).fetch_one(&self.watch).await?;
        Ok(Counters { converted: row.try_get("converted")?, wal: row.try_get("wal")? })
    }

    /// How many of the platform's sessions wait for a lock at this moment.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn waiting_for_locks(&self) -> Result<u32> {
        let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        let row = sqlx::query(sql).bind(NAME).fetch_one(&self.watch).await?;
        Ok(u32::try_from(row.try_get::<i64, _>("n")?).unwrap_or(u32::MAX))
    }
}
