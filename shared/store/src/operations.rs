//! The log of operations, as it is read, and the fence that ends one.

use crate::{
    Store, StoreError, WriteTransaction,
    batch::{LogEntry, Written},
    now_ms,
    resources::{self, Include},
    rows::Rows,
};
use muster_domain::{AccountId, Operation, OperationId, Outcome, OutcomeCode};
use muster_scim::{ResourceType, ScimError, schema::CustomType};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What the log keeps of an operation.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The operation.
    pub id: OperationId,
    /// What it did: `create`, `replace`, `patch` or `delete`.
    pub change: String,
    /// What it is about.
    pub resource_type: ResourceType,
    /// What it is about.
    pub resource_id: Uuid,
    /// What became of it, without the resource: the log keeps versions, not copies.
    pub outcome: Outcome,
    /// When that was, milliseconds since 1970.
    pub applied_ms: i64,
    /// The request it came with.
    pub request_id: Uuid,
}

/// What became of an operation; nothing while nobody has recorded it. The resource of a successful one is the one that is there
/// now: the log keeps versions, not copies.
///
/// # Errors
/// When the database fails.
pub async fn outcome(store: &Store, account: AccountId, id: OperationId) -> Result<Option<Outcome>, StoreError> {
    let Some(recorded) = recorded(store, account, &[id]).await?.pop() else { return Ok(None) };
    let Recorded { change, resource_type, resource_id, mut outcome, .. } = recorded;
    // A type that is no longer configured has no resource to show.
    let known = !matches!(resource_type, ResourceType::Custom(custom) if !custom.is_known());
    if outcome.is_success() && change != "delete" && known {
        let include = Include { members: false, groups: resource_type == ResourceType::User };
        outcome.resource = resources::get_from(store.writer(), store, account, resource_type, resource_id, include).await?;
    }
    Ok(Some(outcome))
}

