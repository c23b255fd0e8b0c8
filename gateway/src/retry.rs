//! Trying the failed operations of an incident again, for the API and the console: through the queue, like every other write.

use crate::{app::App, context::Context};
use futures::future::join_all;
use muster_domain::{AccountId, IncidentId, Operation, Outcome, OutcomeCode};
use muster_store::{
    StoreError,
    incidents::{self, RetryReport},
};

/// Operations one request tries again; the report says when there are more.
const MOST: u64 = 300;

/// Tries them. Nothing when there is no such incident in the account.
///
/// # Errors
/// As [`incidents::retry`].
pub(crate) async fn retry(
    app: &App,
    context: &Context,
    account: AccountId,
    incident: IncidentId,
    by: &str,
) -> Result<Option<RetryReport>, StoreError> {
    let trace = context.span.parent();
    let traced = move |operation: Operation| Operation { trace, ..operation };
    let apply = |operations: Vec<Operation>| join_all(operations.into_iter().map(|operation| apply(app, traced(operation))));
    // The deadline is set when it is sent; what the database was told as patience is not used.
    incidents::retry(&app.store, account, incident, by, (MOST, 0), apply).await
}

async fn apply(app: &App, mut operation: Operation) -> Outcome {
    let (settings, now_ms) = (&app.settings, app.queue.now_ms());
    operation.accepted_ms = now_ms;
    operation.deadline_ms = now_ms.saturating_add_unsigned(settings.wait_ms.saturating_sub(settings.apply_ms + 500));
    let called = app.operations.call(operation, now_ms.saturating_add_unsigned(settings.wait_ms)).await;
    called.unwrap_or_else(|_| Outcome::failed(OutcomeCode::Expired, 503))
}
