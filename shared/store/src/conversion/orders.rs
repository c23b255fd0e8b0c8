//! What an operator, or a guard, tells a run to do.

use super::{
    events,
    runs::{COLUMNS, Conversion, get},
};
use crate::{Store, StoreError, now_ms};
use muster_domain::{AccountId, conversion::State};
use sea_orm::{ConnectionTrait, Value};
use serde_json::json;

/// How long a plan may be started, milliseconds. What it says about an account gets older every day.
pub const PLAN_KEEPS_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// One step of an operator: from one of `from` to `to`, with what else changes.
async fn transition(
    store: &Store,
    run: &Conversion,
    (from, to): (&[State], State),
    (event, data): (&str, serde_json::Value),
    more: &str,
    reason: Option<&str>,
) -> Result<Conversion, StoreError> {
    let words: Vec<String> = from.iter().map(|state| format!("'{state}'")).collect();
    let tx = store.begin().await?;
    // A run that stood still before its plan was made goes on with the plan.
    let sql = format!(
        "UPDATE conversion SET state = CASE WHEN $3 = 'running' AND phase IN ('read', 'contest') THEN 'planning' ELSE CAST($3 AS text) END, \
         modified_ms = $4, reason = $5{more} \
         WHERE account_id = $1 AND id = $2 AND state IN ({}) RETURNING {COLUMNS}",
        words.join(", ")
    );
    let values: [Value; 5] =
        [run.account.0.into(), run.id.0.into(), to.as_str().into(), now_ms().into(), Value::String(reason.map(str::to_owned))];
    let row = tx.inner.query_one_raw(store.statement(sql, values)).await?;
    let Some(row) = row else {
        tx.rollback().await?;
        let now = get(store, run.account, run.id).await?.map_or_else(|| "gone".to_owned(), |run| run.state.to_string());
        return Err(StoreError::Conflict(format!(
            "the conversion is {now}: it can be {event} only when it is {}",
            words.join(" or ").replace('\'', "")
        )));
    };
    let changed = Conversion::read(&row)?;
    events::add(&tx, run.account, run.id, event, data).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Starts a planned run: a worker takes it within seconds.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not planned, or the plan is older than 7 days.
pub async fn start(store: &Store, run: &Conversion, by: &str, pace: &serde_json::Value) -> Result<Conversion, StoreError> {
    if let Some(now) = get(store, run.account, run.id).await?.filter(|now| now.phase.is_of_plan()) {
        match now.state {
            State::Planning => return Err(StoreError::Conflict("the plan is still being made: start it when it is planned".into())),
            State::Paused => {
                return Err(StoreError::Conflict("the plan is paused and not finished: resume it, and start it when it is planned".into()));
            }
            _ => {}
        }
    }
    if run.planned_ms.is_some_and(|planned| planned + PLAN_KEEPS_MS < now_ms()) {
        return Err(StoreError::Conflict("the plan is more than 7 days old: make a new one".into()));
    }
    set_pace(store, run, pace).await?;
    let more = ", phase = 'aliases', walk_n = 0, started_ms = $4";
    transition(store, run, (&[State::Planned], State::Running), ("started", json!({"by": by})), more, None).await
}

/// Stops a run, or the making of its plan, until it is resumed. What was converted stays so.
///
/// # Errors
/// [`StoreError::Conflict`] when it is neither planning nor running.
pub async fn pause(store: &Store, run: &Conversion, by: &str, reason: &str) -> Result<Conversion, StoreError> {
    let from = [State::Planning, State::Running];
    transition(store, run, (&from, State::Paused), ("paused", json!({"by": by, "reason": reason})), "", Some(reason)).await
}

/// Lets a paused run, or a paused plan, go on where it stood.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not paused.
pub async fn resume(store: &Store, run: &Conversion, by: &str) -> Result<Conversion, StoreError> {
    let more = ", lease_until_ms = NULL";
    transition(store, run, (&[State::Paused], State::Running), ("resumed", json!({"by": by})), more, None).await
}

/// Ends a run where it stands. What was converted stays so and can be undone.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over.
pub async fn cancel(store: &Store, run: &Conversion, by: &str) -> Result<Conversion, StoreError> {
    let from = [State::Planning, State::Planned, State::Running, State::Paused];
    transition(store, run, (&from, State::Cancelled), ("cancelled", json!({"by": by})), ", finished_ms = $4", None).await
}

/// Changes how fast a run goes. It holds from the next chunk on; a run that was given back because it had to wait can be taken at once.
///
/// # Errors
/// When the database fails.
pub async fn set_pace(store: &Store, run: &Conversion, pace: &serde_json::Value) -> Result<(), StoreError> {
    let sql = "UPDATE conversion SET pace = $3, lease_until_ms = CASE WHEN lease_owner IS NULL THEN NULL ELSE lease_until_ms END \
         WHERE account_id = $1 AND id = $2";
    let values: [Value; 3] = [run.account.0.into(), run.id.0.into(), Value::Json(Some(Box::new(pace.clone())))];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// Deletes a slice of the items of plans that were never started. True while there may be more.
///
/// # Errors
/// When the database fails.
pub async fn discard_items(store: &Store, account: AccountId, slice: i64) -> Result<bool, StoreError> {
    let sql = "DELETE FROM conversion_item WHERE (conversion_id, n) IN (SELECT i.conversion_id, i.n FROM conversion c \
         JOIN conversion_item i ON i.conversion_id = c.id \
         WHERE c.account_id = $1 AND c.started_ms IS NULL AND c.finished_ms IS NOT NULL LIMIT $2)";
    let done = store.writer().execute_raw(store.statement(sql, [account.0.into(), slice.into()])).await?;
    Ok(done.rows_affected() > 0)
}
