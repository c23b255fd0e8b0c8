//! From a validated change to its outcome.
//!
//! The times of an operation, on the queue's clock:
//!
//! ```text
//! accepted                    deadline                        gives up
//!    |--- a worker may start it ---|--- it may run ---|--- slack ---|
//!    0                 wait - apply - slack       wait - slack    wait
//! ```
//!
//! A worker that starts in time is done before the gateway gives up. When no outcome came nevertheless, the gateway puts up a
//! fence before it says so: it writes the operation down as expired, in the place where a worker would write the outcome. If a
//! worker was first, the client gets that outcome; if not, no worker can commit the operation any more, and "503, try again" is
//! the truth. A database that cannot be asked in time leaves no truth to tell: the connection is then closed without an answer, which
//! every client takes for "unknown".

use super::{Call, deferred, prefer::Prefer};
use crate::{app::App, context::Context, refusal::Refusal};
use axum::response::Response;
use muster_domain::{Change, Operation, OperationId, Outcome, OutcomeCode};
use muster_queue::CallError;
use muster_scim::{Resource, ResourceType, patch::PatchRequest};
use muster_store::{StoreError, async_requests::Part, operations};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Room for the way there and back.
const SLACK_MS: u64 = 500;
/// How long the fence may take: the client has waited for ten seconds already.
const FENCE_WAIT: Duration = Duration::from_secs(5);
/// Between two attempts, while the database comes back.
const FENCE_PAUSE: Duration = Duration::from_millis(200);

/// What became of a change that was submitted.
pub(crate) enum Submitted {
    /// It was applied.
    Done(Outcome),
    /// It will be: the client asked for this answer.
    Later(Response),
}

/// Has a change applied.
///
/// # Errors
/// The refusal the client gets when the change was not applied: the worker's, or ours.
pub(crate) async fn submit(
    call: &Call<'_>,
    kind: ResourceType,
    id: Uuid,
    change: Change,
    if_match: Option<Vec<i64>>,
) -> Result<Submitted, Refusal> {
    let operation = operation(call, kind, id, change, if_match);
    let prefer = Prefer::of(call.headers);
    if prefer.respond_async {
        return submit_deferred(call, operation, prefer.wait).await;
    }
    carry_out(call.app, call.context, operation).await.map(Submitted::Done)
}

/// Has an operation carried out, whoever asks for it, and waits for its outcome.
///
/// # Errors
/// As [`submit`].
pub(crate) async fn carry_out(app: &App, context: &Context, operation: Operation) -> Result<Outcome, Refusal> {
    let give_up_ms = operation.accepted_ms.saturating_add_unsigned(app.settings.wait_ms);
    let stub = stub(&operation);
    let outcome = match app.operations.call(operation, give_up_ms).await {
        Ok(outcome) => outcome,
        Err(CallError::NoReply) => match fence(stub.request_id, || operations::expire(&app.store, &stub)).await? {
            Some(outcome) => outcome,
            None => Outcome::failed(OutcomeCode::Expired, 503),
        },
        Err(error) => return Err(error.into()),
    };
    context.set_logged();
    judge(outcome, &stub)
}

/// Until when a worker may start an operation that is accepted now.
pub(crate) fn deadline_ms(app: &App, accepted_ms: i64) -> i64 {
    let settings = &app.settings;
    accepted_ms.saturating_add_unsigned(settings.wait_ms.saturating_sub(settings.apply_ms + SLACK_MS))
}

async fn submit_deferred(call: &Call<'_>, operation: Operation, wait: Option<Duration>) -> Result<Submitted, Refusal> {
    let method = match operation.change {
        Change::Create { .. } => "POST",
        Change::Replace { .. } => "PUT",
        Change::Patch { .. } => "PATCH",
        Change::Delete => "DELETE",
    };
    let part = Part { method: method.to_owned(), bulk_id: None, operation: Some(operation.id), error: None };
    let stub = stub(&operation);
    match deferred::submit(call, vec![operation], &[part], wait).await?.and_then(|mut outcomes| outcomes.pop()) {
        Some(outcome) => {
            call.context.set_logged();
            judge(outcome, &stub).map(Submitted::Done)
        }
        None => deferred::accepted(call).map(Submitted::Later),
    }
}

