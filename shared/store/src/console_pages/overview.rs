//! The state of provisioning in a few numbers.

use crate::{Store, StoreError, log::counted_since};
use muster_domain::{AccountId, incident::IncidentState};
use sea_orm::{ConnectionTrait, Statement, Value};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A number, counted up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost {
    /// The number; the limit, when there are more.
    pub count: u32,
    /// There are more.
    pub more: bool,
}

/// What the first page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Operations of the last 24 hours.
    pub operations: i64,
    /// Of these, those that were not carried out.
    pub failed: i64,
    /// Incidents nobody has taken and nobody has put off.
    pub open: i64,
    /// Incidents that are not over, those included.
    pub unresolved: i64,
}

impl AtMost {
    pub(super) fn of(counted: i64, limit: u32) -> Self {
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        Self { count: counted.min(limit), more: counted > limit }
    }
}

/// The state of provisioning of an account.
///
/// # Errors
/// When the database fails.
pub async fn overview(store: &Store, account: AccountId, now_ms: i64) -> Result<Overview, StoreError> {
    let ((operations, failed), (open, unresolved)) =
        tokio::try_join!(counted_since(store, account, now_ms - DAY_MS), incidents(store, account))?;
    Ok(Overview { operations, failed, open, unresolved })
}

pub(super) fn incidents_statement(store: &Store, account: AccountId) -> Statement {
    let (open, over) = (IncidentState::Open.as_str(), IncidentState::Resolved.as_str());
    let sql = format!(
        "SELECT count(CASE WHEN state = '{open}' THEN 1 END) AS open, count(*) AS unresolved FROM incident WHERE account_id = $1 AND state <> '{over}'"
    );
    store.statement(sql, [Value::from(account.0)])
}

async fn incidents(store: &Store, account: AccountId) -> Result<(i64, i64), StoreError> {
    let row = store.reader().query_one_raw(incidents_statement(store, account)).await?;
    let row = row.ok_or_else(|| StoreError::Other("count(*) returned nothing".into()))?;
    Ok((row.try_get("", "open")?, row.try_get("", "unresolved")?))
}
