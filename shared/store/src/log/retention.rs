//! The end of the log: what is older than it need be is deleted, a little at a time.
//!
//! Each statement deletes a few hundred rows by a range of the primary key or of the account's index and is a transaction of its own,
//! so nobody waits for it.

use super::{first_id, tally::MINUTE_MS};
use crate::{Store, StoreError, conversion::discard_forms};
use muster_domain::{AccountId, incident::IncidentState};
use sea_orm::{ConnectionTrait, Value};

/// Rows in one statement.
const CHUNK: i64 = 500;

/// How long things are kept. Milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Operations and failures, and how fast conversions went.
    pub operations_ms: i64,
    /// Incidents that are over, with their events.
    pub incidents_ms: i64,
}

/// Deletes what is older than `retention` says in one account, a chunk of each kind, and says how many rows that were: while it is not
/// 0 there is more.
///
/// # Errors
/// When the database fails.
pub async fn discard_old(store: &Store, account: AccountId, retention: Retention, now_ms: i64) -> Result<u64, StoreError> {
    let (log, over) = (now_ms.saturating_sub(retention.operations_ms), now_ms.saturating_sub(retention.incidents_ms));
    let account_id = || Value::from(account.0);
    let mut deleted = 0;
    // Ids tell the time of a gateway's clock; the time of the row itself has the last word.
    let operations = format!(
        "DELETE FROM operation WHERE id IN (SELECT id FROM operation WHERE account_id = $1 AND id < $2 AND applied_ms < $3 ORDER BY id LIMIT {CHUNK})"
    );
    deleted += run(store, operations, [account_id(), first_id(log).into(), log.into()]).await?;
    let minutes = format!(
        "DELETE FROM operation_minute WHERE account_id = $1 AND (minute, key_id) IN \
         (SELECT minute, key_id FROM operation_minute WHERE account_id = $1 AND minute < $2 ORDER BY minute LIMIT {CHUNK})"
    );
    deleted += run(store, minutes, [account_id(), log.div_euclid(MINUTE_MS).into()]).await?;
    // A failure nobody has counted yet stays until somebody has.
    let failures = format!(
        "DELETE FROM failure WHERE account_id = $1 AND id IN \
         (SELECT id FROM failure WHERE account_id = $1 AND id < $2 AND at_ms < $3 AND incident_id IS NOT NULL ORDER BY id LIMIT {CHUNK})"
    );
    deleted += run(store, failures, [account_id(), first_id(log).into(), log.into()]).await?;
    let old = format!("SELECT id FROM incident WHERE account_id = $1 AND state = '{}' AND state_ms < $2", IncidentState::Resolved.as_str());
    let subjects = format!(
        "DELETE FROM incident_subject WHERE account_id = $1 AND (incident_id, subject_id) IN \
         (SELECT incident_id, subject_id FROM incident_subject WHERE account_id = $1 AND incident_id IN ({old}) LIMIT {CHUNK})"
    );
    deleted += run(store, subjects, [account_id(), over.into()]).await?;
    // An event nobody has taken yet is still to be told.
    let events = format!(
        "DELETE FROM incident_event WHERE id IN \
         (SELECT id FROM incident_event WHERE account_id = $1 AND taken_ms IS NOT NULL AND incident_id IN ({old}) LIMIT {CHUNK})"
    );
    deleted += run(store, events, [account_id(), over.into()]).await?;
    let incidents = format!(
        "DELETE FROM incident WHERE account_id = $1 AND id IN ({old} \
         AND NOT EXISTS (SELECT 1 FROM incident_subject s WHERE s.account_id = incident.account_id AND s.incident_id = incident.id) \
         AND NOT EXISTS (SELECT 1 FROM incident_event e WHERE e.account_id = incident.account_id AND e.incident_id = incident.id) \
         LIMIT {CHUNK})"
    );
    deleted += run(store, incidents, [account_id(), over.into()]).await?;
    deleted += discard_forms(store, account, now_ms).await?;
    let samples = format!(
        "DELETE FROM conversion_sample WHERE account_id = $1 AND (conversion_id, at_ms) IN \
         (SELECT conversion_id, at_ms FROM conversion_sample WHERE account_id = $1 AND at_ms < $2 LIMIT {CHUNK})"
    );
    deleted += run(store, samples, [account_id(), log.into()]).await?;
    Ok(deleted)
}

async fn run<const N: usize>(store: &Store, sql: String, values: [Value; N]) -> Result<u64, StoreError> {
    Ok(store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected())
}
