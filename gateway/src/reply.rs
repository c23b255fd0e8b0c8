//! Building responses: bytes and headers, nothing that thinks.

use crate::context::Context;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use muster_scim::ScimError;
use serde::Serialize;

/// A JSON body in the media type the client wants.
pub(crate) fn json(status: StatusCode, body: &impl Serialize, context: &Context) -> Response {
    // Our own values serialise: no map keys but strings, no floats but those JSON can say.
    let mut bytes = Vec::with_capacity(1024);
    serde_json::to_writer(&mut bytes, body).expect("a JSON value serialises");
    let mut response = empty(status);
    response.headers_mut().insert(header::CONTENT_TYPE, context.media.header());
    *response.body_mut() = Body::from(bytes);
    response
}

/// No body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A SCIM error.
pub(crate) fn error(error: &ScimError, context: &Context) -> Response {
    json(StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &error.body(), context)
}

/// Adds a header.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

/// Marks a version.
pub(crate) fn with_etag(mut response: Response, version: Option<i64>) -> Response {
    if let Some(tag) = version.and_then(|version| HeaderValue::try_from(muster_scim::etag::format(version)).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
