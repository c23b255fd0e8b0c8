//! Which operations to list.

use super::{LoggedOperation, first_id};
use crate::{Store, StoreError};
use muster_domain::{AccountId, IncidentId, KeyId, OperationId, OutcomeCode};
use muster_scim::ResourceType;
use sea_orm::{ConnectionTrait, Statement, Value};
use serde::Serialize;
use uuid::Uuid;

/// Ids are made on a gateway's clock and `accepted_ms` on the queue's: a stretch of time looks this much further in ids.
const CLOCKS_MS: i64 = 60_000;

/// Which operations to list. The default is the newest 50 of all.
#[derive(Clone, Debug)]
pub struct OperationQuery {
    /// About this resource: its timeline.
    pub resource: Option<Uuid>,
    /// About resources of this type.
    pub resource_type: Option<ResourceType>,
    /// `create`, `replace`, `patch` or `delete`.
    pub change: Option<String>,
    /// With one of these outcomes; with any when it is empty.
    pub codes: Vec<OutcomeCode>,
    /// Only those that were not carried out.
    pub failed: bool,
    /// That came with this secret key.
    pub key: Option<KeyId>,
    /// That came with this request.
    pub request: Option<Uuid>,
    /// That are part of this incident.
    pub incident: Option<IncidentId>,
    /// Accepted at this moment or later, milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Accepted before this moment, milliseconds since 1970.
    pub to_ms: Option<i64>,
    /// After the page that ended with this operation.
    pub after: Option<OperationId>,
    /// How many at most.
    pub limit: u32,
}

impl Default for OperationQuery {
    fn default() -> Self {
        Self {
            resource: None,
            resource_type: None,
            change: None,
            codes: Vec::new(),
            failed: false,
            key: None,
            request: None,
            incident: None,
            from_ms: None,
            to_ms: None,
            after: None,
            limit: 50,
        }
    }
}

/// A page of operations, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct OperationPage {
    /// The operations.
    pub operations: Vec<LoggedOperation>,
    /// What [`OperationQuery::after`] is for the next page; none after the last one.
    pub next: Option<OperationId>,
}

/// Conditions with their values, in order.
struct Conditions {
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// `condition` has `?` where the value goes.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push(condition.replace('?', &format!("${}", self.values.len())));
    }

    fn one_of(&mut self, column: &str, words: impl Iterator<Item = &'static str>) {
        let list: Vec<String> = words.map(|word| format!("'{word}'")).collect();
        self.sql.push(format!("{column} IN ({})", list.join(", ")));
    }
}

/// The operations of an account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, query: &OperationQuery) -> Result<OperationPage, StoreError> {
    let conditions = conditions(account, query);
    let (from, order) = match (query.incident, query.resource) {
        (Some(_), _) => (LoggedOperation::FROM_INCIDENT, "f.id"),
        (None, Some(_)) => (LoggedOperation::FROM_RESOURCE, "o.id"),
        (None, None) => (LoggedOperation::FROM, "o.id"),
    };
    let sql = format!(
        "SELECT {} {from} WHERE {} ORDER BY {order} DESC LIMIT {}",
        LoggedOperation::SELECT,
        conditions.sql.join(" AND "),
        i64::from(query.limit) + 1
    );
    let rows = store.reader().query_all_raw(store.statement(sql, conditions.values)).await?;
    let mut operations = rows.iter().map(|row| LoggedOperation::read(row, store.detail)).collect::<Result<Vec<_>, _>>()?;
    let more = operations.len() > query.limit as usize;
    operations.truncate(query.limit as usize);
    let next = operations.last().filter(|_| more).map(|last| last.id);
    Ok(OperationPage { operations, next })
}

/// The operations of an account, newest first, of `window` operations at most: a page that has looked at so many ends there, full or
/// not, and the next one goes on. So a page takes a bounded time, however rare what is asked for is.
///
/// # Errors
/// When the database fails.
pub async fn list_within(store: &Store, account: AccountId, query: &OperationQuery, window: u32) -> Result<OperationPage, StoreError> {
    if query.incident.is_some() || query.resource.is_some() {
        // These are found by an index of their own.
        return list(store, account, query).await;
    }
    let rows = store.reader().query_all_raw(within_statement(store, account, query, window)).await?;
    let mut operations = rows.iter().map(|row| LoggedOperation::read(row, store.detail)).collect::<Result<Vec<_>, _>>()?;
    let more = operations.len() > query.limit as usize;
    operations.truncate(query.limit as usize);
    let mut next = operations.last().filter(|_| more).map(|last| last.id);
    if !more && let Some(end) = store.reader().query_one_raw(window_end_statement(store, account, query, window)).await? {
        next = Some(OperationId(end.try_get("", "id")?));
    }
    Ok(OperationPage { operations, next })
}