/// Those of these operations that have an outcome, in no order. One statement.
///
/// # Errors
/// When the database fails.
pub async fn recorded(store: &Store, account: AccountId, ids: &[OperationId]) -> Result<Vec<Recorded>, StoreError> {
    let rows = Rows::new(store.dialect()).uuid("id", ids.iter().map(|id| id.0)).uuid("account_id", ids.iter().map(|_| account.0));
    let sql = "SELECT o.id, o.change, o.resource_type, o.resource_id, o.code, o.status, o.version, CAST(o.error AS text) AS error, \
         o.applied_ms, o.request_id FROM r JOIN operation o ON o.id = r.id AND o.account_id = r.account_id";
    // The primary: a replica may not have it yet.
    store.writer().query_all_raw(rows.statement(sql)).await?.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Recorded, StoreError> {
    let word: String = row.try_get("", "code")?;
    let code = OutcomeCode::from_word(&word).ok_or_else(|| StoreError::Other(format!("an operation has the unknown outcome `{word}`")))?;
    let status: i64 = row.try_get("", "status")?;
    let error: Option<String> = row.try_get("", "error")?;
    let error: Option<ScimError> = error.and_then(|json| serde_json::from_str(&json).ok());
    let kind: String = row.try_get("", "resource_type")?;
    Ok(Recorded {
        id: OperationId(row.try_get("", "id")?),
        change: row.try_get("", "change")?,
        resource_type: ResourceType::named(&kind).unwrap_or(ResourceType::Custom(CustomType::unknown())),
        resource_id: row.try_get("", "resource_id")?,
        outcome: Outcome {
            code,
            status: u16::try_from(status).unwrap_or(500),
            version: row.try_get("", "version")?,
            resource: None,
            error,
        },
        applied_ms: row.try_get("", "applied_ms")?,
        request_id: row.try_get("", "request_id")?,
    })
}

/// Records what became of an operation that had no effect, unless it has an outcome already, which is then returned.
///
/// # Errors
/// When the database fails. Nothing is known then.
pub async fn record(store: &Store, operation: &Operation, outcome: &Outcome) -> Result<Option<Outcome>, StoreError> {
    if end(store, std::slice::from_ref(operation), outcome).await?.is_empty() {
        return self::outcome(store, operation.account, operation.id).await;
    }
    Ok(None)
}

/// The fence: records an operation as expired unless it has an outcome already, which is then returned.
///
/// After `Ok(None)` no worker can commit that operation any more, because the log entry that belongs to its effect would be a
/// second one; so a client may be told that its write failed, and is never surprised later.
///
/// # Errors
/// When the database fails. Nothing is known then.
pub async fn expire(store: &Store, operation: &Operation) -> Result<Option<Outcome>, StoreError> {
    record(store, operation, &Outcome::failed(OutcomeCode::Expired, 503)).await
}

/// The fence for all operations of one bulk request, in one statement: what became of each, in their order, recorded as expired
/// where nothing had become of it.
///
/// # Errors
/// When the database fails. Nothing is known then.
pub async fn expire_all(store: &Store, operations: &[Operation]) -> Result<Vec<Outcome>, StoreError> {
    let Some(first) = operations.first() else { return Ok(Vec::new()) };
    let expired = Outcome::failed(OutcomeCode::Expired, 503);
    let ended = end(store, operations, &expired).await?;
    if ended.len() == operations.len() {
        return Ok(vec![expired; operations.len()]);
    }
    let ids: Vec<OperationId> = operations.iter().map(|operation| operation.id).collect();
    let mut found: HashMap<OperationId, Outcome> =
        recorded(store, first.account, &ids).await?.into_iter().map(|recorded| (recorded.id, recorded.outcome)).collect();
    let take = |id| found.remove(id).ok_or_else(|| StoreError::Raced(format!("the log entry of operation {id} has gone")));
    ids.iter().map(take).collect()
}

/// Gives up on operations that were set aside: those that have no outcome have this one now, and nobody enqueues them again. Says how many.
///
/// # Errors
/// When the database fails. Nothing has changed then.
pub async fn give_up(store: &Store, operations: &[Operation]) -> Result<u64, StoreError> {
    if operations.is_empty() {
        return Ok(0);
    }
    Ok(end(store, operations, &Outcome::failed(OutcomeCode::SetAside, 500)).await?.len() as u64)
}

/// Records this outcome for each that has none, in one statement. Returns which those were.
async fn end(store: &Store, operations: &[Operation], outcome: &Outcome) -> Result<HashSet<Uuid>, StoreError> {
    let entries: Vec<LogEntry<'_>> = operations.iter().map(|operation| LogEntry { operation, outcome, changed: &[] }).collect();
    let now_ms = now_ms();
    let written = Written { applied_ms: now_ms, begun_ms: now_ms, detail: store.detail };
    let statement = crate::batch::log_rows(Rows::new(store.dialect()), &entries, written).statement(crate::batch::LOG_INSERT);
    let tx = store.begin().await?;
    // If a worker is committing one at this moment, this waits for that COMMIT, and then finds its row.
    let ended = tx.inner.query_all_raw(statement).await?;
    let ended: HashSet<Uuid> = ended.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
    let late: Vec<LogEntry<'_>> = entries.iter().copied().filter(|entry| ended.contains(&entry.operation.id.0)).collect();
    tx.put_tally(&late).await?;
    tx.put_failures(&crate::batch::log_failures(&late, now_ms)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Takes back that these operations were set aside, so that they can be delivered once more; says how many were. What has any other outcome
/// keeps it, and is answered with it: what has happened does not happen twice.
///
/// # Errors
/// [`StoreError::Conflict`] when something newer was applied to one of their users or groups, which replaying would undo, and when every one has
/// an outcome, so that replaying would do nothing; or when the database fails. Nothing has changed then.
pub async fn reopen(store: &Store, operations: &[Operation]) -> Result<u64, StoreError> {
    if operations.is_empty() {
        return Ok(0);
    }
    let rows = || {
        Rows::new(store.dialect())
            .uuid("account_id", operations.iter().map(|operation| operation.account.0))
            .uuid("id", operations.iter().map(|operation| operation.id.0))
            .uuid("resource_id", operations.iter().map(|operation| operation.resource_id))
    };
    let tx = store.begin().await?;
    let overtaken = format!(
        "SELECT count(*) AS n FROM r WHERE EXISTS (SELECT 1 FROM operation n WHERE n.account_id = r.account_id AND n.resource_id = r.resource_id \
         AND n.id > r.id AND n.change <> 'create' AND n.code = '{}')",
        OutcomeCode::Applied.as_str()
    );
    if tx.number(rows().statement(&overtaken)).await? > 0 {
        let why = "a user or group of it has been changed since, and replaying would undo that: discard the message, and let the directory send again";
        return Err(StoreError::Conflict(why.to_owned()));
    }
    let sql = format!(
        "DELETE FROM operation WHERE id IN (SELECT id FROM r) AND account_id IN (SELECT account_id FROM r) AND code = '{}' RETURNING id",
        OutcomeCode::SetAside.as_str()
    );
    let gone = tx.inner.query_all_raw(rows().statement(&sql)).await?;
    let gone: HashSet<Uuid> = gone.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
    let ended = "SELECT count(*) AS n FROM r JOIN operation o ON o.id = r.id AND o.account_id = r.account_id";
    if tx.number(rows().statement(ended)).await? == i64::try_from(operations.len()).unwrap_or(i64::MAX) {
        let why = "each of its operations has an outcome already, which is in the log: retry the failure, or discard the message";
        return Err(StoreError::Conflict(why.to_owned()));
    }
    let set_aside = Outcome::failed(OutcomeCode::SetAside, 500);
    let reopened: Vec<LogEntry<'_>> = operations
        .iter()
        .filter(|operation| gone.contains(&operation.id.0))
        .map(|operation| LogEntry { operation, outcome: &set_aside, changed: &[] })
        .collect();
    tx.take_back_tally(&reopened).await?;
    tx.commit().await?;
    Ok(gone.len() as u64)
}

impl WriteTransaction {
    /// The number a statement counts, as `n`.
    async fn number(&self, statement: Statement) -> Result<i64, StoreError> {
        let row = self.inner.query_one_raw(statement).await?;
        row.ok_or_else(|| StoreError::Other("a count returned nothing".into()))?.try_get("", "n").map_err(StoreError::from)
    }
}
