//! What a conversion asks the database about its own effect: the canary, and the gauges of the hard stops.
//!
//! **On connections of their own.** The canary stands for the platform's queries, so it must not wait behind ours; and a probe that
//! found no free connection would say nothing at the very moment at which it matters.
//!
//! **Cheap, and with an end.** A look-up of one key, an update of one row, and once a second one statement over views of the server.
//! Each gives up after a second; the caller takes silence for an answer.
//!
//! What the server does not let us see (a role without `pg_read_all_stats` sees neither how long others' transactions are open nor how
//! far replicas are behind) is none, and stops nothing. SQLite has one writer and no such views: there, only the look-up is left.

mod signals;
mod status;

pub use status::{put_status, status};

use crate::{Dialect, StoreError, StoreSettings};
use muster_domain::AccountId;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, Value};
use std::{collections::VecDeque, time::Duration};

/// The longest one probe may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Keys the look-up goes through: enough that they lie on different pages.
const KEYS: usize = 64;
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Asks the database on behalf of one conversion.
#[derive(Debug)]
pub struct Probe {
    db: DatabaseConnection,
    dialect: Dialect,
    account: AccountId,
}

/// Keys people sign in with, for the look-up to look up. The users are being renamed meanwhile, so new ones are put in all the time: a
/// sample taken once would soon consist of keys that nobody has.
#[derive(Clone, Debug, Default)]
pub struct CanaryKeys {
    keys: VecDeque<String>,
}

impl Probe {
    /// Opens connections for the probes of an account's conversion, to the same database.
    ///
    /// # Errors
    /// When an SQLite file cannot be opened; Postgres is connected to when it is first asked.
    pub async fn connect(settings: &StoreSettings, account: AccountId) -> Result<Self, StoreError> {
        let dialect = Dialect::of(&settings.url)?;
        let mut options = ConnectOptions::new(&settings.url);
        // One each for look-up, write and gauges. No plan is thrown away now and then, as the pools of the service do it: the canary
        // would see little else in its slowest hundredth.
        options.sqlx_logging(false).max_connections(3).acquire_timeout(PATIENCE).test_before_acquire(false);
        match dialect {
            Dialect::Postgres => {
                let patience = PATIENCE.as_millis().to_string();
                options.connect_lazy(true).map_sqlx_postgres_opts(move |opts| {
                    opts.application_name("muster-probe").options([("statement_timeout", &patience), ("lock_timeout", &patience)])
                });
            }
            Dialect::Sqlite => {
                options.map_sqlx_sqlite_opts(|opts| opts.busy_timeout(PATIENCE).read_only(true));
            }
        }
        Ok(Self { db: Database::connect(options).await?, dialect, account })
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), sql, values)
    }

    /// The look-up of the canary: a user by what they sign in with, as a sign-in does it.
    ///
    /// # Errors
    /// When the database fails or takes longer than a second.
    pub async fn look_up(&self, key: String) -> Result<(), StoreError> {
        let sql = "SELECT id, user_id, role, active FROM users WHERE account_id = $1 AND login_key = $2";
        let statement = self.statement(sql, [self.account.0.into(), key.into()]);
        in_time(async { Ok(self.db.query_one_raw(statement).await?) }).await?;
        Ok(())
    }

    /// The write of the canary: one row, durable when this returns. Returns false where there is nothing to write (SQLite: its one
    /// writer would wait for the conversion by design).
    ///
    /// # Errors
    /// When the database fails or takes longer than a second.
    pub async fn write(&self) -> Result<bool, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(false);
        }
        let sql = "INSERT INTO conversion_pace (account_id, beat) VALUES ($1, 1) \
             ON CONFLICT (account_id) DO UPDATE SET beat = conversion_pace.beat + 1";
        let statement = self.statement(sql, [self.account.0.into()]);
        in_time(async { Ok(self.db.execute_raw(statement).await?) }).await?;
        Ok(true)
    }

    /// A key somebody signs in with: the next one after a random beginning. None when there is none after it.
    ///
    /// # Errors
    /// When the database fails or takes longer than a second.
    pub async fn any_key(&self) -> Result<Option<String>, StoreError> {
        // The last bytes of such an id are random.
        let beginning: String = uuid::Uuid::now_v7().as_bytes()[14..].iter().map(|byte| letter(*byte)).collect();
        let sql = "SELECT login_key FROM users WHERE account_id = $1 AND login_key >= $2 ORDER BY login_key LIMIT 1";
        let statement = self.statement(sql, [self.account.0.into(), beginning.into()]);
        let row = in_time(async { Ok(self.db.query_one_raw(statement).await?) }).await?;
        Ok(row.map(|row| row.try_get("", "login_key")).transpose()?)
    }
}

fn letter(byte: u8) -> char {
    char::from(LETTERS[usize::from(byte) % LETTERS.len()])
}

async fn in_time<T>(asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::Unavailable("a probe of a conversion took longer than a second".to_owned())),
    }
}

impl CanaryKeys {
    /// The next key, in turn. Of an account without users, one that nobody has: not finding it takes the same way through the index.
    #[must_use]
    pub fn turn(&mut self) -> String {
        let Some(key) = self.keys.pop_front() else { return "nobody".to_owned() };
        self.keys.push_back(key.clone());
        key
    }

    /// Puts in one more, in the place of the oldest.
    pub fn add(&mut self, key: String) {
        self.keys.push_back(key);
        if self.keys.len() > KEYS {
            self.keys.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
