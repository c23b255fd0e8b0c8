//! Back from the provider: who is it, and on to the platform.

use super::{callback_address, flow, flow::Flow, page, page::Problem, parameter, provider};
use crate::{app::App, context::Context, refusal::Refusal, reply, sso::newcomer};
use axum::{
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use muster_domain::{
    conversion::Source,
    sso::{Evidence, Match, Provider, Refusal as Reason, SignInCode, identity_in},
};
use muster_store::{accounts::Account, sso};
use url::Url;

/// Ends a sign-in.
pub(super) async fn end(
    app: &App,
    account: &Account,
    provider: &Provider,
    parts: &Parts,
    context: &Context,
    query: &str,
) -> Result<Result<Response, Problem>, Refusal> {
    let key = app.read(flow::key(app)).await?;
    let flow = parameter(query, "state").and_then(|state| Flow::of_browser(&parts.headers, &state, &key, account.id));
    let Some(flow) = flow else { return Ok(Err(Problem::NotBegun)) };
    let ended = match admitted(app, account, provider, context, query, &flow).await? {
        Ok(found) => on(app, account, provider, &flow, &found).await?,
        Err(problem) => Err(problem),
    };
    // However it ended, this browser cannot end it again.
    let mut response = ended.unwrap_or_else(|problem| page::problem(problem, context));
    if let Some(cookie) = flow.clear_cookie(app, account) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(Ok(response))
}

/// Who it is.
async fn admitted(
    app: &App,
    account: &Account,
    provider: &Provider,
    context: &Context,
    query: &str,
    flow: &Flow,
) -> Result<Result<Match, Problem>, Refusal> {
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
    let found = match app.read(sso::resolve(&app.store, account.id, &presented, Evidence::Assertion, &settings)).await? {
        Err(Reason::Unknown) => newcomer::make(app, account.id, context, &presented, &settings).await?.map(|(found, _)| found),
        found => found,
    };
    Ok(found.map_err(Problem::Refused))
}

/// On to the platform, with a code that only the platform can ask about.
async fn on(app: &App, account: &Account, provider: &Provider, flow: &Flow, found: &Match) -> Result<Result<Response, Problem>, Refusal> {
    let code = SignInCode::generate();
    if !app.read(sso::put_code(&app.store, account.id, found.person.id, &code, &flow.id())).await? {
        return Ok(Err(Problem::Used));
    }
    let mut address = Url::parse(&provider.return_to).map_err(Refusal::internal)?;
    address.query_pairs_mut().append_pair("code", code.reveal());
    if let Some(back) = &flow.back {
        address.query_pairs_mut().append_pair("state", back);
    }
    let location = HeaderValue::try_from(String::from(address)).map_err(Refusal::internal)?;
    let response = reply::with_header(reply::empty(StatusCode::SEE_OTHER), header::LOCATION, location);
    Ok(Ok(reply::with_header(response, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))))
}
