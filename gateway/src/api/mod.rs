//! The JSON API: the log, cycles and incidents, for scripts and pages of operators.
//!
//! Everything is under `/api/v1` and needs a token (`muster token create`) as `Authorization: Bearer`. The token decides the account
//! and belongs to a user, whose role decides the rest: administrators and user managers may use it, nobody else. There are no cookies,
//! so no page of somebody else's can act with it.
//!
//! ```text
//! GET  /operations                       list, filtered; ?format=csv
//! GET  /operations/{id}                  one
//! GET  /users/{id}/operations            a user's timeline; also /groups/{id}/operations
//! GET  /cycles                           provisioning cycles
//! GET  /incidents                        list; ?format=csv
//! GET  /incidents/{number}               one: advice, affected users, events
//! GET  /incidents/{number}/failures      each failure
//! POST /incidents/{number}/acknowledge   also resolve; snooze {"until": "2026-01-31T09:00:00Z"}; retry
//! GET  /notifications/recipients         who gets mail; PUT and DELETE /notifications/recipients/{address}
//! GET  /notifications/mails              what became of the latest mails
//! GET  /conversions                      the newest first; POST makes a plan
//! GET  /conversions/{id}                 one: state, pace, end; `latest` for the newest
//! GET  /conversions/{id}/items           every user of it; ?format=csv
//! GET  /conversions/{id}/report          counts by reason, examples, columns, events
//! POST /conversions/{id}/start           also pause, resume, cancel, undo; administrators only
//! GET  /aliases                          old user ids that still sign in
//! POST /aliases/extend                   also release; administrators only
//! POST /sso/resolve                      who is meant by an identity; also redeem (`crate::sso`)
//! ```
//!
//! Lists come in pages: `limit`, and `after` with what `next` said. An unknown parameter is refused: a filter that is passed over shows
//! everything.
//!
//! The addresses are in one table (`routes`), which the OpenAPI document is made from as well.

mod aliases;
mod conversions;
mod incidents;
mod notifications;
mod operations;
mod params;
mod routes;

use crate::{app::App, body, context::Context, media, refusal::Refusal, reply, sso};
use axum::{
    body::{Body, HttpBody},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use muster_domain::{AccountId, ApiToken, Role};
use muster_scim::ScimError;
use muster_store::{
    api_tokens::{self, TokenGrant},
    console::audit::{self, Author},
};
use params::Params;
pub(crate) use routes::{ADDRESSES, Action, Address, BASE, Taken};
use serde::Serialize;
use std::net::IpAddr;
use tokio::time::Instant;

/// The cursor of the next page, where the body has no room for it.
const NEXT: HeaderName = HeaderName::from_static("x-next");

/// Whether a path is one of the API's.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// A request with a valid token.
struct ApiCall<'a> {
    app: &'a App,
    account: AccountId,
    /// Who acts, for the audit log.
    author: Author,
    /// What its user may do.
    role: Role,
    context: &'a Context,
    params: Params,
}

impl ApiCall<'_> {
    /// Who acts, for the record.
    fn by(&self) -> &str {
        &self.author.name
    }

    /// Writes down that it was done.
    async fn audit(&self, action: &'static str, target: impl Into<String>, detail: impl Into<String>) -> Result<(), Refusal> {
        Ok(audit::append(&self.app.store, self.account, &self.author.entry(action, target, detail)).await?)
    }
}

/// Answers a request under `/api`.
pub(crate) async fn handle<B>(app: &App, peer: IpAddr, parts: &Parts, context: &Context, body: &mut B) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let grant = authenticate(app, peer, parts).await?;
    let nothing = || ScimError::not_found("there is nothing at this address");
    let (address, names) = Address::find(parts.uri.path()).ok_or_else(nothing)?;
    let action = address.action(&parts.method).ok_or(Refusal::MethodNotAllowed { allow: address.allow })?;
    let mut bytes = Bytes::new();
    if parts.method != Method::GET && parts.method != Method::HEAD {
        bytes = body::read(body, app.settings.limits.body_bytes, app.settings.limits.body_read).await?;
        if !bytes.is_empty() {
            media::check_request(&parts.headers)?;
        }
    }
    let author = Author { user: Some(grant.user), name: grant.user_id, peer: peer.to_string() };
    let call = ApiCall { app, account: grant.account, author, role: grant.role, context, params: Params::parse(parts.uri.query())? };
    act(&call, action, names.first().copied().unwrap_or_default(), &bytes).await
}

