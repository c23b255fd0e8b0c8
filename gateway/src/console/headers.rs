//! The headers of every page: what a browser may load, and who may embed it.

use super::cookie;
use crate::app::App;
use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// Nothing inline, nothing from elsewhere, nowhere to send a form but here, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Adds them.
pub(crate) fn add(app: &App, response: &mut Response) {
    let headers = response.headers_mut();
    // A page that is no page of the console (a mail as it looks) brings its own, which is stricter still where it matters.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Not `no-referrer`: browsers then hide the origin of our own forms, too.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
    if cookie::is_tls(app) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
