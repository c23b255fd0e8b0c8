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

/// A run that was given back because it had to wait can be taken at once.
const TAKEN_AT_ONCE: &str = "lease_until_ms = CASE WHEN lease_owner IS NULL THEN NULL ELSE lease_until_ms END";

/// What else a step changes in the run's row.
#[derive(Default)]
struct Also<'a> {
    /// Columns, as SQL; `$4` is now.
    sets: &'a str,
    /// Why, for those who look at it.
    reason: Option<&'a str>,
    /// How fast it goes from here on. A step that is refused leaves the pace as it was: it is in the step's own statement.
    pace: Option<&'a serde_json::Value>,
}

/// One step of an operator: from one of `from` to `to`, with what else changes.
async fn transition(
    store: &Store,
    run: &Conversion,
    (from, to): (&[State], State),
    (event, data): (&str, serde_json::Value),
    also: Also<'_>,
) -> Result<Conversion, StoreError> {
    let words = quoted(from);
    let tx = store.begin().await?;
    // A run that stood still before its plan was made goes on with the plan.
    let sql = format!(
        "UPDATE conversion SET state = CASE WHEN $3 = 'running' AND phase IN ('read', 'contest') THEN 'planning' ELSE CAST($3 AS text) END, \
         modified_ms = $4, reason = $5, pace = COALESCE($6, pace){} \
         WHERE account_id = $1 AND id = $2 AND state IN ({words}) RETURNING {COLUMNS}",
        also.sets
    );
    let values: [Value; 6] = [
        run.account.0.into(),
        run.id.0.into(),
        to.as_str().into(),
        now_ms().into(),
        Value::String(also.reason.map(str::to_owned)),
        Value::Json(also.pace.map(|pace| Box::new(pace.clone()))),
    ];
    let row = tx.inner.query_one_raw(store.statement(sql, values)).await?;
    let Some(row) = row else {
        tx.rollback().await?;
        return Err(refused(store, run, from, event).await?);
    };
    let changed = Conversion::read(&row)?;
    events::add(&tx, run.account, run.id, event, data).await?;
    tx.commit().await?;
    Ok(changed)
}

fn quoted(states: &[State]) -> String {
    states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ")
}

/// Why a step that is only for runs in one of `from` did not happen.
async fn refused(store: &Store, run: &Conversion, from: &[State], event: &str) -> Result<StoreError, StoreError> {
    let now = get(store, run.account, run.id).await?.map_or_else(|| "gone".to_owned(), |run| run.state.to_string());
    let words = from.iter().map(State::to_string).collect::<Vec<_>>().join(" or ");
    Ok(StoreError::Conflict(format!("the conversion is {now}: it can be {event} only when it is {words}")))
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
    let sets = format!(", phase = 'aliases', walk_n = 0, started_ms = $4, {TAKEN_AT_ONCE}");
    let also = Also { sets: &sets, pace: Some(pace), ..Also::default() };
    transition(store, run, (&[State::Planned], State::Running), ("started", json!({"by": by})), also).await
}

/// Stops a run, or the making of its plan, until it is resumed. What was converted stays so.
///
/// # Errors
/// [`StoreError::Conflict`] when it is neither planning nor running.
pub async fn pause(store: &Store, run: &Conversion, by: &str, reason: &str) -> Result<Conversion, StoreError> {
    let from = [State::Planning, State::Running];
    transition(
        store,
        run,
        (&from, State::Paused),
        ("paused", json!({"by": by, "reason": reason})),
        Also { reason: Some(reason), ..Also::default() },
    )
    .await
}

/// Lets a paused run, or a paused plan, go on where it stood.
///
/// # Errors
/// [`StoreError::Conflict`] when it is not paused.
pub async fn resume(store: &Store, run: &Conversion, by: &str) -> Result<Conversion, StoreError> {
    resume_at(store, run, by, None).await
}

/// The same, at another pace.
pub(super) async fn resume_at(
    store: &Store,
    run: &Conversion,
    by: &str,
    pace: Option<&serde_json::Value>,
) -> Result<Conversion, StoreError> {
    let also = Also { sets: ", lease_until_ms = NULL", pace, ..Also::default() };
    transition(store, run, (&[State::Paused], State::Running), ("resumed", json!({"by": by})), also).await
}

/// Ends a run where it stands. What was converted stays so and can be undone.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over.
pub async fn cancel(store: &Store, run: &Conversion, by: &str) -> Result<Conversion, StoreError> {
    let from = [State::Planning, State::Planned, State::Running, State::Paused];
    transition(
        store,
        run,
        (&from, State::Cancelled),
        ("cancelled", json!({"by": by})),
        Also { sets: ", finished_ms = $4", ..Also::default() },
    )
    .await
}

/// Changes how fast a started run goes. It holds from the next chunk on.
///
/// # Errors
/// [`StoreError::Conflict`] when it is neither running nor paused.
pub async fn set_pace(store: &Store, run: &Conversion, pace: &serde_json::Value) -> Result<(), StoreError> {
    let from = [State::Running, State::Paused];
    let sql =
        format!("UPDATE conversion SET pace = $3, {TAKEN_AT_ONCE} WHERE account_id = $1 AND id = $2 AND state IN ({})", quoted(&from));
    let values: [Value; 3] = [run.account.0.into(), run.id.0.into(), Value::Json(Some(Box::new(pace.clone())))];
    if store.writer().execute_raw(store.statement(sql, values)).await?.rows_affected() > 0 {
        return Ok(());
    }
    Err(refused(store, run, &from, "given another pace").await?)
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
