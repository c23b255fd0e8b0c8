//! What the lists of the console are read by.

use super::Sql;

/// Whoever is looked for by a filter is rare among many: an index of the rare ones in the order of the list finds them without walking
/// past the others. A user as directories make it (active, of no special role, with an `externalId`) is in none of them, so a burst of
/// creations pays nothing here.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261128_000020_console_lists",
    postgres_first: &[],
    statements: &[
        // That the key is at least the empty text is always so, and said by the list only: to no other query do these indexes exist.
        "CREATE INDEX users_list_inactive ON users (account_id, login_key) WHERE NOT active AND login_key >= ''",
        "CREATE INDEX users_list_role ON users (account_id, role, login_key) WHERE role <> 'user' AND login_key >= ''",
        "CREATE INDEX users_list_unlinked ON users (account_id, login_key) WHERE external_id IS NULL AND login_key >= ''",
        // The aliases of one user: its page shows them.
        "CREATE INDEX alias_user ON alias (account_id, user_id)",
    ],
};
