//! What is the console's own: passwords, sessions, one-time links, what was last heard from a directory, the audit log.

use super::Sql;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

const TABLES: Sql = Sql {
    name: "m20261124_000011_console",
    postgres_first: &[],
    statements: &[
        // Users are written by operations only; what somebody proves to be somebody with is not part of a user.
        "CREATE TABLE console_password (
            account_id {uuid} NOT NULL,
            user_id {uuid} NOT NULL,
            hash text NOT NULL,
            changed_ms bigint NOT NULL,
            PRIMARY KEY (account_id, user_id)
        ){keyed}",
        "CREATE TABLE console_session (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            hash {bytes} NOT NULL,
            user_id {uuid} NOT NULL,
            created_ms bigint NOT NULL,
            seen_ms bigint NOT NULL,
            ends_ms bigint NOT NULL,
            confirmed_ms bigint,
            peer text NOT NULL,
            agent text NOT NULL,
            sealed {bytes},
            sealed_until_ms bigint,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        "CREATE UNIQUE INDEX console_session_hash ON console_session (hash)",
        "CREATE INDEX console_session_user ON console_session (account_id, user_id)",
        "CREATE INDEX console_session_ends ON console_session (ends_ms)",
        // Without a user it makes the account's first administrator.
        "CREATE TABLE console_link (
            hash {bytes} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            user_id {uuid},
            created_ms bigint NOT NULL,
            ends_ms bigint NOT NULL,
            used_ms bigint
        )",
        "CREATE INDEX console_link_account ON console_link (account_id)",
        // The last request with the account's key, and the last that was refused.
        "CREATE TABLE scim_sighting (
            account_id {uuid} NOT NULL,
            kind text NOT NULL,
            at_ms bigint NOT NULL,
            key_id {uuid},
            cause text,
            method text NOT NULL,
            path text NOT NULL,
            status bigint NOT NULL,
            peer text NOT NULL,
            agent text NOT NULL,
            PRIMARY KEY (account_id, kind)
        ){keyed}",
        "CREATE TABLE audit (
            account_id {uuid} NOT NULL,
            number bigint NOT NULL,
            at_ms bigint NOT NULL,
            actor_id {uuid},
            actor text NOT NULL,
            action text NOT NULL,
            target text NOT NULL,
            detail text NOT NULL,
            peer text NOT NULL,
            hash {bytes} NOT NULL,
            PRIMARY KEY (account_id, number)
        ){keyed}",
        // Those who may do more than use the platform are few, and are looked for among all.
        "CREATE INDEX users_of_a_role ON users (account_id, login_key) WHERE role <> 'user'",
    ],
};

/// The audit log takes new rows and nothing else, whoever asks.
const APPEND_ONLY_SQLITE: [&str; 2] = [
    "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
];
const APPEND_ONLY_POSTGRES: [&str; 2] = [
    "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
    "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
];

/// The tables, then the triggers, whose language is each engine's own.
pub(super) struct Console;

impl MigrationName for Console {
    fn name(&self) -> &str {
        TABLES.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Console {
    #[expect(elided_lifetimes_in_paths, reason = "the trait declares it so, and async_trait wants the same text")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        TABLES.up(manager).await?;
        let db = manager.get_connection();
        let triggers = if db.get_database_backend() == DbBackend::Postgres { APPEND_ONLY_POSTGRES } else { APPEND_ONLY_SQLITE };
        for statement in triggers {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