/// The operation a change becomes.
pub(super) fn operation(call: &Call<'_>, kind: ResourceType, id: Uuid, change: Change, if_match: Option<Vec<i64>>) -> Operation {
    call.app.forms.note_change(call.caller.account, kind, &change);
    let accepted_ms = call.app.queue.now_ms();
    Operation {
        id: OperationId::new(),
        account: call.caller.account,
        actor: call.caller.actor(),
        resource_type: kind,
        resource_id: id,
        change,
        if_match,
        accepted_ms,
        deadline_ms: deadline_ms(call.app, accepted_ms),
        request_id: call.context.request_id,
        bulk: None,
        acknowledged: false,
        trace: call.context.span.parent(),
    }
}

/// The operation without its data: what the fence needs. A clone of everything, on every request, would be made for the one in
/// a million that needs it.
fn stub(operation: &Operation) -> Operation {
    let change = match &operation.change {
        Change::Create { role, .. } => Change::Create { resource: Resource::new(), role: *role },
        Change::Replace { .. } => Change::Replace { resource: Resource::new() },
        Change::Patch { .. } => Change::Patch { patch: PatchRequest { operations: Vec::new() } },
        Change::Delete => Change::Delete,
    };
    Operation { change, if_match: None, actor: operation.actor.clone(), bulk: None, ..*operation }
}

/// Has all operations of a bulk request applied, together. The outcomes are in the order of the operations.
///
/// # Errors
/// The refusal the client gets when nothing of it was applied.
pub(crate) async fn submit_all(call: &Call<'_>, operations: Vec<Operation>) -> Result<Vec<Outcome>, Refusal> {
    let Some(first) = operations.first() else { return Ok(Vec::new()) };
    let give_up_ms = first.accepted_ms.saturating_add_unsigned(call.app.settings.wait_ms);
    let stubs: Vec<Operation> = operations.iter().map(stub).collect();
    let outcomes = match call.app.operations.admit(operations)?.outcomes(give_up_ms).await {
        Ok(outcomes) => outcomes,
        Err(CallError::NoReply) => fence(stubs[0].request_id, || operations::expire_all(&call.app.store, &stubs)).await?,
        Err(error) => return Err(error.into()),
    };
    call.context.set_logged();
    if outcomes.iter().all(|outcome| outcome.code == OutcomeCode::Expired) {
        return Err(Refusal::unavailable(format_args!("the bulk request {} was not applied in time", stubs[0].request_id)));
    }
    Ok(outcomes)
}

/// Puts the fence up, for as long as that may take.
///
/// # Errors
/// [`Refusal::Unknown`] when it cannot be put up: whether the operation happens is then for the deadline to decide, and nothing
/// that could be said to the client would be sure to be true.
async fn fence<T, F>(request_id: Uuid, expire: impl Fn() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let until = Instant::now() + FENCE_WAIT;
    loop {
        let cause = match tokio::time::timeout_at(until, expire()).await {
            Ok(Ok(ended)) => return Ok(ended),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database did not answer".to_owned(),
        };
        if Instant::now() + FENCE_PAUSE >= until {
            return Err(Refusal::Unknown { cause: format!("request {request_id} had no outcome in time, nor a fence: {cause}") });
        }
        tokio::time::sleep(FENCE_PAUSE).await;
    }
}

/// An outcome that says the change was not made, as the refusal it is.
fn judge(outcome: Outcome, stub: &Operation) -> Result<Outcome, Refusal> {
    match outcome {
        outcome if outcome.is_success() => Ok(outcome),
        Outcome { code: OutcomeCode::Expired, .. } | Outcome { status: 503, .. } => {
            Err(Refusal::unavailable(format_args!("operation {}: {}", stub.id, outcome.code.as_str())))
        }
        Outcome { error: Some(error), .. } => Err(error.into()),
        Outcome { code, .. } => Err(Refusal::internal(format_args!("operation {}: {}", stub.id, code.as_str()))),
    }
}
