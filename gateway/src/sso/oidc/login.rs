//! To the provider.

use super::{
    Purpose, callback_address, flow,
    flow::Flow,
    page::Problem,
    provider::{self, AuthorizationRequest},
};
use crate::{app::App, refusal::Refusal, reply};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_domain::sso::Provider;
use muster_store::accounts::Account;

/// Begins a sign-in: the browser is sent to the provider, with a cookie that it has to bring back.
pub(crate) async fn begin(
    app: &App,
    account: &Account,
    provider: &Provider,
    purpose: Purpose,
) -> Result<Result<Response, Problem>, Refusal> {
    let key = app.read(flow::key(app)).await?;
    let again = purpose.asks_again();
    let request = match provider::authorization(&app.providers, provider, &callback_address(app, account), again).await {
        Ok(request) => request,
        Err(failed) => {
            tracing::warn!(account.slug = %account.slug, error = %failed, "a sign-in cannot begin");
            return Ok(Err(failed.into()));
        }
    };
    let AuthorizationRequest { address, state, nonce, verifier } = request;
    let flow = Flow::new(state, nonce, verifier, purpose);
    let (Some(cookie), Ok(location)) = (flow.set_cookie(app, account, &key), HeaderValue::try_from(address)) else {
        return Err(Refusal::internal("a sign-in cannot be written into headers"));
    };
    let response = reply::with_header(reply::empty(StatusCode::SEE_OTHER), header::LOCATION, location);
    let response = reply::with_header(response, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(Ok(reply::with_header(response, header::SET_COOKIE, cookie)))
}
