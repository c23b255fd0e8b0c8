//! `/Me` (RFC 7644 §3.11): the caller's own resource.
//!
//! Who calls with a secret key is the directory, on behalf of the key's SCIM administrator; so `/Me` is that user, under a name
//! that needs no id. Nothing else differs: the same handlers run, the same protection holds, and every address in an answer is
//! the user's permanent one.

use super::{Call, read, write};
use crate::{refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_scim::{ResourceType::User, location};

/// The methods, for `Allow`.
pub(crate) const ALLOW: &str = "GET, HEAD, PUT, PATCH, DELETE";

/// Answers a request to `/Me`.
///
/// # Errors
/// What the handler of `/Users/{id}` says; 405 for POST: the caller's resource is there already.
pub(crate) async fn handle(call: &Call<'_>, method: &str, body: &[u8]) -> Result<Response, Refusal> {
    let id = call.caller.administrator.to_string();
    let response = match method {
        "GET" | "HEAD" => read::get(call, User, &id).await,
        "PUT" => write::replace(call, User, &id, body).await,
        "PATCH" => write::patch(call, User, &id, body).await,
        "DELETE" => write::delete(call, User, &id).await,
        _ => Err(Refusal::MethodNotAllowed { allow: ALLOW }),
    }?;
    if response.status() == StatusCode::ACCEPTED {
        // Its address is where the end of the request can be asked for.
        return Ok(response);
    }
    let location = HeaderValue::try_from(location(User, &id, call.base_url())).map_err(Refusal::internal)?;
    Ok(reply::with_header(response, header::LOCATION, location))
}
