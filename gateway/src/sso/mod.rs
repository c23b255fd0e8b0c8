//! Sign-in for the platform: who is meant by an identity somebody else vouches for.
//!
//! ```text
//! POST /api/v1/sso/resolve   {"kind": "assertion", "email": "jdoe@acme.com"}
//! POST /api/v1/sso/redeem    {"code": "…"}: of a sign-in with the account's OpenID provider (`oidc`)
//! ```
//!
//! For platforms that run their own sign-in and want it to find the users a directory provisions, before, during and after a
//! conversion. The rules are [`muster_domain::sso`]'s; the token of the JSON API decides the account. Only an answer of 200 lets somebody
//! in: whoever looks at nothing but the status lets nobody in by mistake.

mod newcomer;
pub(crate) mod oidc;
pub(crate) mod rate;
mod redeem;
mod resolve;

use crate::{api, app::App, body, context::Context, media, refusal::Refusal};
use axum::{
    body::HttpBody,
    http::{Method, request::Parts},
    response::Response,
};
use bytes::Bytes;
use muster_scim::ScimError;
use std::net::IpAddr;

/// Whether a path is one of these.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with("/api/v1/sso/")
}

/// Answers a request under `/api/v1/sso`.
pub(crate) async fn handle<B>(app: &App, peer: IpAddr, parts: &Parts, context: &Context, body: &mut B) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let (account, _, _) = api::authenticate(app, peer, parts).await?;
    let redeems = match parts.uri.path() {
        "/api/v1/sso/resolve" => false,
        "/api/v1/sso/redeem" => true,
        _ => return Err(ScimError::not_found("there is nothing at this address").into()),
    };
    if parts.method != Method::POST {
        return Err(Refusal::MethodNotAllowed { allow: "POST" });
    }
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        // An address in a query would stand in the logs of every proxy.
        return Err(ScimError::invalid_value("there are no query parameters here: say who it is in the body").into());
    }
    media::check_request(&parts.headers)?;
    let bytes = body::read(body, app.settings.limits.body_bytes, app.settings.limits.body_read).await?;
    if redeems {
        redeem::answer(app, account, context, &bytes).await
    } else {
        Box::pin(resolve::answer(app, account, context, &bytes)).await
    }
}
