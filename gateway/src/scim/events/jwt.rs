//! A security event token as an unsecured JWT (RFC 7519 §6, RFC 8417).

use crate::{media, reply};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

const MEDIA: &str = "application/secevent+jwt";
const HEADER: &[u8] = br#"{"typ":"secevent+jwt","alg":"none"}"#;

/// Whether the client accepts a token by name.
pub(super) fn wanted(headers: &HeaderMap) -> bool {
    media::named(headers, &[MEDIA])
}

/// The token of these claims.
pub(super) fn response(claims: &Value) -> Response {
    let token = format!("{}.{}.", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut response = reply::with_header(reply::empty(StatusCode::OK), header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    *response.body_mut() = Body::from(token);
    response
}
