//! Reading incidents.

use super::Incident;
use crate::{Store, StoreError};
use muster_domain::{
    AccountId, IncidentId,
    incident::{Cause, IncidentState},
};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

/// Which incidents to list. The default is the first 50 of all.
#[derive(Clone, Debug)]
pub struct IncidentQuery {
    /// In one of these states; in any when it is empty.
    pub states: Vec<IncidentState>,
    /// Of this cause.
    pub cause: Option<Cause>,
    /// After the page that ended with this number.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

impl Default for IncidentQuery {
    fn default() -> Self {
        Self { states: Vec::new(), cause: None, after: None, limit: 50 }
    }
}

/// A page of incidents, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct IncidentPage {
    /// The incidents.
    pub incidents: Vec<Incident>,
    /// What [`IncidentQuery::after`] is for the next page; none after the last one.
    pub next: Option<i64>,
}

/// The incidents of an account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, query: &IncidentQuery) -> Result<IncidentPage, StoreError> {
    let states: Vec<String> = query.states.iter().map(|state| format!("'{}'", state.as_str())).collect();
    let states = if states.is_empty() { "true".to_owned() } else { format!("i.state IN ({})", states.join(", ")) };
    let sql = format!(
        "SELECT {} FROM incident i WHERE i.account_id = $1 AND i.number < $2 AND ($3 = '' OR i.cause = $3) AND {states} \
         ORDER BY i.number DESC LIMIT $4",
        Incident::SELECT
    );
    let values: [Value; 4] = [
        account.0.into(),
        query.after.unwrap_or(i64::MAX).into(),
        query.cause.map_or("", Cause::as_str).into(),
        (i64::from(query.limit) + 1).into(),
    ];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    let mut incidents: Vec<Incident> = rows.iter().map(Incident::read).collect::<Result<_, _>>()?;
    let more = incidents.len() > query.limit as usize;
    incidents.truncate(query.limit as usize);
    let next = incidents.last().filter(|_| more).map(|last| last.number);
    Ok(IncidentPage { incidents, next })
}

/// The incident of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(store: &Store, account: AccountId, id: IncidentId) -> Result<Option<Incident>, StoreError> {
    one(store, account, "i.id = $2", id.0.into()).await
}

/// The incident people call by this number.
///
/// # Errors
/// When the database fails.
pub async fn by_number(store: &Store, account: AccountId, number: i64) -> Result<Option<Incident>, StoreError> {
    one(store, account, "i.number = $2", number.into()).await
}

async fn one(store: &Store, account: AccountId, which: &str, value: Value) -> Result<Option<Incident>, StoreError> {
    let sql = format!("SELECT {} FROM incident i WHERE i.account_id = $1 AND {which}", Incident::SELECT);
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), value])).await?;
    row.as_ref().map(Incident::read).transpose()
}
