//! What people and time do to an incident.

use super::{Incident, IncidentEvent};
use crate::{Store, StoreError, WriteTransaction, now_ms};
use muster_domain::{
    AccountId, IncidentId,
    incident::{IncidentEventKind, IncidentState, Resolution},
};
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// Silence that ends an incident; doubled each time it came back, up to a day.
const QUIET_MS: i64 = 30 * 60 * 1000;
const QUIET_MAX_MS: i64 = 24 * 60 * 60 * 1000;
/// How many incidents the service itself moves in one transaction.
const CHUNK: i64 = 200;

/// One step from state to state.
struct Step<'a> {
    to: IncidentState,
    event: IncidentEventKind,
    by: Option<&'a str>,
    until_ms: Option<i64>,
    resolution: Option<Resolution>,
    now_ms: i64,
}

/// Somebody works on it: no more reminders. Nothing when there is no such incident in the account.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over.
pub async fn acknowledge(store: &Store, account: AccountId, id: IncidentId, by: &str) -> Result<Option<Incident>, StoreError> {
    let (to, event) = (IncidentState::Acknowledged, IncidentEventKind::Acknowledged);
    by_person(store, account, id, &Step { to, event, by: Some(by), until_ms: None, resolution: None, now_ms: now_ms() }).await
}

/// Nobody wants to hear of it until `until_ms` (milliseconds since 1970). Nothing when there is no such incident in the account.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over, or the moment is.
pub async fn snooze(store: &Store, account: AccountId, id: IncidentId, until_ms: i64, by: &str) -> Result<Option<Incident>, StoreError> {
    let now_ms = now_ms();
    if until_ms <= now_ms {
        return Err(StoreError::Conflict("an incident can only be snoozed until a moment in the future".into()));
    }
    let (to, event) = (IncidentState::Snoozed, IncidentEventKind::Snoozed);
    by_person(store, account, id, &Step { to, event, by: Some(by), until_ms: Some(until_ms), resolution: None, now_ms }).await
}

/// It is over, somebody says. Nothing when there is no such incident in the account; one that is over already stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn resolve(store: &Store, account: AccountId, id: IncidentId, by: &str) -> Result<Option<Incident>, StoreError> {
    let (to, event) = (IncidentState::Resolved, IncidentEventKind::Resolved);
    by_person(store, account, id, &Step { to, event, by: Some(by), until_ms: None, resolution: Some(Resolution::Person), now_ms: now_ms() })
        .await
}

/// Ends incidents, of all accounts, that have not failed for half an hour (longer when they had come back), or all of whose failed
/// operations have been applied since. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn settle(store: &Store, now_ms: i64) -> Result<usize, StoreError> {
    let quiet =
        format!("i.last_ms <= $1 - CASE WHEN i.reopened > 5 THEN {QUIET_MAX_MS} ELSE {QUIET_MS} * (1 << CAST(i.reopened AS integer)) END");
    let retried = "i.failures > 0 AND EXISTS (SELECT 1 FROM failure f WHERE f.account_id = i.account_id AND f.incident_id = i.id AND \
         f.settled_ms IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.account_id = i.account_id AND f.incident_id = i.id AND \
         f.settled_ms IS NULL)";
    // Tried first: success is the better reason.
    let mut ended = sweep(store, retried, now_ms, IncidentState::Resolved, IncidentEventKind::Resolved, Some(Resolution::Retried)).await?;
    ended += sweep(store, &quiet, now_ms, IncidentState::Resolved, IncidentEventKind::Resolved, Some(Resolution::Quiet)).await?;
    Ok(ended)
}

/// Opens snoozed incidents, of all accounts, whose time is over. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn wake(store: &Store, now_ms: i64) -> Result<usize, StoreError> {
    let due = format!("i.state = '{}' AND i.snoozed_until_ms <= $1", IncidentState::Snoozed.as_str());
    sweep(store, &due, now_ms, IncidentState::Open, IncidentEventKind::Woke, None).await
}

async fn by_person(store: &Store, account: AccountId, id: IncidentId, step: &Step<'_>) -> Result<Option<Incident>, StoreError> {
    let tx = store.begin().await?;
    let moved = tx.move_incident(account, id, step).await?;
    if let Some(incident) = moved {
        tx.commit().await?;
        return Ok(Some(incident));
    }
    tx.rollback().await?;
    match super::get(store, account, id).await? {
        Some(incident) if step.to != IncidentState::Resolved => {
            Err(StoreError::Conflict(format!("incident #{} is resolved; a new failure of its kind opens another", incident.number)))
        }
        found => Ok(found),
    }
}

/// Moves every unresolved incident that fits.
async fn sweep(
    store: &Store,
    fits: &str,
    now_ms: i64,
    to: IncidentState,
    event: IncidentEventKind,
    resolution: Option<Resolution>,
) -> Result<usize, StoreError> {
    let sql = format!(
        "SELECT i.account_id, i.id FROM incident i WHERE i.state <> '{}' AND $1 > 0 AND ({fits}) ORDER BY i.account_id, i.id LIMIT {CHUNK}",
        IncidentState::Resolved.as_str()
    );
    let due = store.writer().query_all_raw(store.statement(sql, [now_ms.into()])).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    let mut moved = 0;
    for row in &due {
        let (account, id) = (AccountId(row.try_get("", "account_id")?), IncidentId(row.try_get("", "id")?));
        let step = Step { to, event, by: None, until_ms: None, resolution, now_ms };
        moved += usize::from(tx.move_incident(account, id, &step).await?.is_some());
    }
    tx.commit().await?;
    Ok(moved)
}

impl WriteTransaction {
    /// One step of an incident that is not over, with its event; nothing when there is none.
    async fn move_incident(&self, account: AccountId, id: IncidentId, step: &Step<'_>) -> Result<Option<Incident>, StoreError> {
        let sql = format!(
            "UPDATE incident SET state = $3, state_ms = $4, state_by = $5, snoozed_until_ms = $6, resolution = $7 \
             WHERE account_id = $1 AND id = $2 AND state <> '{}' RETURNING {}",
            IncidentState::Resolved.as_str(),
            Incident::RETURNING,
        );
        let values: [Value; 7] = [
            account.0.into(),
            id.0.into(),
            step.to.as_str().into(),
            step.now_ms.into(),
            step.by.map(str::to_owned).into(),
            step.until_ms.into(),
            step.resolution.map(|resolution| resolution.as_str().to_owned()).into(),
        ];
        let row = self.inner.query_one_raw(Statement::from_sql_and_values(self.dialect.backend(), sql, values)).await?;
        let Some(incident) = row.as_ref().map(Incident::read).transpose()? else { return Ok(None) };
        let event = IncidentEvent {
            id: Uuid::now_v7(),
            account,
            incident: id,
            kind: step.event,
            at_ms: step.now_ms,
            failures: incident.failures,
            affected: incident.affected,
            actor: step.by.map(str::to_owned),
        };
        self.put_incident_events(&[event]).await?;
        Ok(Some(incident))
    }
}
