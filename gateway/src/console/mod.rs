//! The console: pages for administrators, user managers and viewers.
//!
//! ```text
//! front -> handle ─┬─ /assets/…            assets    hashed names, cached for ever
//!                  ├─ open pages           open      sign-in, one-time links, theme: for whoever comes
//!                  └─ pages of the tables  route     one line a page: method, address, right, function
//!                         │
//!                         ├─ viewer        the session cookie -> who it is, asked of the database at each request
//!                         ├─ right         before the page's function is called
//!                         └─ csrf          before a form is read by anybody
//! ```
//!
//! **A page** is an `async fn(&Visit<'_>) -> Answer` and a line in a table of routes ([`route::TABLES`]). By the time it is called, the
//! viewer is known, has the right the line names, and a form has been checked for forgery. It asks the store (`Visit::read`),
//! fills a template that extends `console/layout.html` and has a field `page` ([`Visit::page`]), and returns `Visit::html`. A form's
//! function ends with [`Visit::redirect`] and, if there is something to say, [`Visit::redirect_saying`].
//!
//! **Every action is a plain form** that works without JavaScript. Scripts only add: the live parts of a page ([`live`]), copying.
//!
//! **Nothing inline.** The policy of every page (`headers`) allows scripts and styles from our own address and nothing else.
//!
//! **Users and groups are changed by operations**, as a directory's are ([`submit`]); the console writes only what is its own:
//! sessions, passwords, secret keys, the audit log.

pub(crate) mod assets;
mod audit_log;
pub(crate) mod chart;
mod confirm;
mod cookie;
mod csrf;
pub(crate) mod display;
mod docs;
pub(crate) mod fields;
mod flash;
mod headers;
pub(crate) mod live;
mod nav;
mod open;
pub(crate) mod page;
mod pages;
pub(crate) mod password;
pub(crate) mod problem;
mod profile;
mod provider;
pub(crate) mod route;
mod setup;
pub(crate) mod sightings;
mod submit;
pub(crate) mod throttle;
pub(crate) mod viewer;
pub(crate) mod visit;

use crate::{app::App, body, context::Context, media, refusal::Refusal};
use axum::{
    body::HttpBody,
    http::{HeaderMap, Method, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use fields::Fields;
use muster_scim::ScimError;
use problem::{Answer, Problem};
pub(crate) use provider::Ended;
use route::Found;
use std::{net::IpAddr, sync::Arc};
use viewer::Viewer;
use visit::{Request, Visit};

/// No form of ours is larger.
const FORM_BYTES: usize = 64 * 1024;

/// Whether a path that is neither the SCIM base, the API nor a probe is the console's to answer: it has a page there, or whoever asks
/// wants a page.
pub(crate) fn is_ours(path: &str, headers: &HeaderMap) -> bool {
    assets::is_asset(path)
        || open::find(path).is_some()
        || !matches!(route::find(&Method::GET, path), Found::Nothing)
        || wants_page(headers)
}

/// A path as it may be logged: a one-time link is a secret as long as nobody has followed it.
pub(crate) fn without_token(path: &str) -> &str {
    if path.starts_with(open::LINK_PREFIX) { open::LINK_PREFIX } else { path }
}

fn wants_page(headers: &HeaderMap) -> bool {
    media::named(headers, &["text/html", "application/xhtml+xml"])
}

/// Answers. Whatever goes wrong becomes a page here; only what is nobody's page, asked for by somebody who wants none, is passed on.
///
/// # Errors
/// 404 in the form of the SCIM endpoints.
pub(crate) async fn handle<B>(app: &Arc<App>, peer: IpAddr, parts: &Parts, context: &Context, body: &mut B) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let path = parts.uri.path();
    if assets::is_asset(path) {
        return Ok(assets::serve(parts));
    }
    let known = open::find(path).is_some() || !matches!(route::find(&Method::GET, path), Found::Nothing);
    if !known && !wants_page(&parts.headers) {
        return Err(ScimError::not_found("there is nothing at this address").into());
    }
    let mut response = match answer(app, peer, parts, context, body).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(app, parts, context),
    };
    headers::add(app, &mut response);
    flash::clear_if_shown(parts, &mut response);
    Ok(response)
}

/// Ends a sign-in with a provider that was begun here: a session, or a page that says why there is none.
pub(crate) async fn end_sign_in(app: &Arc<App>, peer: IpAddr, parts: &Parts, context: &Context, ended: Ended<'_>) -> Response {
    let query = Fields::parse(parts.uri.query().unwrap_or_default());
    let request = Request { app, parts, context, peer, query, form: Fields::default(), names: Vec::new() };
    let mut response = match provider::end(&request, ended).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(app, parts, context),
    };
    headers::add(app, &mut response);
    response
}

async fn answer<B>(app: &Arc<App>, peer: IpAddr, parts: &Parts, context: &Context, body: &mut B) -> Answer
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let query = Fields::parse(parts.uri.query().unwrap_or_default());
    let asked = query.text("account").to_owned();
    let request = |form, names| Request { app, parts, context, peer, query, form, names };
    let path = parts.uri.path();
    if let Some(page) = open::find(path) {
        let form = form(app, parts, body).await?;
        return open::answer(page, &request(form, Vec::new())).await;
    }
    let (route, names) = match route::find(&parts.method, path) {
        Found::Route(route, names) => (route, names),
        Found::OtherMethods(allow) => return Err(Problem::MethodNotAllowed(allow)),
        Found::Nothing => return Err(Problem::NotFound),
    };
    let Some(viewer) = Viewer::of(app, parts).await? else { return Err(Problem::signed_out(parts)) };
    // A link from a mail names its account: a failure of the same number is there in any.
    if parts.method == Method::GET && !asked.is_empty() && asked != viewer.account_slug {
        return Err(Problem::OtherAccount { asked, own: viewer.account_slug });
    }
    if !viewer.may(route.right) {
        return Err(Problem::Forbidden(route.right));
    }
    let form = form(app, parts, body).await?;
    if parts.method == Method::POST {
        csrf::check_token(&viewer, &form, &parts.headers)?;
    }
    let visit = Visit { request: request(form, names), viewer };
    (route.handler)(&visit).await
}

/// The form of a POST, which came from a page of ours; nothing for other methods.
async fn form<B>(app: &App, parts: &Parts, body: &mut B) -> Result<Fields, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    match parts.method {
        Method::GET | Method::HEAD => return Ok(Fields::default()),
        Method::POST => {}
        _ => return Err(Problem::MethodNotAllowed("GET, HEAD, POST".to_owned())),
    }
    csrf::check_origin(app, &parts.headers)?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::Bad("This address takes a form of the console and nothing else.".to_owned()));
    }
    let bytes = body::read(body, FORM_BYTES, app.settings.limits.body_read).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::Bad("The form is not UTF-8.".to_owned()))?;
    Ok(Fields::parse(text))
}
