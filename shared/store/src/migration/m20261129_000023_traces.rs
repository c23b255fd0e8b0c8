//! The trace a failure belongs to, and the mail it causes: a `traceparent`, or nothing.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000023_traces",
    postgres_first: &[],
    statements: &["ALTER TABLE failure ADD COLUMN trace text", "ALTER TABLE outbox_mail ADD COLUMN trace text"],
};
