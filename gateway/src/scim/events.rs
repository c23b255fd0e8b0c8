//! `/Events/{txn}`: what became of an asynchronous request (RFC 9967).
//!
//! While anything of it is to be done: 202 and `Retry-After`. Then the completion event, a security event token (RFC 8417): its claims
//! as JSON, or, for a client that accepts `application/secevent+jwt`, as an unsecured JWT: it comes from the service itself, over the
//! connection the client has authenticated. A bulk request has an event for each operation, at `/Events/{txn}:{index}`, and the
//! list of all at `/Events/{txn}`.

mod jwt;

use super::{Call, bulk, deferred};
use crate::{path::decode_name, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::OperationId;
use muster_scim::{ScimError, etag, list_response, urn};
use muster_store::{
    async_requests::{self, Found, Part},
    operations::{self, Recorded},
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// When to ask again, seconds.
const AGAIN_S: u32 = 1;

/// `GET /Events/{txn}`
///
/// # Errors
/// 404 for what is no request of this account.
pub(crate) async fn get(call: &Call<'_>, name: &str) -> Result<Response, Refusal> {
    let not_found = || Refusal::from(ScimError::not_found("there is no asynchronous request with this identifier"));
    let (txn, index) = decode_name(name).and_then(|name| parse(&name)).ok_or_else(not_found)?;
    let (store, account) = (&call.app.store, call.caller.account);
    let Found { parts, .. } = call.app.read(async_requests::find(store, account, txn)).await?.ok_or_else(not_found)?;
    let wanted: Vec<(usize, &Part)> = parts.iter().enumerate().filter(|(at, _)| index.is_none_or(|index| index == *at)).collect();
    if wanted.is_empty() {
        return Err(not_found());
    }
    let ids: Vec<OperationId> = wanted.iter().filter_map(|(_, part)| part.operation).collect();
    let ended = call.app.read(operations::recorded(store, account, &ids)).await?;
    let ended: HashMap<OperationId, Recorded> = ended.into_iter().map(|recorded| (recorded.id, recorded)).collect();
    if ended.len() < ids.len() {
        let response = reply::with_header(reply::empty(StatusCode::ACCEPTED), header::RETRY_AFTER, HeaderValue::from(AGAIN_S));
        return Ok(reply::with_header(response, deferred::SET_TXN, deferred::txn_header(txn)));
    }
    let single = parts.len() == 1 && parts[0].bulk_id.is_none();
    let event = |(at, part): &(usize, &Part)| {
        let name = if single { txn.to_string() } else { format!("{txn}:{at}") };
        claims(call, &name, part, part.operation.and_then(|id| ended.get(&id)))
    };
    match (wanted.as_slice(), single || index.is_some()) {
        ([one], true) if jwt::wanted(call.headers) => Ok(jwt::response(&event(one))),
        ([one], true) => Ok(reply::json(StatusCode::OK, &event(one), call.context)),
        (all, _) => {
            let events: Vec<Value> = all.iter().map(event).collect();
            Ok(reply::json(StatusCode::OK, &list_response(events.len() as u64, 1, events), call.context))
        }
    }
}

/// `{txn}`, or `{txn}:{index}`.
fn parse(name: &str) -> Option<(Uuid, Option<usize>)> {
    let (txn, index) = match name.split_once(':') {
        Some((txn, index)) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => (txn, Some(index.parse().ok()?)),
        Some(_) => return None,
        None => (name, None),
    };
    let ours = txn.len() == uuid::fmt::Hyphenated::LENGTH && !txn.bytes().any(|byte| byte.is_ascii_uppercase());
    Some((Uuid::try_parse(txn).ok().filter(|_| ours)?, index))
}

/// The claims of one event: how one operation ended.
fn claims(call: &Call<'_>, txn: &str, part: &Part, recorded: Option<&Recorded>) -> Value {
    let mut event = Map::new();
    event.insert("method".to_owned(), part.method.clone().into());
    if let Some(bulk_id) = &part.bulk_id {
        event.insert("bulkId".to_owned(), bulk_id.clone().into());
    }
    let error = match (recorded, &part.error) {
        (Some(recorded), _) if recorded.outcome.is_success() => None,
        (Some(recorded), _) => Some(bulk::failure(recorded.request_id, &recorded.outcome)),
        (None, error) => error.clone(),
    };
    if let Some(version) = recorded.and_then(|recorded| recorded.outcome.version) {
        event.insert("version".to_owned(), etag::format(version).into());
    }
    let status = error.as_ref().map(|error| error.status).or(recorded.map(|recorded| recorded.outcome.status)).unwrap_or(200);
    event.insert("status".to_owned(), status.to_string().into());
    if let Some(error) = error {
        event.insert("response".to_owned(), error.body());
    }
    let mut claims = json!({
        "iss": call.base_url(),
        "aud": format!("urn:uuid:{}", call.caller.account),
        "iat": recorded.map_or_else(|| call.app.queue.now_ms(), |recorded| recorded.applied_ms) / 1000,
        "jti": Uuid::now_v7().to_string(),
        "txn": txn,
        "events": { urn::ASYNC_RESPONSE_EVENT: event },
    });
    if let Some(recorded) = recorded {
        let uri = format!("{}/{}", recorded.resource_type.endpoint(), recorded.resource_id);
        claims["sub_id"] = json!({ "format": "scim", "uri": uri });
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_in_one_spelling() {
        let txn = Uuid::now_v7();
        assert_eq!(parse(&txn.to_string()), Some((txn, None)));
        assert_eq!(parse(&format!("{txn}:17")), Some((txn, Some(17))));
        for odd in [format!("{txn}:"), format!("{txn}:x"), format!("{txn}:1:2"), txn.to_string().to_uppercase(), txn.simple().to_string()] {
            assert_eq!(parse(&odd), None, "{odd}");
        }
    }
}
