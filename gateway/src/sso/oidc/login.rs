//! To the provider.

use super::{callback_address, flow, flow::Flow, page::Problem, parameter, provider};
use crate::{app::App, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::sso::Provider;
use muster_store::accounts::Account;

/// What the platform may give to be given back, bytes.
const BACK_MAX: usize = 512;

/// Begins a sign-in.
pub(super) async fn begin(app: &App, account: &Account, provider: &Provider, query: &str) -> Result<Result<Response, Problem>, Refusal> {
    let back = parameter(query, "state").filter(|back| back.len() <= BACK_MAX);
    let key = app.read(flow::key(app)).await?;
    let request = match provider::authorization(&app.providers, provider, &callback_address(app, account)).await {
        Ok(request) => request,
        Err(failed) => {
            tracing::warn!(account.slug = %account.slug, error = %failed, "a sign-in cannot begin");
            return Ok(Err(failed.into()));
        }
    };
    let flow = Flow::new(request.state, request.nonce, request.verifier, back);
    let (Some(cookie), Ok(location)) = (flow.set_cookie(app, account, &key), HeaderValue::try_from(request.address)) else {
        return Err(Refusal::internal("a sign-in cannot be written into headers"));
    };
    let response = reply::with_header(reply::empty(StatusCode::SEE_OTHER), header::LOCATION, location);
    let response = reply::with_header(response, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(Ok(reply::with_header(response, header::SET_COOKIE, cookie)))
}
