//! Recipients of mail, mails on their way, and how far the mails about each incident have come.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000010_mail",
    postgres_first: &[],
    statements: &[
        // Who gets mail. One of source `administrator` is there for its token and for what it has unsubscribed from; it gets mail only while
        // the account's list is empty and it is the SCIM administrator's address.
        "CREATE TABLE mail_recipient (
            account_id {uuid} NOT NULL,
            address_key text NOT NULL,
            address text NOT NULL,
            source text NOT NULL,
            time_zone text NOT NULL,
            quiet_hours text,
            token text NOT NULL,
            created_ms bigint NOT NULL,
            unsubscribed_ms bigint,
            bounced_ms bigint,
            bounce text,
            lease_owner {uuid},
            lease_until_ms bigint NOT NULL,
            PRIMARY KEY (account_id, address_key)
        ){keyed}",
        "CREATE UNIQUE INDEX mail_recipient_token ON mail_recipient (token)",
        "CREATE TABLE outbox_mail (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            address_key text NOT NULL,
            mail_key text NOT NULL,
            thread text,
            incident_id {uuid},
            content text NOT NULL,
            attachment text,
            immediate boolean NOT NULL,
            folded boolean NOT NULL,
            held text,
            state text NOT NULL,
            due_ms bigint NOT NULL,
            first_due_ms bigint NOT NULL,
            written_ms bigint NOT NULL,
            attempts bigint NOT NULL,
            unanswered bigint NOT NULL,
            sending_until_ms bigint NOT NULL,
            reply text,
            sent_ms bigint,
            done_ms bigint,
            folded_into {uuid},
            PRIMARY KEY (account_id, id)
        )",
        // The same mail to the same recipient once: the database's word, not the program's.
        "CREATE UNIQUE INDEX outbox_mail_key ON outbox_mail (account_id, mail_key, address_key)",
        "CREATE INDEX outbox_mail_pending ON outbox_mail (due_ms) WHERE state = 'pending'",
        "CREATE INDEX outbox_mail_recipient ON outbox_mail (account_id, address_key, id) WHERE state = 'pending'",
        "CREATE INDEX outbox_mail_sent ON outbox_mail (account_id, sent_ms) WHERE sent_ms IS NOT NULL",
        "CREATE INDEX outbox_mail_done ON outbox_mail (done_ms) WHERE done_ms IS NOT NULL",
        "CREATE TABLE incident_mail (
            account_id {uuid} NOT NULL,
            incident_id {uuid} NOT NULL,
            base_ms bigint NOT NULL,
            due_ms bigint,
            failures bigint NOT NULL,
            told_window bigint,
            told_failures bigint,
            told_over boolean NOT NULL,
            resolved boolean NOT NULL,
            PRIMARY KEY (account_id, incident_id)
        ){keyed}",
        "CREATE INDEX incident_mail_due ON incident_mail (due_ms) WHERE due_ms IS NOT NULL",
    ],
};
