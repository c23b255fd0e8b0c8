//! What filters, orders and cursors need: indexes to read by, and a place for the key that cursors are signed with.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000002_read_indexes",
    postgres_first: &[
        // Keys are compared and ordered by their bytes, as the program does it and as SQLite does; only then do prefixes and ranges
        // use the index, whatever the locale of the database. The rows stay as they are, the indexes are built anew.
        "ALTER TABLE users ALTER COLUMN login_key TYPE text COLLATE \"C\", ALTER COLUMN email_key TYPE text COLLATE \"C\", \
         ALTER COLUMN external_id TYPE text COLLATE \"C\"",
        "ALTER TABLE user_group ALTER COLUMN display_key TYPE text COLLATE \"C\", ALTER COLUMN external_id TYPE text COLLATE \"C\"",
        // Every address but the first, each for itself. The few who have one pay for it, and nobody else. Without fastupdate, because
        // a look-up would have to read through what has not been merged yet.
        "DROP INDEX users_other_email_keys",
        "CREATE INDEX users_other_email_keys ON users USING gin (string_to_array(other_email_keys, chr(10))) WITH (fastupdate = off) \
         WHERE other_email_keys IS NOT NULL",
    ],
    statements: &[
        // With the id, so that it is a whole order; and with those who have none, so that an order finds them at its end.
        "DROP INDEX users_external_id",
        "CREATE INDEX users_external_id ON users (account_id, external_id, id)",
        "DROP INDEX user_group_external_id",
        "CREATE INDEX user_group_external_id ON user_group (account_id, external_id, id)",
        "CREATE INDEX users_created ON users (account_id, created_ms, id)",
        "CREATE INDEX users_modified ON users (account_id, modified_ms, id)",
        "CREATE TABLE service_secret (
            name text NOT NULL PRIMARY KEY,
            secret {bytes} NOT NULL,
            created_ms bigint NOT NULL
        )",
        // Most are active: only the others are worth looking up.
        "CREATE INDEX users_inactive ON users (account_id, id) WHERE NOT active",
    ],
};
