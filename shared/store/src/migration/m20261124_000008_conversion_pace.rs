//! The row that the canary of a conversion writes, and where its pace stands.

use super::Sql;

/// One row an account, so that the canaries of two conversions do not wait for each other. Written over and over, it stays on one page.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000008_conversion_pace",
    postgres_first: &[],
    statements: &["CREATE TABLE conversion_pace (
        account_id {uuid} NOT NULL PRIMARY KEY,
        beat bigint NOT NULL,
        status {json},
        status_ms bigint
    ){keyed}"],
};
