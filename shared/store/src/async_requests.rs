//! Requests that were acknowledged before they were applied (RFC 9967).
//!
//! The row is what makes the promise: it holds the operations until they are applied, whatever becomes of the queue. What became of
//! them is in the log of operations, where everybody else's is, under the same ids; so an operation that is enqueued again has one
//! effect, as any other.
//!
//! Moments are on the queue's clock, but for `done_ms`.

use crate::{Store, StoreError, WriteTransaction, rows::Rows};
use muster_domain::{AccountId, Operation, OperationId};
use muster_scim::ScimError;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

/// How long a worker has to start an operation of such a request once it is enqueued, milliseconds. Past that it is left to be
/// enqueued again: a worker does not hold on to what cannot be applied now.
pub const DEADLINE_MS: i64 = 10_000;
/// How long nobody looks after a request that was just accepted, or enqueued again, at least; milliseconds.
const PATIENCE_MS: i64 = DEADLINE_MS + 2_000;
/// The same at most: the older a request, the longer the pauses.
const PATIENCE_MAX_MS: i64 = 300_000;

/// One operation of a request, as its end is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The HTTP method.
    pub method: String,
    /// What the client calls it, in a bulk request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk_id: Option<String>,
    /// What became of it is in the log under this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Why it was refused before it became an operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ScimError>,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its operations, in the order of the request.
    pub parts: Vec<Part>,
    /// When it was accepted, milliseconds since 1970.
    pub accepted_ms: i64,
}

/// A request that is not done and may have been lost.
#[derive(Clone, Debug)]
pub struct Due {
    /// The request.
    pub id: Uuid,
    /// What of it is to be applied.
    pub operations: Vec<Operation>,
}

/// Makes the promise: once this returns true, the operations are applied some day. False, and nothing is stored, when `most` requests
/// of the account wait to be applied already. One statement.
///
/// # Errors
/// When the database fails. Whether the promise was made is then unknown, unless it is [`StoreError::Other`].
pub async fn insert(
    store: &Store,
    account: AccountId,
    id: Uuid,
    parts: &[Part],
    operations: &[Operation],
    most: u32,
) -> Result<bool, StoreError> {
    let accepted_ms = operations.first().map_or(0, |operation| operation.accepted_ms);
    let rows = Rows::new(store.dialect())
        .uuid("id", [id])
        .uuid("account_id", [account.0])
        .json("parts", [written(&parts)])
        .json("operations", [written(&operations)])
        .int("accepted_ms", [accepted_ms])
        .int("due_ms", [accepted_ms + PATIENCE_MS]);
    // Counted no further than it matters.
    let sql = format!(
        "INSERT INTO async_request (id, account_id, parts, operations, accepted_ms, due_ms) \
         SELECT id, account_id, parts, operations, accepted_ms, due_ms FROM r \
         WHERE (SELECT count(*) FROM (SELECT 1 FROM async_request a \
             WHERE a.account_id = r.account_id AND a.due_ms IS NOT NULL LIMIT {most}) AS waiting) < {most}"
    );
    Ok(store.writer().execute_raw(rows.statement(&sql)).await?.rows_affected() == 1)
}

/// A request of this account.
///
/// # Errors
/// When the database fails.
pub async fn find(store: &Store, account: AccountId, id: Uuid) -> Result<Option<Found>, StoreError> {
    let sql = "SELECT CAST(parts AS text) AS parts, accepted_ms FROM async_request WHERE account_id = $1 AND id = $2";
    let Some(row) = store.writer().query_one_raw(store.statement(sql, [account.0.into(), id.into()])).await? else {
        return Ok(None);
    };
    Ok(Some(Found { parts: read(&row, "parts")?, accepted_ms: row.try_get("", "accepted_ms")? }))
}

/// Takes requests that nobody has looked after for a while, at most so many. Whoever takes one has it to itself for as long as the
/// request is old, so that several workers share them and none is enqueued too often.
///
/// # Errors
/// When the database fails.
pub async fn take_due(store: &Store, now_ms: i64, most: u64) -> Result<Vec<Due>, StoreError> {
    let sql = format!(
        "UPDATE async_request SET due_ms = $1 + CASE \
             WHEN $1 - accepted_ms < {PATIENCE_MS} THEN {PATIENCE_MS} \
             WHEN $1 - accepted_ms > {PATIENCE_MAX_MS} THEN {PATIENCE_MAX_MS} \
             ELSE $1 - accepted_ms END \
         WHERE due_ms <= $1 AND id IN (SELECT id FROM async_request WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2) \
         RETURNING id, CAST(operations AS text) AS operations"
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let taken = store.writer().query_all_raw(store.statement(sql, [now_ms.into(), most.into()])).await?;
    let mut due = Vec::with_capacity(taken.len());
    for row in taken {
        let id = row.try_get("", "id")?;
        // One that a later version wrote must not keep the others from being looked after.
        match read(&row, "operations") {
            Ok(operations) => due.push(Due { id, operations }),
            Err(error) => tracing::error!(request.id = %id, %error, "an asynchronous request cannot be read"),
        }
    }
    Ok(due)
}

/// Which of these operations have an outcome.
///
/// # Errors
/// When the database fails.
pub async fn ended(store: &Store, operations: &[&Operation]) -> Result<HashSet<OperationId>, StoreError> {
    let rows = Rows::new(store.dialect())
        .uuid("account_id", operations.iter().map(|operation| operation.account.0))
        .uuid("id", operations.iter().map(|operation| operation.id.0));
    let sql = "SELECT o.id FROM r JOIN operation o ON o.id = r.id AND o.account_id = r.account_id";
    let found = store.writer().query_all_raw(rows.statement(sql)).await?;
    found.iter().map(|row| Ok(OperationId(row.try_get("", "id")?))).collect()
}

/// Nothing of these requests is left to be done: what they asked for is forgotten, what became of it is kept.
///
/// # Errors
/// When the database fails.
pub async fn finish(store: &Store, ids: &[Uuid], done_ms: i64) -> Result<(), StoreError> {
    if !ids.is_empty() {
        store.writer().execute_raw(finishing(Rows::new(store.dialect()), ids, done_ms)).await?;
    }
    Ok(())
}

/// Forgets requests that were done before this moment; their ends can then no longer be asked for.
///
/// # Errors
/// When the database fails.
pub async fn forget(store: &Store, before_ms: i64) -> Result<u64, StoreError> {
    let statement = store.statement("DELETE FROM async_request WHERE done_ms < $1", [Value::from(before_ms)]);
    Ok(store.writer().execute_raw(statement).await?.rows_affected())
}

impl WriteTransaction {
    /// [`finish`], in the transaction that applies the last of these requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_async_requests(&self, ids: &[Uuid], done_ms: i64) -> Result<(), StoreError> {
        if !ids.is_empty() {
            self.inner.execute_raw(finishing(Rows::new(self.dialect), ids, done_ms)).await?;
        }
        Ok(())
    }
}

fn finishing(rows: Rows, ids: &[Uuid], done_ms: i64) -> Statement {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let rows = rows.uuid("id", ids.iter().copied()).int("done_ms", ids.iter().map(|_| done_ms));
    rows.statement("UPDATE async_request SET operations = NULL, due_ms = NULL, done_ms = r.done_ms FROM r WHERE async_request.id = r.id")
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with text keys is always JSON")
}

fn read<T: serde::de::DeserializeOwned>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    let json: String = row.try_get("", column)?;
    serde_json::from_str(&json).map_err(|error| StoreError::Other(format!("a stored request cannot be read: {error}")))
}
