//! The OpenID provider of each account, and the one-time codes of those who have just signed in with it.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000013_sso_provider",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE sso_provider (
            account_id {uuid} NOT NULL PRIMARY KEY,
            issuer text NOT NULL,
            client_id text NOT NULL,
            secret_file text,
            scopes text NOT NULL,
            return_to text NOT NULL,
            modified_ms bigint NOT NULL
        ){keyed}",
        "CREATE TABLE sso_code (
            hash {bytes} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            user_id {uuid} NOT NULL,
            flow {bytes} NOT NULL,
            expires_ms bigint NOT NULL,
            used_ms bigint
        ){keyed}",
        // One sign-in is worth one code, however often its last address is called.
        "CREATE UNIQUE INDEX sso_code_flow ON sso_code (flow)",
        "CREATE INDEX sso_code_expires ON sso_code (expires_ms)",
    ],
};
