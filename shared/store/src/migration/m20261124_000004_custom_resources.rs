//! Resources of the types an installation adds, and their unique values.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

/// Creates the tables.
#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait declares it so, and async_trait wants the same text")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        super::run(db, STATEMENTS).await?;
        if db.get_database_backend() == DbBackend::Postgres {
            super::run(db, &["ALTER TABLE custom_resource ALTER COLUMN external_id TYPE text COLLATE \"C\""]).await?;
        }
        Ok(())
    }
}

/// One table for every type: types come and go with the configuration, tables only with a migration. What is unique is decided by
/// the primary key of a table of its own, because which attributes are unique is configured as well.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE custom_resource (
        account_id {uuid} NOT NULL,
        resource_type text NOT NULL,
        id {uuid} NOT NULL,
        external_id text,
        resource {json} NOT NULL,
        version bigint NOT NULL,
        created_ms bigint NOT NULL,
        modified_ms bigint NOT NULL,
        PRIMARY KEY (account_id, id)
    ){keyed}",
    "CREATE INDEX custom_resource_list ON custom_resource (account_id, resource_type, id)",
    "CREATE INDEX custom_resource_external_id ON custom_resource (account_id, resource_type, external_id) WHERE external_id IS NOT NULL",
    "CREATE TABLE custom_key (
        account_id {uuid} NOT NULL,
        resource_type text NOT NULL,
        attribute text NOT NULL,
        key text NOT NULL,
        resource_id {uuid} NOT NULL,
        PRIMARY KEY (account_id, resource_type, attribute, key)
    ){keyed}",
];
