//! What the page of a conversion reads: how fast it went, a row every few seconds; and users by the reason they are left for.

use super::Sql;

/// Read by run, in order of time; deleted by account.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000022_conversion_samples",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE conversion_sample (
        account_id {uuid} NOT NULL,
        conversion_id {uuid} NOT NULL,
        at_ms bigint NOT NULL,
        length_ms bigint NOT NULL,
        row_count bigint NOT NULL,
        allowed double precision,
        during_p99_ms double precision,
        between_p99_ms double precision,
        waiting text,
        PRIMARY KEY (account_id, conversion_id, at_ms)
    ){keyed}",
        // Next to nobody, among a million who are simply converted.
        "CREATE INDEX conversion_item_code ON conversion_item (conversion_id, code, n) WHERE code <> 'convert'",
    ],
};
