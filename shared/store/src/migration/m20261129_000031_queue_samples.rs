//! How deep the queue was.

use super::Sql;

/// A row for each half a minute: the worst of it. The queue belongs to the installation and not to an account.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000031_queue_samples",
    postgres_first: &[],
    statements: &["CREATE TABLE queue_sample (
            at_ms bigint NOT NULL PRIMARY KEY,
            depth bigint NOT NULL,
            oldest_ms bigint NOT NULL
        ){keyed}"],
};
