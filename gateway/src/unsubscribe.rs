//! Ending mails with one click (RFC 8058).
//!
//! The address is in a header of each mail (`List-Unsubscribe`), its last segment a token that allows nothing else. A POST ends the
//! mails; a GET only shows a page with a button, because programs that check mail follow every link they find.

use crate::{app::App, refusal::Refusal, reply};
use axum::{
    body::Body,
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use muster_scim::ScimError;
use muster_store::{now_ms, outbox};

const PREFIX: &str = "/notifications/unsubscribe/";

/// The token in a path of this kind.
pub(crate) fn token(path: &str) -> Option<&str> {
    let token = path.strip_prefix(PREFIX)?;
    (token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(token)
}

/// A path as it may be logged.
pub(crate) fn without_token(path: &str) -> &str {
    if path.starts_with(PREFIX) { PREFIX } else { path }
}

/// Answers. The body of a POST says nothing that matters: RFC 8058 fixes it.
pub(crate) async fn handle(app: &App, parts: &Parts, token: &str) -> Result<Response, Refusal> {
    match parts.method {
        Method::GET | Method::HEAD => Ok(page(
            "Stop these mails?",
            "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
             <button type=\"submit\">Stop mail to this address</button></form>",
        )),
        Method::POST => {
            let known = app.read(outbox::unsubscribe(&app.store, token, now_ms())).await?;
            if !known {
                return Err(ScimError::not_found("this address gets no mail any more").into());
            }
            Ok(page("Done", "<p>No more mail is sent to this address. Whoever runs the account can put it on the list again.</p>"))
        }
        _ => Err(Refusal::MethodNotAllowed { allow: "GET, HEAD, POST" }),
    }
}

/// A page that loads nothing and can be put into no other.
fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"),
    );
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    *response.body_mut() = Body::from(html);
    response
}