/// Hands a call to its handler. `name` is what stands in the path where the address has braces.
async fn act(call: &ApiCall<'_>, action: Action, name: &str, body: &[u8]) -> Result<Response, Refusal> {
    match action {
        Action::Operations => operations::list(call, None).await,
        Action::Operation => operations::get(call, name).await,
        Action::Timeline => operations::list(call, Some(name)).await,
        Action::Cycles => operations::cycles(call).await,
        Action::Incidents => incidents::list(call).await,
        Action::Incident => incidents::get(call, name).await,
        Action::Failures => incidents::failures(call, name).await,
        Action::Acknowledge | Action::Resolve | Action::Snooze | Action::Retry => incidents::act(call, name, action, body).await,
        Action::Recipients => notifications::recipients(call).await,
        Action::PutRecipient => notifications::put(call, name, body).await,
        Action::DeleteRecipient => notifications::delete(call, name).await,
        Action::Mails => notifications::mails(call).await,
        Action::Conversions => conversions::list(call).await,
        Action::Plan => conversions::plan(call, body).await,
        Action::Conversion => conversions::get(call, name).await,
        Action::Items => conversions::items(call, name).await,
        Action::Report => conversions::report(call, name).await,
        Action::ResolveIdentity | Action::RedeemSignIn => who(call, action, body).await,
        Action::Start | Action::Pause | Action::Resume | Action::Cancel | Action::Undo => conversions::act(call, name, action, body).await,
        Action::Aliases => aliases::list(call).await,
        Action::ExtendAliases => aliases::extend(call, body).await,
        Action::ReleaseAliases => aliases::release(call, body).await,
    }
}

/// Who is meant.
async fn who(call: &ApiCall<'_>, action: Action, body: &[u8]) -> Result<Response, Refusal> {
    // An address in a query would stand in the logs of every proxy.
    call.params.done()?;
    match action {
        Action::RedeemSignIn => sso::redeem(call.app, call.account, call.context, body).await,
        // Boxed: with somebody who becomes a user on the way, it is larger than everything else here.
        _ => Box::pin(sso::resolve(call.app, call.account, call.context, body)).await,
    }
}

/// Whose token it is. Wrong ones are counted with wrong keys.
async fn authenticate(app: &App, peer: IpAddr, parts: &Parts) -> Result<TokenGrant, Refusal> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Refusal::NoToken) };
    let token = match values.next() {
        Some(_) => None,
        None => value
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| ApiToken::parse(token.trim_start())),
    };
    let grant = match token {
        Some(token) => app.read(api_tokens::find_active(&app.store, &token.hash())).await?,
        None => None,
    };
    let Some(grant) = grant else {
        return match app.wrong_keys.note(peer, Instant::now()) {
            Ok(()) => Err(Refusal::NoToken),
            Err(retry_after) => Err(Refusal::TooManyWrongKeys { retry_after }),
        };
    };
    if !grant.role.may_use_api() {
        return Err(ScimError::forbidden("the API is for administrators and user managers; this token's user is neither any more").into());
    }
    Ok(grant)
}

fn json(call: &ApiCall<'_>, body: &impl Serialize) -> Response {
    let mut response = reply::json(StatusCode::OK, body, call.context);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Lines of CSV as a file. The cursor of the next page is in `X-Next`.
fn csv(name: &'static str, lines: impl IntoIterator<Item = String>, next: Option<String>) -> Response {
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(next) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        headers.insert(NEXT, next);
    }
    *response.body_mut() = Body::from(lines.into_iter().collect::<String>());
    response
}