/// What is walked over: conditions the order's own index answers. They come first among the conditions of a query without a resource or
/// an incident.
fn walked(account: AccountId, query: &OperationQuery) -> Conditions {
    let failures = !query.codes.is_empty() && !query.codes.iter().any(|code| code.is_success());
    let only = OperationQuery { after: query.after, from_ms: query.from_ms, to_ms: query.to_ms, ..OperationQuery::default() };
    let mut walked = conditions(account, &only);
    if query.failed || failures {
        // Every outcome that is no success is answered with such a status.
        walked.sql.push("o.status >= 400".to_owned());
    }
    walked
}

pub(super) fn within_statement(store: &Store, account: AccountId, query: &OperationQuery, window: u32) -> Statement {
    let (walked, conditions) = (walked(account, query), conditions(account, query));
    let sql = format!(
        "SELECT {} {} WHERE {} ORDER BY o.id DESC LIMIT {}",
        LoggedOperation::SELECT,
        LoggedOperation::FROM.replacen(
            "FROM operation o",
            &format!("FROM (SELECT * FROM operation o WHERE {} ORDER BY o.id DESC LIMIT {window}) o", walked.sql.join(" AND ")),
            1
        ),
        conditions.sql.join(" AND "),
        i64::from(query.limit) + 1
    );
    store.statement(sql, conditions.values)
}

/// The last operation of the window; nothing when there are fewer. Its OFFSET is bounded.
pub(super) fn window_end_statement(store: &Store, account: AccountId, query: &OperationQuery, window: u32) -> Statement {
    let walked = walked(account, query);
    let sql = format!(
        "SELECT o.id FROM operation o WHERE {} ORDER BY o.id DESC LIMIT 1 OFFSET {}",
        walked.sql.join(" AND "),
        window.saturating_sub(1)
    );
    store.statement(sql, walked.values)
}

fn conditions(account: AccountId, query: &OperationQuery) -> Conditions {
    let mut all = Conditions { sql: Vec::new(), values: Vec::new() };
    all.and("o.account_id = ?", account.0);
    if let Some(resource) = query.resource {
        all.and("o.resource_id = ?", resource);
        let (from, to) = creation(resource);
        // FROM_RESOURCE counts on these being $1 to $4.
        all.and("(o.change <> 'create' OR o.id >= ?)", from);
        all.and("(o.change <> 'create' OR o.id < ?)", to);
    }
    if let Some(incident) = query.incident {
        all.and("f.account_id = ?", account.0);
        all.and("f.incident_id = ?", incident.0);
    }
    if let Some(after) = query.after {
        all.and(if query.incident.is_some() { "f.id < ?" } else { "o.id < ?" }, after.0);
    }
    if let Some(from) = query.from_ms {
        all.and("o.id >= ?", first_id(from.saturating_sub(CLOCKS_MS)));
        all.and("o.accepted_ms >= ?", from);
    }
    if let Some(to) = query.to_ms {
        all.and("o.id < ?", first_id(to.saturating_add(CLOCKS_MS)));
        all.and("o.accepted_ms < ?", to);
    }
    if let Some(kind) = query.resource_type {
        all.and("o.resource_type = ?", kind.name());
    }
    if let Some(change) = &query.change {
        all.and("o.change = ?", change.as_str());
    }
    if let Some(key) = query.key {
        all.and("o.key_id = ?", key.0);
    }
    if let Some(request) = query.request {
        all.and("o.request_id = ?", request);
    }
    if !query.codes.is_empty() {
        all.one_of("o.code", query.codes.iter().map(|code| code.as_str()));
    }
    if query.failed {
        all.sql.push("o.status >= 400".to_owned());
    }
    all
}

/// Between which ids the creation of a resource is: whoever makes up the one makes up the other in the same breath. The room is for
/// requests with many creations, and for processes that are put to sleep in between.
fn creation(resource: Uuid) -> (Uuid, Uuid) {
    let ms = resource.get_timestamp().map_or(0, |time| {
        let (seconds, nanos) = time.to_unix();
        i64::try_from(seconds).unwrap_or(0).saturating_mul(1000).saturating_add(i64::from(nanos / 1_000_000))
    });
    (first_id(ms.saturating_sub(2_000)), first_id(ms.saturating_add(15_000)))
}

/// One operation; nothing when the account has none of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(store: &Store, account: AccountId, id: OperationId) -> Result<Option<LoggedOperation>, StoreError> {
    let sql = format!("SELECT {} {} WHERE o.account_id = $1 AND o.id = $2", LoggedOperation::SELECT, LoggedOperation::FROM);
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), id.0.into()])).await?;
    row.map(|row| LoggedOperation::read(&row, store.detail)).transpose()
}

/// Whether the account has operations that were accepted before this moment, milliseconds since 1970.
///
/// # Errors
/// When the database fails.
pub async fn any_before(store: &Store, account: AccountId, before_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS found FROM operation WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT 1";
    Ok(store.reader().query_one_raw(store.statement(sql, [account.0.into(), first_id(before_ms).into()])).await?.is_some())
}
