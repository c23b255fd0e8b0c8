//! Sign-in with the OpenID provider of an account, for the platform and for the console.
//!
//! ```text
//! GET /sso/{account}/login?state=…      the platform's: to the provider: code flow, PKCE, nonce
//! GET /sign-in/provider                 the console's: the same (module `console::provider`)
//! GET /sso/{account}/callback           back from it: who is it? On to the platform with a one-time code, or to the console
//! POST /api/v1/sso/redeem               the platform asks whose code that is (module `redeem`)
//! ```
//!
//! What belongs to a sign-in under way (state, nonce, PKCE verifier) travels in a signed cookie of the browser that began it, so that
//! nobody else's browser can end it, and nothing is written for strangers (`flow`). What it is for is in there, too (`purpose`): an address
//! in a request never decides where somebody goes. The identity token is checked by the `openidconnect`
//! crate: signature by an asymmetric key of the provider, issuer, audience, nonce, times (`provider`). Who is meant is decided where it
//! always is. A sign-in is worth one code: the database says so.
//!
//! The provider is spoken to over TLS, with an end to every wait and every answer, and no redirect is followed (`http`).

mod callback;
mod flow;
mod http;
mod login;
mod page;
mod provider;
mod purpose;

pub(crate) use flow::NEXT_MAX;
pub(crate) use login::begin;
pub(crate) use page::{Problem, words};
pub(crate) use provider::Providers;
pub(crate) use purpose::Purpose;

use crate::{app::App, context::Context, refusal::Refusal};
use axum::{
    http::{Method, request::Parts},
    response::Response,
};
use muster_store::{
    accounts::{self, Account, check_slug},
    sso,
};
use std::{net::IpAddr, sync::Arc};

const PREFIX: &str = "/sso/";
/// What the platform may give to be given back, bytes.
const BACK_MAX: usize = 512;

/// Whether a path is one of these.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Answers a browser.
pub(crate) async fn handle(app: &Arc<App>, peer: IpAddr, parts: &Parts, context: &Context) -> Result<Response, Refusal> {
    let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let Some((slug, step @ ("login" | "callback"))) = path.split_once('/') else { return Ok(page::problem(Problem::Nowhere, context)) };
    if parts.method != Method::GET {
        return Err(Refusal::MethodNotAllowed { allow: "GET" });
    }
    if let Err(wait) = app.sign_ins.from(peer) {
        return Ok(page::too_many(wait, context));
    }
    let account = match check_slug(slug) {
        Ok(()) => app.read(accounts::find(&app.store, slug)).await?,
        Err(_) => None,
    };
    // An account without a provider looks like none.
    let Some(account) = account else { return Ok(page::problem(Problem::Nowhere, context)) };
    let Some(provider) = app.read(sso::provider(&app.store, account.id)).await? else {
        return Ok(page::problem(Problem::Nowhere, context));
    };
    if let Err(wait) = app.sign_ins.to(account.id) {
        return Ok(page::too_many(wait, context));
    }
    let query = parts.uri.query().unwrap_or_default();
    let answered = match step {
        "login" => {
            let back = parameter(query, "state").filter(|back| back.len() <= BACK_MAX);
            login::begin(app, &account, &provider, Purpose::Platform { back }).await?
        }
        _ => {
            let back = callback::Return { app, peer, parts, context, account: &account, provider: &provider, query };
            Box::pin(callback::end(&back)).await?
        }
    };
    Ok(answered.unwrap_or_else(|problem| page::problem(problem, context)))
}

/// Where the provider sends the browser back to.
fn callback_address(app: &App, account: &Account) -> String {
    format!("{}{PREFIX}{}/callback", app.settings.public_url.trim_end_matches('/'), account.slug)
}

/// The value of a parameter that is given once. One that is given twice is nobody's.
fn parameter(query: &str, name: &str) -> Option<String> {
    let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let (_, value) = found.next()?;
    found.next().is_none().then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_is_given_twice_is_nobodys() {
        assert_eq!(parameter("a=1&b=x%20y", "b").as_deref(), Some("x y"));
        assert_eq!(parameter("a=1&a=2", "a"), None);
        assert_eq!(parameter("", "a"), None);
    }
}
