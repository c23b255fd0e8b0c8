//! In which form users are asked for: what a plan of a conversion warns of.

use super::Sql;

/// An account's hour, twice at most: few rows, found by their key.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000022_user_id_form",
    postgres_first: &[],
    statements: &["CREATE TABLE user_id_form (
            account_id {uuid} NOT NULL,
            hour_ms bigint NOT NULL,
            source text NOT NULL,
            mailbox bigint NOT NULL,
            email bigint NOT NULL,
            PRIMARY KEY (account_id, hour_ms, source)
        ){keyed}"],
};
