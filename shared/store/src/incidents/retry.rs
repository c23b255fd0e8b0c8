//! Trying the failed operations of an incident again.
//!
//! Each is tried as a new operation with the data of the old one, by whoever was its actor then. What happened meanwhile counts: a
//! user or group that was changed after the failure is left as it is, and so is a user whom the directory has made since; trying again
//! would undo something newer. Either way the old failure is settled, and a new one takes its place if it fails again.

use super::Incident;
use crate::{Store, StoreError, now_ms, rows::Rows};
use muster_domain::{
    AccountId, Actor, Change, IncidentId, KeyId, LoginKey, Operation, OperationId, Outcome, OutcomeCode, UserId,
    incident::{IncidentEventKind, IncidentState, Resolution},
};
use muster_scim::ResourceType;
use sea_orm::{ConnectionTrait, QueryResult};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Operations tried at once.
const CHUNK: i64 = 100;

/// What became of a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RetryReport {
    /// Operations that were carried out.
    pub applied: u64,
    /// Operations that failed again.
    pub failed: u64,
    /// Operations that were left: the user or group has been made or changed since.
    pub superseded: u64,
    /// There are more than were to be tried at once.
    pub more: bool,
}

/// A failed operation, to be tried again.
struct Again {
    failure: Uuid,
    operation: Operation,
}

/// Tries every failed operation of an incident again that nobody has tried yet, oldest first, through `apply`, which is given new
/// operations and returns their outcomes in order. Stops when `most` have been tried. Nothing when there is no such incident in the
/// account.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody, or a retry, has ended it. When the database fails; what was tried until then stays.
pub async fn retry<F>(
    store: &Store,
    account: AccountId,
    id: IncidentId,
    by: &str,
    (most, patience_ms): (u64, i64),
    mut apply: impl FnMut(Vec<Operation>) -> F,
) -> Result<Option<RetryReport>, StoreError>
where
    F: Future<Output = Vec<Outcome>>,
{
    let Some(incident) = super::get(store, account, id).await? else { return Ok(None) };
    // Silence says that nobody tries any more, not that it has been mended.
    if incident.state == IncidentState::Resolved && incident.resolution != Some(Resolution::Quiet) {
        return Err(StoreError::Conflict(format!("incident #{} is resolved; there is nothing to try again", incident.number)));
    }
    // What fails again meanwhile has a newer id, and is not tried in a circle.
    let (last, mut after) = (Uuid::now_v7(), Uuid::nil());
    let mut report = RetryReport::default();
    loop {
        let rows = chunk(store, account, id, after, last).await?;
        let Some(end) = rows.last() else { break };
        if report.applied + report.failed + report.superseded >= most {
            report.more = true;
            break;
        }
        after = end.try_get("", "id")?;
        let (again, superseded) = sort(store, account, &rows, patience_ms).await?;
        settle(store, account, &superseded).await?;
        report.superseded += superseded.len() as u64;
        let (failures, operations): (Vec<Uuid>, Vec<Operation>) = again.into_iter().map(|again| (again.failure, again.operation)).unzip();
        let outcomes = apply(operations).await;
        // One that was not even logged is still the old failure.
        let settled: Vec<Uuid> =
            failures.iter().zip(&outcomes).filter(|(_, outcome)| outcome.code != OutcomeCode::Expired).map(|(id, _)| *id).collect();
        settle(store, account, &settled).await?;
        let applied = outcomes.iter().filter(|outcome| outcome.is_success()).count() as u64;
        report.applied += applied;
        report.failed += outcomes.len() as u64 - applied;
    }
    note(store, &incident, by).await?;
    Ok(Some(report))
}

async fn chunk(store: &Store, account: AccountId, id: IncidentId, after: Uuid, last: Uuid) -> Result<Vec<QueryResult>, StoreError> {
    let sql = format!(
        "SELECT f.id, f.change, o.resource_type, o.resource_id, o.actor, o.key_id, k.administrator_id, \
         CASE WHEN EXISTS (SELECT 1 FROM operation n WHERE n.account_id = o.account_id AND n.resource_id = o.resource_id AND n.id > o.id \
         AND n.change <> 'create' AND n.code = '{}') THEN 1 ELSE 0 END AS superseded \
         FROM failure f JOIN operation o ON o.account_id = f.account_id AND o.id = f.operation_id \
         LEFT JOIN secret_key k ON k.id = o.key_id \
         WHERE f.account_id = $1 AND f.incident_id = $2 AND f.id > $3 AND f.id < $4 AND f.settled_ms IS NULL AND f.change IS NOT NULL AND o.status >= 400 \
         ORDER BY f.id LIMIT {CHUNK}",
        OutcomeCode::Applied.as_str()
    );
    Ok(store.writer().query_all_raw(store.statement(sql, [account.0.into(), id.0.into(), after.into(), last.into()])).await?)
}

