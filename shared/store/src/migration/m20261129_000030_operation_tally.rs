//! What is counted of operations, minute by minute.

use super::Sql;

/// `operation_minute` is what the log says, summed up by minute and key, so that nobody who looks at a week reads a million rows. A batch
/// adds a row to `operation_delta` instead of adding to a minute that another batch may be adding to: nobody waits for anybody. What has no
/// key (a command, the console, a sign-in) is counted under the nil one. What is in the log already is counted once, here.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261129_000030_operation_tally",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE operation_minute (
            account_id {uuid} NOT NULL,
            minute bigint NOT NULL,
            key_id {uuid} NOT NULL,
            first_ms bigint NOT NULL,
            last_ms bigint NOT NULL,
            operations bigint NOT NULL,
            created bigint NOT NULL,
            replaced bigint NOT NULL,
            patched bigint NOT NULL,
            deleted bigint NOT NULL,
            failed bigint NOT NULL,
            PRIMARY KEY (account_id, minute, key_id)
        ){keyed}",
        "CREATE TABLE operation_delta (
            account_id {uuid} NOT NULL,
            minute bigint NOT NULL,
            id {uuid} NOT NULL,
            key_id {uuid} NOT NULL,
            first_ms bigint NOT NULL,
            last_ms bigint NOT NULL,
            operations bigint NOT NULL,
            created bigint NOT NULL,
            replaced bigint NOT NULL,
            patched bigint NOT NULL,
            deleted bigint NOT NULL,
            failed bigint NOT NULL,
            PRIMARY KEY (account_id, minute, id)
        ){keyed}",
        "INSERT INTO operation_minute
            (account_id, minute, key_id, first_ms, last_ms, operations, created, replaced, patched, deleted, failed)
         SELECT account_id, accepted_ms / 60000, COALESCE(key_id, {nil}), min(accepted_ms), max(accepted_ms), count(*),
            CAST(sum(CASE WHEN change = 'create' THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN change = 'replace' THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN change = 'patch' THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN change = 'delete' THEN 1 ELSE 0 END) AS bigint),
            CAST(sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END) AS bigint)
         FROM operation GROUP BY account_id, accepted_ms / 60000, COALESCE(key_id, {nil})",
    ],
};
