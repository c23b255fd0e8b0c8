//! Resources of the types an installation adds, and their unique values.

use super::Sql;

/// One table for every type: types come and go with the configuration, tables only with a migration. What is unique is decided by
/// the primary key of a table of its own, because which attributes are unique is configured as well.
pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000004_custom_resources",
    postgres_first: &[],
    statements: &[
        "CREATE TABLE custom_resource (
            account_id {uuid} NOT NULL,
            resource_type text NOT NULL,
            id {uuid} NOT NULL,
            external_id {key},
            resource {json} NOT NULL,
            version bigint NOT NULL,
            created_ms bigint NOT NULL,
            modified_ms bigint NOT NULL,
            PRIMARY KEY (account_id, id)
        ){keyed}",
        "CREATE INDEX custom_resource_list ON custom_resource (account_id, resource_type, id)",
        "CREATE INDEX custom_resource_external_id ON custom_resource (account_id, resource_type, external_id) WHERE external_id IS NOT NULL",
        "CREATE TABLE custom_key (
            account_id {uuid} NOT NULL,
            resource_type text NOT NULL,
            attribute text NOT NULL,
            key text NOT NULL,
            resource_id {uuid} NOT NULL,
            PRIMARY KEY (account_id, resource_type, attribute, key)
        ){keyed}",
    ],
};
