//! What the protection of administrators stands on.

use sea_orm_migration::prelude::*;

/// Adds it.
#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait declares it so, and async_trait wants the same text")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager.get_connection(), STATEMENTS).await
    }
}

const STATEMENTS: &[&str] = &[
    // Counts the changes after which somebody may be administrator no more. Two workers that disable one administrator each have
    // no row in common but this one.
    "ALTER TABLE account ADD COLUMN administrators_version bigint NOT NULL DEFAULT 0",
    // Few users are administrators: without an index of their own, finding them means going through the account.
    "CREATE INDEX users_administrators ON users (account_id, id) WHERE role = 'administrator'",
];
