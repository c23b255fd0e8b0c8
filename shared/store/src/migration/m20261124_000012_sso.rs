//! What each account has chosen about sign-in with an identity somebody else vouches for, and the domains that are its own.

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000012_sso",
    postgres_first: &[],
    statements: &[
        // An account without a row has the defaults.
        "CREATE TABLE sso_setting (
            account_id {uuid} NOT NULL PRIMARY KEY,
            rule text NOT NULL,
            claim text NOT NULL,
            jit text NOT NULL,
            linking text NOT NULL,
            modified_ms bigint NOT NULL
        ){keyed}",
        "CREATE TABLE sso_domain (
            account_id {uuid} NOT NULL,
            domain {key} NOT NULL,
            added_ms bigint NOT NULL,
            PRIMARY KEY (account_id, domain)
        ){keyed}",
    ],
};
