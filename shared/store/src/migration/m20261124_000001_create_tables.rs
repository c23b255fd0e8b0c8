//! The first tables: accounts, secret keys, users, groups, members, operations.

use super::Sql;

/// Times are milliseconds since 1970 (UTC), the same number on both engines. Nothing references `account`: a foreign key there
/// would lock the one account row for every user written.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000001_create_tables",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE account (
            id {uuid} NOT NULL PRIMARY KEY,
            slug text NOT NULL UNIQUE,
            name text NOT NULL,
            host text,
            created_ms bigint NOT NULL
        )",
        "CREATE TABLE secret_key (
            id {uuid} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            administrator_id {uuid} NOT NULL,
            hash {bytes} NOT NULL UNIQUE,
            hint text NOT NULL,
            created_ms bigint NOT NULL,
            voided_ms bigint
        )",
        // One active key an account: the database's word, not the program's.
        "CREATE UNIQUE INDEX secret_key_one_active ON secret_key (account_id) WHERE voided_ms IS NULL",
        "CREATE TABLE users (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            user_id text NOT NULL,
            login_key text NOT NULL,
            email text,
            email_key text,
            other_email_keys text,
            external_id text,
            display_name text,
            active boolean NOT NULL,
            role text NOT NULL,
            resource {json} NOT NULL,
            version bigint NOT NULL,
            created_ms bigint NOT NULL,
            modified_ms bigint NOT NULL,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        // Partial on purpose: changing a column of a plain unique index takes the row lock that blocks every foreign-key check on
        // the row, so a running conversion would stop the platform's inserts. A partial one takes the weaker lock.
        "CREATE UNIQUE INDEX users_login_key ON users (account_id, login_key) WHERE login_key IS NOT NULL",
        "CREATE INDEX users_external_id ON users (account_id, external_id) WHERE external_id IS NOT NULL",
        "CREATE INDEX users_email_key ON users (account_id, email_key) WHERE email_key IS NOT NULL",
        // Few users have a second address; those who do are found by going through them.
        "CREATE INDEX users_other_email_keys ON users (account_id) WHERE other_email_keys IS NOT NULL",
        "CREATE TABLE user_group (
            account_id {uuid} NOT NULL,
            id {uuid} NOT NULL,
            display_name text NOT NULL,
            display_key text NOT NULL,
            external_id text,
            resource {json} NOT NULL,
            version bigint NOT NULL,
            created_ms bigint NOT NULL,
            modified_ms bigint NOT NULL,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        "CREATE UNIQUE INDEX user_group_display_key ON user_group (account_id, display_key) WHERE display_key IS NOT NULL",
        "CREATE INDEX user_group_external_id ON user_group (account_id, external_id) WHERE external_id IS NOT NULL",
        "CREATE TABLE group_member (
            account_id {uuid} NOT NULL,
            group_id {uuid} NOT NULL,
            member_id {uuid} NOT NULL,
            is_group boolean NOT NULL,
            PRIMARY KEY (account_id, group_id, member_id)
        ){keyed}",
        "CREATE INDEX group_member_member ON group_member (account_id, member_id, group_id)",
        "CREATE TABLE operation (
            id {uuid} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            resource_type text NOT NULL,
            resource_id {uuid} NOT NULL,
            change text NOT NULL,
            actor text NOT NULL,
            key_id {uuid},
            code text NOT NULL,
            status bigint NOT NULL,
            version bigint,
            error {json},
            accepted_ms bigint NOT NULL,
            applied_ms bigint NOT NULL,
            request_id {uuid} NOT NULL
        ){keyed}",
    ],
};
