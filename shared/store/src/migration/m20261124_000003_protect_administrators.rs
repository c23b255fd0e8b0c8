//! What the protection of administrators stands on.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000003_protect_administrators",
    postgres_first: &[],
    statements: &[
        // Counts the changes after which somebody may be administrator no more. Two workers that disable one administrator each have
        // no row in common but this one.
        "ALTER TABLE account ADD COLUMN administrators_version bigint NOT NULL DEFAULT 0",
        // Few users are administrators: without an index of their own, finding them means going through the account.
        "CREATE INDEX users_administrators ON users (account_id, id) WHERE role = 'administrator'",
    ],
};
