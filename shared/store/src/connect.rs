//! Connections: two pools, and what every connection of them is told before its first statement.
//!
//! Write connections get a `statement_timeout`, a `lock_timeout` and an `idle_in_transaction_session_timeout`, so that nothing
//! of ours can hold a row while somebody waits. They also know index plans only (`enable_seqscan`, `enable_hashjoin`,
//! `enable_mergejoin` off) and keep one generic plan a statement: a table that has just grown from nothing to 100,000 rows has no
//! statistics yet, and a sequential scan chosen by a stale plan would be the one slow batch that everybody notices.
//!
//! A plan that was made while a table was empty is kept until the table is analysed, and may walk the whole table although it has
//! an index. So now and then a connection forgets its plans ([`is_time_to_plan_again`]): it costs one round trip in a hundred transactions.
//!
//! Read connections know no sequential scan either: every query names its account, and a table holds all of them. But the planner may
//! look at the values of each statement: whether `userName sw "x"` is one user or everybody, no generic plan can know.

use crate::{StoreError, migration, now_ms};
use muster_domain::detail::DetailPolicy;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, sqlx::Executor as _,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The engine behind a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 13 or later.
    Postgres,
    /// SQLite, built in.
    Sqlite,
}

/// How to reach the database, and how long anything may take there.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `postgres://…`, or `sqlite://FILE`.
    pub url: String,
    /// Where reads go, when that is another server (a replica). Reads then may be a moment behind acknowledged writes.
    pub read_url: Option<String>,
    /// The most connections each pool opens.
    pub pool_max: u32,
    /// The longest one statement may take, milliseconds. Postgres only.
    pub statement_timeout_ms: u32,
    /// The longest a statement waits for somebody else's lock, milliseconds. On SQLite, for the write lock of the file.
    pub lock_timeout_ms: u32,
    /// What the log of operations keeps beside outcomes.
    pub detail: DetailPolicy,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: "sqlite://muster.db".into(),
            read_url: None,
            pool_max: 16,
            statement_timeout_ms: 3_000,
            lock_timeout_ms: 500,
            detail: DetailPolicy::default(),
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    write: DatabaseConnection,
    read: DatabaseConnection,
    dialect: Dialect,
    long_reads: Arc<Semaphore>,
    pub(crate) detail: DetailPolicy,
}

/// How many lists may be read through at once, in one process.
const LONG_READS: usize = 2;

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.dialect)
    }
}

/// A write transaction. Dropped without [`WriteTransaction::commit`], it never happened.
pub struct WriteTransaction {
    pub(crate) inner: DatabaseTransaction,
    pub(crate) dialect: Dialect,
    /// When it began, for the log of what it does.
    pub(crate) begun_ms: i64,
    pub(crate) detail: DetailPolicy,
}

impl Store {
    /// Opens the pools. On Postgres no connection is made yet, so that a service can start before its database does; SQLite's
    /// file is created when it is missing.
    ///
    /// # Errors
    /// [`StoreError::Other`] when the URL is of no known kind; [`StoreError::Unavailable`] when an SQLite file cannot be opened.
    pub async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let dialect = Dialect::of(&settings.url)?;
        let write = Database::connect(options(dialect, &settings.url, settings, Purpose::Write)).await?;
        let read_url = settings.read_url.as_deref().unwrap_or(&settings.url);
        if Dialect::of(read_url)? != dialect {
            return Err(StoreError::Other("database.read_url and database.url must be of the same kind".into()));
        }
        let read = Database::connect(options(dialect, read_url, settings, Purpose::Read)).await?;
        Ok(Self { write, read, dialect, long_reads: Arc::new(Semaphore::new(LONG_READS)), detail: settings.detail })
    }

    /// The engine.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// One round trip to the database reads go to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.query_one_raw(self.statement("SELECT 1", [])).await?;
        Ok(())
    }

    /// Brings the schema up to date and returns the names of what was applied. Safe to call from several processes at once.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement; what was applied before stays.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migration::up(&self.write, self.dialect).await
    }

    /// The names of the migrations that [`Store::migrate`] would apply.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        migration::pending(&self.write).await
    }

    /// The version the server reports.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn server_version(&self) -> Result<String, StoreError> {
        let sql = match self.dialect {
            Dialect::Postgres => "SELECT current_setting('server_version') AS version",
            Dialect::Sqlite => "SELECT sqlite_version() AS version",
        };
        let row = self.read.query_one_raw(self.statement(sql, [])).await?;
        let row = row.ok_or_else(|| StoreError::Other("no version was returned".into()))?;
        Ok(row.try_get("", "version")?)
    }

    /// Starts a write transaction: READ COMMITTED on Postgres, the one writer of the file on SQLite (`BEGIN IMMEDIATE`, because a
    /// transaction that becomes a writer later fails at once instead of waiting).
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let options = match self.dialect {
            Dialect::Postgres => TransactionOptions::default(),
            Dialect::Sqlite => TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() },
        };
        let inner = self.write.begin_with_options(options).await?;
        Ok(WriteTransaction { inner, dialect: self.dialect, begun_ms: now_ms(), detail: self.detail })
    }

    /// Starts a read transaction that sees one moment of the database.
    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction, StoreError> {
        Ok(match self.dialect {
            Dialect::Postgres => self.read.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?,
            Dialect::Sqlite => self.read.begin().await?,
        })
    }

    /// A turn to read through many rows. Such reads keep a processor busy for a second; whoever asks for more of them waits for the
    /// others, and look-ups go on meanwhile.
    pub(crate) async fn long_read(&self) -> SemaphorePermit<'_> {
        self.long_reads.acquire().await.expect("nobody closes the semaphore")
    }

    /// The pool for reads. Public for the named queries of other crates' diagnostics only.
    pub(crate) const fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The pool for writes of one statement.
    pub(crate) const fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    pub(crate) fn statement(&self, sql: impl Into<String>, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), sql, values)
    }
}

