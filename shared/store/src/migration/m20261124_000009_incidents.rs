//! The log of operations as people read it, failures, and the incidents they are grouped into.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000009_incidents",
    postgres_first: &[],
    statements: &[
        // What the log shows beyond the outcome. Text and not {json}: nothing ever searches in it, and text is written as it comes.
        "ALTER TABLE operation ADD COLUMN detail text",
        // Ids sort by time: the account's log, newest at the end.
        "CREATE INDEX operation_account ON operation (account_id, id)",
        // A resource's timeline. The creation is not in it: its own id is of the same moment as the resource's, so it is found by that,
        // and a burst of creations pays for no index here.
        "CREATE INDEX operation_resource ON operation (resource_id) WHERE change <> 'create'",
        "CREATE INDEX operation_failed ON operation (account_id, id) WHERE status >= 400",
        // One row for each failed operation, with its id; or one for many requests that failed alike before they became operations.
        "CREATE TABLE failure (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            operation_id {uuid},
            incident_id {uuid},
            fingerprint text NOT NULL,
            cause text NOT NULL,
            scim_type text,
            attribute text,
            action text NOT NULL,
            resource_type text,
            subject_id {uuid},
            subject text,
            failures bigint NOT NULL,
            at_ms bigint NOT NULL,
            change text,
            settled_ms bigint,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        "CREATE INDEX failure_unfolded ON failure (id) WHERE incident_id IS NULL",
        "CREATE INDEX failure_incident ON failure (account_id, incident_id, id)",
        "CREATE INDEX failure_settled ON failure (account_id, incident_id) WHERE settled_ms IS NOT NULL",
        "CREATE TABLE incident (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            number bigint NOT NULL,
            fingerprint text NOT NULL,
            cause text NOT NULL,
            scim_type text,
            attribute text,
            action text NOT NULL,
            resource_type text,
            state text NOT NULL,
            failures bigint NOT NULL,
            affected bigint NOT NULL,
            first_ms bigint NOT NULL,
            last_ms bigint NOT NULL,
            state_ms bigint NOT NULL,
            state_by text,
            snoozed_until_ms bigint,
            resolution text,
            reopened bigint NOT NULL,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        // One incident of a kind at a time: the database's word, not the program's.
        "CREATE UNIQUE INDEX incident_unresolved ON incident (account_id, fingerprint) WHERE state <> 'resolved'",
        "CREATE INDEX incident_fingerprint ON incident (account_id, fingerprint, state_ms)",
        "CREATE UNIQUE INDEX incident_number ON incident (account_id, number)",
        // Who is affected, each counted once, however often it fails.
        "CREATE TABLE incident_subject (
            account_id {uuid} NOT NULL,
            incident_id {uuid} NOT NULL,
            subject_id {uuid} NOT NULL,
            subject text,
            PRIMARY KEY (account_id, incident_id, subject_id)
        ){keyed}",
        // Who may read all this, and act on it, from outside.
        "CREATE TABLE api_token (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            user_id {uuid} NOT NULL,
            name text NOT NULL,
            hash {bytes} NOT NULL UNIQUE,
            hint text NOT NULL,
            created_ms bigint NOT NULL,
            expires_ms bigint NOT NULL,
            voided_ms bigint,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        "CREATE TABLE incident_event (
            id {uuid} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            incident_id {uuid} NOT NULL,
            kind text NOT NULL,
            at_ms bigint NOT NULL,
            failures bigint NOT NULL,
            affected bigint NOT NULL,
            actor text,
            taken_ms bigint
        ){keyed}",
        "CREATE INDEX incident_event_incident ON incident_event (account_id, incident_id, id)",
        "CREATE INDEX incident_event_untaken ON incident_event (id) WHERE taken_ms IS NULL",
        // Growth that nobody has taken yet is one event, however much it grows.
        "CREATE UNIQUE INDEX incident_event_growth ON incident_event (account_id, incident_id) WHERE kind = 'grew' AND taken_ms IS NULL",
    ],
};
