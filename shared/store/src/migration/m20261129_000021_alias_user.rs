//! What the aliases of one user are found by.

use super::Sql;

/// Without the account in front: a user's id is nobody else's in any account. On SQLite, where the primary key is the table, an index that
/// begins as the primary key does is passed over for it, and all aliases of the account were read for those of one user; this one is
/// entered, and goes on by account and old user id.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000021_alias_user",
    postgres_first: &[],
    statements: &["DROP INDEX alias_user", "CREATE INDEX alias_user ON alias (user_id)"],
};