/// Those that are to be tried, and those that something newer has overtaken.
async fn sort(store: &Store, account: AccountId, rows: &[QueryResult], patience_ms: i64) -> Result<(Vec<Again>, Vec<Uuid>), StoreError> {
    let (mut again, mut superseded) = (Vec::new(), Vec::new());
    for row in rows {
        let failure: Uuid = row.try_get("", "id")?;
        let overtaken: i64 = row.try_get::<i64>("", "superseded").or_else(|_| row.try_get::<i32>("", "superseded").map(i64::from))?;
        let change: String = row.try_get("", "change")?;
        match serde_json::from_str::<Change>(&change) {
            Ok(change) if overtaken == 0 => again.push(Again { failure, operation: operation(account, row, change, patience_ms)? }),
            Ok(_) => superseded.push(failure),
            Err(error) => tracing::error!(%failure, %error, "a failed operation cannot be read back and is left"),
        }
    }
    let made = made_since(store, account, &again).await?;
    again.retain(|again| {
        let made = made.contains(&again.failure);
        superseded.extend(made.then_some(again.failure));
        !made
    });
    Ok((again, superseded))
}

fn operation(account: AccountId, row: &QueryResult, change: Change, patience_ms: i64) -> Result<Operation, StoreError> {
    let (key, administrator): (Option<Uuid>, Option<Uuid>) = (row.try_get("", "key_id")?, row.try_get("", "administrator_id")?);
    let actor = match (key, administrator) {
        // As a directory's: what a directory may not do, it may not do the second time.
        (Some(key), administrator) => Actor::Key { key: KeyId(key), administrator: UserId(administrator.unwrap_or_default()) },
        // As somebody who signs in: what sign-in may not make, it may not make the second time.
        (None, _) if row.try_get::<String>("", "actor")? == Actor::SignIn.as_str() => Actor::SignIn,
        (None, _) => Actor::Command,
    };
    let kind: String = row.try_get("", "resource_type")?;
    let now_ms = now_ms();
    Ok(Operation {
        id: OperationId::new(),
        account,
        actor,
        resource_type: if kind == ResourceType::User.name() { ResourceType::User } else { ResourceType::Group },
        // What was not made never had its id: a new one keeps ids and times of resources and operations together.
        resource_id: if matches!(change, Change::Create { .. }) { Uuid::now_v7() } else { row.try_get("", "resource_id")? },
        change,
        if_match: None,
        accepted_ms: now_ms,
        deadline_ms: now_ms.saturating_add(patience_ms),
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    })
}

/// The creations of users the directory has meanwhile made itself: somebody of that user id and that `externalId` is there.
async fn made_since(store: &Store, account: AccountId, again: &[Again]) -> Result<Vec<Uuid>, StoreError> {
    let text = |operation: &Operation, name: &str| match &operation.change {
        Change::Create { resource, .. } => resource.get(name).and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let mut asked: HashMap<(String, String), Uuid> = HashMap::new();
    for Again { failure, operation } in again.iter().filter(|again| again.operation.resource_type == ResourceType::User) {
        if let (Some(user_id), Some(external_id)) = (text(operation, "userName"), text(operation, "externalId")) {
            asked.insert((LoginKey::of(&user_id).into_string(), external_id), *failure);
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::new(store.dialect())
        .uuid("account_id", asked.keys().map(|_| account.0))
        .text("login_key", asked.keys().map(|(key, _)| key.clone()));
    let sql = "SELECT u.login_key, u.external_id FROM r JOIN users u ON u.account_id = r.account_id AND u.login_key = r.login_key \
         WHERE u.external_id IS NOT NULL";
    let mut made = Vec::new();
    for row in store.writer().query_all_raw(rows.statement(sql)).await? {
        made.extend(asked.remove(&(row.try_get("", "login_key")?, row.try_get("", "external_id")?)));
    }
    Ok(made)
}

/// These failures are no longer open. Their data is no longer needed, and goes.
async fn settle(store: &Store, account: AccountId, failures: &[Uuid]) -> Result<(), StoreError> {
    if failures.is_empty() {
        return Ok(());
    }
    let rows = Rows::new(store.dialect()).uuid("account_id", failures.iter().map(|_| account.0)).uuid("id", failures.iter().copied());
    let sql = format!(
        "UPDATE failure SET settled_ms = {}, change = NULL FROM r WHERE failure.account_id = r.account_id AND failure.id = r.id",
        now_ms()
    );
    store.writer().execute_raw(rows.statement(&sql)).await?;
    Ok(())
}

async fn note(store: &Store, incident: &Incident, by: &str) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    let event = super::IncidentEvent {
        id: Uuid::now_v7(),
        account: incident.account,
        incident: incident.id,
        kind: IncidentEventKind::Retried,
        at_ms: now_ms(),
        failures: incident.failures,
        affected: incident.affected,
        actor: Some(by.to_owned()),
    };
    tx.put_incident_events(&[event]).await?;
    tx.commit().await
}
