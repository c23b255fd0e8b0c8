//! Answers before the write is applied (RFC 9967), for clients that ask for it and nobody else.
//!
//! One INSERT makes the promise: from then on the operation is applied whatever becomes of the queue, of this gateway and of the
//! workers. Only then is it enqueued, like any other; what the queue loses, a worker's sweeper enqueues again. The client gets 202
//! with the identifier of the request (`Set-Txn`) and the address where its end can be asked for (see [`super::events`]), or, when it
//! is willing to wait and the end comes in time, the usual answer.

use super::Call;
use crate::{refusal::Refusal, reply};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::{Operation, Outcome, OutcomeCode};
use muster_store::{
    StoreError,
    async_requests::{self, DEADLINE_MS, Part},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use uuid::Uuid;

/// `Set-Txn` (RFC 9967)
pub(crate) const SET_TXN: HeaderName = HeaderName::from_static("set-txn");
/// RFC 7240 §3
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// What a client waits that has been promised as much as an account may be.
const FULL_WAIT: Duration = Duration::from_secs(5);
/// The longest the promise may take to make.
const INSERT_WAIT: Duration = Duration::from_secs(5);

/// Promises that operations will be applied, and has them applied. The outcomes, if they come within `wait`; none when the client is
/// to be told 202.
///
/// # Errors
/// When the promise is not made. [`Refusal::Unknown`] when nobody knows whether it is.
pub(crate) async fn submit(
    call: &Call<'_>,
    mut operations: Vec<Operation>,
    parts: &[Part],
    wait: Option<Duration>,
) -> Result<Option<Vec<Outcome>>, Refusal> {
    for operation in &mut operations {
        operation.acknowledged = true;
        operation.deadline_ms = operation.accepted_ms + DEADLINE_MS;
    }
    let Some(give_up_ms) = operations.first().map(|first| first.deadline_ms) else { return Ok(Some(Vec::new())) };
    let operations: Arc<[Operation]> = operations.into();
    // Before anything is stored: who has too much in flight is refused, asynchronous or not.
    let admitted = call.app.operations.admit(operations.clone())?;
    promise(call, parts, &operations).await?;
    // A task of its own, so that the operations leave whatever becomes of this request.
    let applied = tokio::spawn(admitted.outcomes(give_up_ms));
    let Some(wait) = wait.filter(|wait| !wait.is_zero()) else { return Ok(None) };
    match timeout(wait.min(Duration::from_millis(call.app.settings.wait_ms)), applied).await {
        // What came too late to a worker will come again.
        Ok(Ok(Ok(outcomes))) if outcomes.iter().all(|outcome| outcome.code != OutcomeCode::Expired) => Ok(Some(outcomes)),
        _ => Ok(None),
    }
}

async fn promise(call: &Call<'_>, parts: &[Part], operations: &[Operation]) -> Result<(), Refusal> {
    let (store, most) = (&call.app.store, call.app.settings.limits.async_waiting);
    let insert = async_requests::insert(store, call.caller.account, call.context.request_id, parts, operations, most);
    match timeout(INSERT_WAIT, insert).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => {
            let cause = format!("{most} asynchronous requests of the account wait to be applied");
            Err(Refusal::Later { status: 429, retry_after: FULL_WAIT, cause })
        }
        // The database said no: nothing is stored.
        Ok(Err(error @ (StoreError::Other(_) | StoreError::Conflict(_)))) => Err(Refusal::internal(error)),
        // It may have said yes. A client that were told 503 could be surprised later.
        Ok(Err(error)) => Err(Refusal::Unknown { cause: error.to_string() }),
        Err(_) => Err(Refusal::Unknown { cause: "an asynchronous request took too long to be stored".to_owned() }),
    }
}

/// 202, with nothing in it but where to ask.
///
/// # Errors
/// Never, for addresses that can be written as a header.
pub(crate) fn accepted(call: &Call<'_>) -> Result<Response, Refusal> {
    let txn = call.context.request_id;
    let location = HeaderValue::try_from(location(call, txn)).map_err(Refusal::internal)?;
    let response = reply::with_header(reply::empty(StatusCode::ACCEPTED), header::LOCATION, location);
    let response = reply::with_header(response, PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
    Ok(reply::with_header(response, SET_TXN, txn_header(txn)))
}

/// The identifier of a request as a header.
pub(crate) fn txn_header(txn: Uuid) -> HeaderValue {
    HeaderValue::try_from(txn.to_string()).expect("hexadecimal digits are a header value")
}

fn location(call: &Call<'_>, txn: Uuid) -> String {
    format!("{}/Events/{txn}", call.base_url())
}
