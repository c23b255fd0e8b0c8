//! Migrations: one list, run on Postgres and on SQLite.
//!
//! Each is plain SQL with the few words that differ between the engines filled in (see [`Words`]). A migration that has been
//! released is never edited: expand first, backfill, contract later.
//!
//! All pending ones run in one transaction behind an advisory lock, so several processes may ask for it at once and a failure
//! leaves nothing half done.

mod m20261124_000001_create_tables;
mod m20261124_000002_read_indexes;
mod m20261124_000003_protect_administrators;
mod m20261124_000004_custom_resources;
mod m20261124_000006_async_requests;
mod m20261124_000007_conversions;
mod m20261124_000008_conversion_pace;
mod m20261124_000009_incidents;
mod m20261124_000010_mail;
mod m20261124_000011_console;
mod m20261124_000012_sso;
mod m20261124_000013_sso_provider;
mod m20261128_000020_console_lists;
mod m20261129_000021_alias_user;
mod m20261129_000022_conversion_samples;
mod m20261129_000022_user_id_form;
mod m20261129_000023_traces;
mod m20261129_000030_operation_tally;
mod m20261129_000031_queue_samples;

use crate::{Dialect, StoreError};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use std::collections::HashSet;

/// "muster" in bytes: the advisory lock of migrations.
const LOCK: i64 = 0x006d_7573_7465_7221;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_tables::MIGRATION),
            Box::new(m20261124_000002_read_indexes::MIGRATION),
            Box::new(m20261124_000003_protect_administrators::MIGRATION),
            Box::new(m20261124_000004_custom_resources::MIGRATION),
            Box::new(m20261124_000006_async_requests::MIGRATION),
            Box::new(m20261124_000007_conversions::MIGRATION),
            Box::new(m20261124_000008_conversion_pace::MIGRATION),
            Box::new(m20261124_000009_incidents::MIGRATION),
            Box::new(m20261124_000010_mail::MIGRATION),
            Box::new(m20261124_000011_console::Console),
            Box::new(m20261124_000012_sso::MIGRATION),
            Box::new(m20261124_000013_sso_provider::MIGRATION),
            Box::new(m20261128_000020_console_lists::MIGRATION),
            // What reads much comes before what locks a table that others write: all of it is one transaction.
            Box::new(m20261129_000022_user_id_form::MIGRATION),
            Box::new(m20261129_000022_conversion_samples::MIGRATION),
            Box::new(m20261129_000030_operation_tally::MIGRATION),
            Box::new(m20261129_000031_queue_samples::MIGRATION),
            Box::new(m20261129_000021_alias_user::MIGRATION),
            Box::new(m20261129_000023_traces::MIGRATION),
        ]
    }
}

/// Applies what is pending and returns the names.
pub(crate) async fn up(db: &DatabaseConnection, dialect: Dialect) -> Result<Vec<String>, StoreError> {
    let options = match dialect {
        Dialect::Postgres => TransactionOptions::default(),
        Dialect::Sqlite => TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() },
    };
    let tx = db.begin_with_options(options).await?;
    if dialect == Dialect::Postgres {
        // A migration may take longer than a statement of the service; it still gives up on somebody else's lock after a while.
        tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    }
    let before: Vec<String> = Migrator::get_pending_migrations(&tx).await?.iter().map(|file| file.name().to_owned()).collect();
    Migrator::up(&tx, None).await?;
    tx.commit().await?;
    Ok(before)
}

/// The names of what [`up`] would apply. Writes nothing.
pub(crate) async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let exists = match db.get_database_backend() {
        DbBackend::Postgres => "SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('seaql_migrations')",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    let backend = db.get_database_backend();
    let mut applied = HashSet::new();
    if db.query_one_raw(Statement::from_string(backend, exists)).await?.is_some() {
        for row in db.query_all_raw(Statement::from_string(backend, "SELECT version FROM seaql_migrations")).await? {
            applied.insert(row.try_get::<String>("", "version")?);
        }
    }
    let names = Migrator::migrations().into_iter().map(|migration| migration.name().to_owned());
    Ok(names.filter(|name| !applied.contains(name)).collect())
}

/// The words that differ between the engines.
struct Words {
    uuid: &'static str,
    json: &'static str,
    bytes: &'static str,
    /// Text that is compared and ordered by its bytes, as SQLite does.
    key: &'static str,
    /// What follows the closing bracket of a table whose primary key is its only way in.
    keyed: &'static str,
    /// The nil UUID.
    nil: &'static str,
}

impl Words {
    const fn of(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Sqlite => {
                Self { uuid: "BLOB", json: "TEXT", bytes: "BLOB", key: "text", keyed: " WITHOUT ROWID", nil: Dialect::Sqlite.nil() }
            }
            _ => Self { uuid: "uuid", json: "jsonb", bytes: "bytea", key: "text COLLATE \"C\"", keyed: "", nil: Dialect::Postgres.nil() },
        }
    }

    fn fill_in(&self, statement: &str) -> String {
        statement
            .replace("{uuid}", self.uuid)
            .replace("{json}", self.json)
            .replace("{bytes}", self.bytes)
            .replace("{key}", self.key)
            .replace("{keyed}", self.keyed)
            .replace("{nil}", self.nil)
    }
}

/// One migration.
struct Sql {
    /// The name it is remembered by once it is applied: that of its file.
    name: &'static str,
    /// What only Postgres needs, and before the rest.
    postgres_first: &'static [&'static str],
    /// What both engines run, with the engine's words in the place of `{uuid}`, `{json}`, `{bytes}`, `{key}`, `{keyed}`,
    /// `{nil}`.
    statements: &'static [&'static str],
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    #[expect(elided_lifetimes_in_paths, reason = "the trait declares it so, and async_trait wants the same text")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let words = Words::of(db.get_database_backend());
        let first = if db.get_database_backend() == DbBackend::Postgres { self.postgres_first } else { &[] };
        for statement in first.iter().chain(self.statements) {
            db.execute_unprepared(&words.fill_in(statement)).await?;
        }
        Ok(())
    }
}
