//! What people ask of conversions, by command and by API: more than one step, or a step on the run that is meant.

use super::{Conversion, NewConversion, cancel, create, get, latest, list, orders::resume_at, prune_aliases, set_pace};
use crate::{Store, StoreError};
use muster_domain::{
    AccountId,
    conversion::{Kind, PaceRequest, PlanOptions, State},
};
use serde_json::Value;

/// How much of a cancelled run's plan is looked at in one statement.
const SLICE: i64 = 2_000;
/// How many runs of an account are looked through for the one that can be undone.
const RUNS: u32 = 100;

/// The newest conversion that was started: what there is to take back.
///
/// # Errors
/// When the database fails.
pub async fn newest_started(store: &Store, account: AccountId) -> Result<Option<Conversion>, StoreError> {
    let runs = list(store, account, RUNS).await?;
    Ok(runs.into_iter().find(|run| run.kind == Kind::Convert && run.started_ms.is_some()))
}

/// Takes a run back.
///
/// # Errors
/// [`StoreError::Conflict`] when it cannot be taken back, or another one is under way.
pub async fn undo(store: &Store, run: &Conversion, by: &str, pace: &PaceRequest) -> Result<Conversion, StoreError> {
    let new = NewConversion { undo_of: Some(run.id), pace: pace.onto(None), ..new_plan(&PlanOptions::default(), by) };
    create(store, run.account, new).await
}

/// Lets a paused run go on, or changes how fast a running one goes.
///
/// # Errors
/// [`StoreError::Conflict`] when it is neither paused, nor running with another pace to take.
pub async fn resume_or_adjust(store: &Store, run: &Conversion, by: &str, pace: &PaceRequest) -> Result<Conversion, StoreError> {
    let wanted = (!pace.is_empty()).then(|| pace.onto(Some(&run.pace)));
    match (wanted, run.state) {
        // A run that is running has nothing to be resumed; its pace may be what was meant.
        (Some(wanted), State::Running) => set_pace(store, run, &wanted).await?,
        (wanted, _) => {
            resume_at(store, run, by, wanted.as_ref()).await?;
        }
    }
    get(store, run.account, run.id).await?.ok_or_else(|| StoreError::Conflict("the conversion has gone".into()))
}

/// Ends a run where it stands.
///
/// # Errors
/// [`StoreError::Conflict`] when it is over.
pub async fn cancel_and_tidy(store: &Store, run: &Conversion, by: &str) -> Result<Conversion, StoreError> {
    let run = cancel(store, run, by).await?;
    // Aliases were made for everybody; those who were not converted need none.
    let mut after = 0;
    while run.kind == Kind::Convert && run.started_ms.is_some() && after < run.total {
        prune_aliases(store, run.account, run.id, run.users_n, (after, after + SLICE)).await?;
        after += SLICE;
    }
    Ok(run)
}

/// The run of this id, or the newest for `latest`.
///
/// # Errors
/// When the database fails.
pub async fn named(store: &Store, account: AccountId, name: &str) -> Result<Option<Conversion>, StoreError> {
    if name == "latest" {
        return latest(store, account).await;
    }
    match name.parse() {
        Ok(id) => get(store, account, id).await,
        Err(_) => Ok(None),
    }
}

/// How a new plan is stored.
#[must_use]
pub fn new_plan(options: &PlanOptions, by: &str) -> NewConversion {
    let options = serde_json::to_value(options).unwrap_or(Value::Null);
    NewConversion { undo_of: None, requested_by: by.to_owned(), options, pace: PaceRequest::default().onto(None) }
}
