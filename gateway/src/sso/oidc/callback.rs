//! Back from the provider: who is it? On to whoever wanted to know.

use super::{Purpose, callback_address, flow, flow::Flow, page, page::Problem, parameter, provider};
use crate::{
    app::App,
    console::{self, Ended},
    context::Context,
    refusal::Refusal,
    reply,
    sso::newcomer,
};
use axum::{
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use muster_domain::{
    conversion::Source,
    sso::{Evidence, Match, Provider, Refusal as Reason, SignInCode, identity_in},
};
use muster_store::{accounts::Account, sso};
use std::{net::IpAddr, sync::Arc};
use url::Url;

/// A browser that has come back.
pub(super) struct Return<'r> {
    pub(super) app: &'r Arc<App>,
    pub(super) peer: IpAddr,
    pub(super) parts: &'r Parts,
    pub(super) context: &'r Context,
    pub(super) account: &'r Account,
    pub(super) provider: &'r Provider,
    pub(super) query: &'r str,
}

/// Ends a sign-in.
pub(super) async fn end(back: &Return<'_>) -> Result<Result<Response, Problem>, Refusal> {
    let Return { app, account, .. } = *back;
    let key = app.read(flow::key(app)).await?;
    let (headers, secure) = (&back.parts.headers, flow::is_secure(app));
    let flow = parameter(back.query, "state").and_then(|state| Flow::of_browser(headers, &state, &key, account.id, secure));
    let Some(flow) = flow else { return Ok(Err(Problem::NotBegun)) };
    let mut identity = String::new();
    let who = admitted(back, &flow, &mut identity).await?;
    let mut response = match &flow.purpose {
        Purpose::Platform { back: state } => {
            let ended = match who {
                Ok(found) => on(app, account, back.provider, &flow, state.as_deref(), &found).await?,
                Err(problem) => Err(problem),
            };
            ended.unwrap_or_else(|problem| page::problem(problem, back.context))
        }
        purpose => {
            let ended = Ended { account, provider: back.provider, purpose, flow: flow.id(), identity: &identity, who };
            console::end_sign_in(app, back.peer, back.parts, back.context, ended).await
        }
    };
    // However it ended, this browser cannot end it again.
    if let Some(cookie) = flow.clear_cookie(app, account) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(Ok(response))
}

/// Who it is. What the provider calls them is left in `identity`, once it is believed.
async fn admitted(back: &Return<'_>, flow: &Flow, identity: &mut String) -> Result<Result<Match, Problem>, Refusal> {
    let Return { app, account, provider, query, context, .. } = *back;
    // RFC 9207: an answer that names its issuer must name the right one.
    if parameter(query, "iss").is_some_and(|issuer| issuer != provider.issuer) {
        return Ok(Err(Problem::NotBelieved));
    }
    let Some(code) = parameter(query, "code") else { return Ok(Err(Problem::Denied)) };
    let claims = match provider::identity(&app.providers, provider, &callback_address(app, account), code, flow).await {
        Ok(claims) => claims,
        Err(failed) => {
            tracing::warn!(request.id = %context.request_id, account.slug = %account.slug, error = %failed, "a sign-in ended without an identity");
            return Ok(Err(failed.into()));
        }
    };
    let settings = app.read(sso::settings(&app.store, account.id)).await?;
    let presented = match identity_in(&claims, settings.claim) {
        Ok(presented) => presented,
        Err(reason) => return Ok(Err(Problem::Refused(reason))),
    };
    app.forms.note(account.id, Source::Sso, &presented);
    identity.clone_from(&presented);
    let found = match app.read(sso::resolve(&app.store, account.id, &presented, Evidence::Assertion, &settings)).await? {
        Err(Reason::Unknown) if flow.purpose.makes_users() => {
            newcomer::make(app, account.id, context, &presented, &settings).await?.map(|(found, _)| found)
        }
        found => found,
    };
    Ok(found.map_err(Problem::Refused))
}

/// On to the platform, with a code that only the platform can ask about.
async fn on(
    app: &App,
    account: &Account,
    provider: &Provider,
    flow: &Flow,
    state: Option<&str>,
    found: &Match,
) -> Result<Result<Response, Problem>, Refusal> {
    let code = SignInCode::generate();
    if !app.read(sso::put_code(&app.store, account.id, found.person.id, &code, &flow.id())).await? {
        return Ok(Err(Problem::Used));
    }
    let mut address = Url::parse(&provider.return_to).map_err(Refusal::internal)?;
    address.query_pairs_mut().append_pair("code", code.reveal());
    if let Some(state) = state {
        address.query_pairs_mut().append_pair("state", state);
    }
    let location = HeaderValue::try_from(String::from(address)).map_err(Refusal::internal)?;
    let response = reply::with_header(reply::empty(StatusCode::SEE_OTHER), header::LOCATION, location);
    Ok(Ok(reply::with_header(response, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))))
}
