//! `/Bulk` (RFC 7644 §3.7).
//!
//! The request is planned here ([`plan`]): ids are given, references resolved, bodies read. What of it is right travels to a worker
//! in one message and is applied in one transaction; the answer has an entry for every operation up to where `failOnErrors` ended
//! it, in the order of the request. A client that asks for it is answered before that, and told the end of each operation by an event.

mod plan;

use super::{Call, deferred, prefer::Prefer, submit};
use crate::{refusal::Refusal, reply};
use axum::{http::StatusCode, response::Response};
use muster_domain::{Operation, Outcome, OutcomeCode};
use muster_scim::{ScimError, bulk, etag, location, parse_json, urn};
use muster_store::async_requests::Part;
use plan::{End, Entry, Plan};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// The methods, for `Allow`.
pub(crate) const ALLOW: &str = "POST";

/// `POST /Bulk`
///
/// # Errors
/// 400 and 413 for a request that is no bulk request or too large; otherwise what is wrong with an operation is in the answer.
pub(crate) async fn handle(call: &Call<'_>, body: &[u8]) -> Result<Response, Refusal> {
    let limits = &call.app.settings.scim;
    let deeper = muster_scim::Limits { depth: limits.depth + bulk::FRAME_DEPTH, ..limits.clone() };
    let request = bulk::read(parse_json(body, &deeper)?, limits)?;
    let fail_on_errors = request.fail_on_errors;
    let Plan { entries, order, operations } = plan::plan(call, request);
    let prefer = Prefer::of(call.headers);
    let outcomes = if prefer.respond_async {
        let parts: Vec<Part> = entries.iter().map(|entry| part(entry, &operations)).collect();
        match deferred::submit(call, operations, &parts, prefer.wait).await? {
            Some(outcomes) => outcomes,
            None => return deferred::accepted(call),
        }
    } else {
        submit::submit_all(call, operations).await?
    };
    let applied = up_to_the_end(&entries, &order, &outcomes, fail_on_errors);
    let shown: Vec<Value> = entries
        .iter()
        .enumerate()
        .filter(|(index, _)| applied.contains(index))
        .map(|(_, entry)| Value::Object(show(call, entry, &outcomes)))
        .collect();
    Ok(reply::json(StatusCode::OK, &json!({"schemas": [urn::BULK_RESPONSE], "Operations": shown}), call.context))
}

/// What there is to tell about an operation, once it has ended.
fn part(entry: &Entry, operations: &[Operation]) -> Part {
    let (operation, error) = match &entry.end {
        End::Refused(error) => (None, Some(error.clone())),
        End::Travels(at) => (Some(operations[*at].id), None),
    };
    Part { method: entry.method.clone(), bulk_id: entry.bulk_id.clone(), operation, error }
}

/// The operations that were tried.
fn up_to_the_end(entries: &[Entry], order: &[usize], outcomes: &[Outcome], fail_on_errors: Option<u32>) -> HashSet<usize> {
    let (mut tried, mut errors) = (HashSet::new(), 0);
    for index in order {
        let failed = match &entries[*index].end {
            End::Refused(_) => true,
            End::Travels(at) => !outcomes[*at].is_success(),
        };
        if fail_on_errors.is_some_and(|most| errors >= most) {
            break;
        }
        errors += u32::from(failed);
        tried.insert(*index);
    }
    tried
}

/// One operation of the answer (§3.7.3).
fn show(call: &Call<'_>, entry: &Entry, outcomes: &[Outcome]) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("method".to_owned(), entry.method.clone().into());
    if let Some(bulk_id) = &entry.bulk_id {
        shown.insert("bulkId".to_owned(), bulk_id.clone().into());
    }
    let error = match &entry.end {
        End::Refused(error) => Some(error.clone()),
        End::Travels(at) if outcomes[*at].is_success() => None,
        End::Travels(at) => Some(failure(call.context.request_id, &outcomes[*at])),
    };
    if let Some((kind, id)) = entry.target.filter(|_| error.is_none() || entry.method != "POST") {
        shown.insert("location".to_owned(), location(kind, &id.to_string(), call.base_url()).into());
    }
    match (error, &entry.end) {
        (Some(error), _) => {
            shown.insert("status".to_owned(), error.status.to_string().into());
            shown.insert("response".to_owned(), error.body());
        }
        (None, End::Travels(at)) => {
            let outcome = &outcomes[*at];
            if let Some(version) = outcome.version {
                shown.insert("version".to_owned(), etag::format(version).into());
            }
            shown.insert("status".to_owned(), outcome.status.to_string().into());
        }
        (None, End::Refused(_)) => {}
    }
    shown
}

/// What a client is told of an operation that failed.
pub(crate) fn failure(id: Uuid, outcome: &Outcome) -> ScimError {
    match &outcome.error {
        Some(error) => error.clone(),
        None if outcome.code == OutcomeCode::Expired => {
            ScimError::unavailable(format!("not applied in time: send it again, request id {id}"))
        }
        None => ScimError::internal(format!("internal error, request id {id}")),
    }
}
