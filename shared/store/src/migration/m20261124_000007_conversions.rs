//! The tables of Convert All User IDs To Use Email: the run, its items, its targets; and the old user ids that still sign in.

use super::Sql;

/// Nothing here references `users`: a foreign key would lock a user's row for every item written, and an item outlives its user.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000007_conversions",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE conversion (
            id {uuid} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            kind text NOT NULL,
            undo_of {uuid},
            state text NOT NULL,
            phase text NOT NULL,
            reason text,
            error text,
            requested_by text NOT NULL,
            options {json} NOT NULL,
            pace {json} NOT NULL,
            last_read {uuid},
            walk_n bigint NOT NULL,
            users_n bigint NOT NULL,
            total bigint NOT NULL,
            planned bigint NOT NULL,
            converted bigint NOT NULL,
            rounds bigint NOT NULL,
            verified {json},
            epoch bigint NOT NULL,
            lease_owner text,
            lease_until_ms bigint,
            active_ms bigint NOT NULL,
            created_ms bigint NOT NULL,
            planned_ms bigint,
            started_ms bigint,
            finished_ms bigint,
            modified_ms bigint NOT NULL
        ){keyed}",
        // One live run an account: the database's word, not the program's.
        "CREATE UNIQUE INDEX conversion_one_live ON conversion (account_id) WHERE finished_ms IS NULL",
        "CREATE INDEX conversion_account ON conversion (account_id, created_ms)",
        // The plan is the journal: an item says what its user had and gets, and what became of it.
        // With rows of its own, unlike the others: where the primary key is the table, SQLite takes one column of it for cheaper than two of
        // an index, and without statistics would look for one key through the whole plan.
        "CREATE TABLE conversion_item (
            conversion_id {uuid} NOT NULL,
            n bigint NOT NULL,
            account_id {uuid} NOT NULL,
            user_id {uuid} NOT NULL,
            old_id text NOT NULL,
            old_key {key} NOT NULL,
            new_id text,
            new_key {key},
            email text,
            active boolean NOT NULL,
            state text NOT NULL,
            code text NOT NULL,
            other {uuid},
            depth bigint NOT NULL,
            ring bigint,
            tries bigint NOT NULL,
            PRIMARY KEY (conversion_id, n)
        )",
        "CREATE UNIQUE INDEX conversion_item_user ON conversion_item (conversion_id, user_id)",
        "CREATE INDEX conversion_item_old_key ON conversion_item (conversion_id, old_key)",
        "CREATE INDEX conversion_item_new_key ON conversion_item (conversion_id, new_key) WHERE new_key IS NOT NULL",
        // Few: the links of chains and rings, which have an order of their own.
        "CREATE INDEX conversion_item_ordered ON conversion_item (conversion_id, depth, n) WHERE depth > 0",
        // Few: what the sweep has to look at again.
        "CREATE INDEX conversion_item_again ON conversion_item (conversion_id, n) WHERE state = 'again'",
        "CREATE TABLE conversion_target (
            conversion_id {uuid} NOT NULL,
            position bigint NOT NULL,
            name text NOT NULL,
            mode text NOT NULL,
            last_key text,
            state text NOT NULL,
            scanned bigint NOT NULL,
            rewritten bigint NOT NULL,
            ambiguous bigint NOT NULL,
            PRIMARY KEY (conversion_id, position)
        ){keyed}",
        // What an operator should hear of, and what the timeline of a run shows.
        "CREATE TABLE conversion_event (
            conversion_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            account_id {uuid} NOT NULL,
            at_ms bigint NOT NULL,
            type text NOT NULL,
            data {json} NOT NULL,
            told_ms bigint,
            PRIMARY KEY (conversion_id, id)
        ){keyed}",
        // What is to become mail: next to nothing at any time.
        "CREATE INDEX conversion_event_untold ON conversion_event (at_ms) WHERE told_ms IS NULL",
        "CREATE TABLE alias (
            account_id {uuid} NOT NULL,
            old_key {key} NOT NULL,
            user_id {uuid} NOT NULL,
            old_id text NOT NULL,
            conversion_id {uuid} NOT NULL,
            expires_ms bigint NOT NULL,
            reserved_ms bigint NOT NULL,
            hits bigint NOT NULL,
            last_used_ms bigint,
            PRIMARY KEY (account_id, old_key)
        ){keyed}",
    ],
};
