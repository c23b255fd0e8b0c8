//! Requests that were acknowledged before they were applied (RFC 9967).

use super::Sql;

pub(super) const MIGRATION: Sql = Sql {
    name: "m20261124_000006_async_requests",
    postgres_first: &[],
    statements: &[
        // `parts` says what there is to tell about each operation of the request, `operations` holds the operations themselves until
        // they are applied; what became of them is in `operation`, like that of any other.
        "CREATE TABLE async_request (
            id {uuid} NOT NULL PRIMARY KEY,
            account_id {uuid} NOT NULL,
            parts {json} NOT NULL,
            operations {json},
            accepted_ms bigint NOT NULL,
            due_ms bigint,
            done_ms bigint
        ){keyed}",
        // Only what is not done is looked through, however many are kept.
        "CREATE INDEX async_request_due ON async_request (due_ms) WHERE due_ms IS NOT NULL",
        "CREATE INDEX async_request_waiting ON async_request (account_id) WHERE due_ms IS NOT NULL",
        "CREATE INDEX async_request_done ON async_request (done_ms) WHERE done_ms IS NOT NULL",
    ],
};