impl WriteTransaction {
    /// Makes everything in it durable and visible.
    ///
    /// # Errors
    /// When the database did not confirm. It may have committed all the same: look the operations up before doing them again.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes everything in it.
    ///
    /// # Errors
    /// When the database did not confirm; it then undoes the transaction by itself.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }
}

impl Dialect {
    pub(crate) fn of(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres)
        } else if url.starts_with("sqlite:") {
            Ok(Self::Sqlite)
        } else {
            Err(StoreError::Other("database.url must begin with postgres:// or sqlite://".into()))
        }
    }

    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Postgres => DbBackend::Postgres,
            Self::Sqlite => DbBackend::Sqlite,
        }
    }

    /// The nil UUID, as it is written in a statement.
    pub(crate) const fn nil(self) -> &'static str {
        match self {
            Self::Postgres => "'00000000-0000-0000-0000-000000000000'::uuid",
            Self::Sqlite => "zeroblob(16)",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Write,
    Read,
}

fn options(dialect: Dialect, url: &str, settings: &StoreSettings, purpose: Purpose) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .max_connections(if dialect == Dialect::Sqlite && purpose == Purpose::Write { 1 } else { settings.pool_max })
        .acquire_timeout(Duration::from_millis(u64::from(settings.statement_timeout_ms)))
        // A connection that died is noticed by the statement that fails on it; asking before every statement costs a round trip.
        .test_before_acquire(false)
        .connect_lazy(dialect == Dialect::Postgres);
    let (statement_ms, lock_ms) = (settings.statement_timeout_ms, settings.lock_timeout_ms);
    match dialect {
        Dialect::Postgres => {
            let uses = Arc::new(AtomicU32::new(0));
            options.map_sqlx_postgres_before_acquire(move |connection, _| {
                let nth = uses.fetch_add(1, Ordering::Relaxed);
                Box::pin(async move {
                    if is_time_to_plan_again(nth) {
                        connection.execute("DISCARD PLANS").await?;
                    }
                    Ok(true)
                })
            });
            options.map_sqlx_postgres_opts(move |opts| {
                let opts = opts.application_name(if purpose == Purpose::Write { "muster-write" } else { "muster-read" }).options([
                    ("statement_timeout", statement_ms.to_string()),
                    ("lock_timeout", lock_ms.to_string()),
                    ("idle_in_transaction_session_timeout", (statement_ms * 2).to_string()),
                ]);
                if purpose == Purpose::Read {
                    return opts.options([("enable_seqscan", "off"), ("random_page_cost", "1.1"), ("jit", "off")]);
                }
                opts.options([
                    ("enable_seqscan", "off"),
                    ("enable_hashjoin", "off"),
                    ("enable_mergejoin", "off"),
                    ("plan_cache_mode", "force_generic_plan"),
                ])
            });
        }
        Dialect::Sqlite => {
            options.map_sqlx_sqlite_opts(move |opts| {
                opts.create_if_missing(true)
                    .busy_timeout(Duration::from_millis(u64::from(lock_ms.max(5_000))))
                    .pragma("journal_mode", "WAL")
                    // FULL: an acknowledged write survives a power cut, not only a crash of the process.
                    .pragma("synchronous", "FULL")
                    .pragma("temp_store", "MEMORY")
                    .pragma("cache_size", "-65536")
            });
        }
    }
    options
}

/// Often while everything is new and a table may be ten times as large a moment later; then every 127th time, a prime, so that the
/// turn comes to each connection of a pool.
const fn is_time_to_plan_again(use_of_the_pool: u32) -> bool {
    use_of_the_pool.is_power_of_two() || use_of_the_pool % 127 == 126
}

#[cfg(test)]
mod tests;
