//! The front door: from a request to a response, whatever happens.
//!
//! Bounds of URL and headers, the target, the host, authentication, the body, the handler, in this order; then the headers every
//! answer has. A panic in a handler is a 500 like any other, and the connection lives on.

use crate::{
    api,
    app::App,
    auth::{self, Caller},
    body, console,
    context::Context,
    health, measure, media,
    path::{self, Base, Segments, Target},
    query::Query,
    refusal::Refusal,
    route::{self, Endpoint},
    scim::Call,
    sso, unsubscribe,
};
use axum::{
    body::HttpBody,
    http::{HeaderName, HeaderValue, Request, Version, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use futures::FutureExt;
use muster_runtime::trace;
use muster_scim::ScimError;
use std::{any::Any, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};
use uuid::fmt::Hyphenated;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// There is nothing true to answer: the connection (in HTTP/2, the stream) ends instead.
#[derive(Debug, thiserror::Error)]
#[error("what became of the request is unknown")]
pub(crate) struct HangUp;

/// Answers a request.
///
/// # Errors
/// [`HangUp`] when a client must not be told anything.
pub(crate) async fn answer<B>(app: Arc<App>, peer: IpAddr, request: Request<B>) -> Result<Response, HangUp>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let began = Instant::now();
    let (parts, mut body) = request.into_parts();
    let target = path::classify(parts.uri.path());
    let base = if let Target::Scim(base, _) = &target { *base } else { Base::Plain };
    let context = Context::new(&parts.headers, base);
    // A probe every second is nobody's trace.
    let context = if health::is_probe(parts.uri.path()) { context } else { context.traced(&parts.headers) };
    context.span.around(answer_within(&app, peer, &context, target, &parts, &mut body, began)).await
}

/// The same, within its span.
async fn answer_within<B>(
    app: &Arc<App>,
    peer: IpAddr,
    context: &Context,
    target: Target<'_>,
    parts: &Parts,
    body: &mut B,
    began: Instant,
) -> Result<Response, HangUp>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let route = measure::route(&target, api::is_api(parts.uri.path()));
    let outcome = AssertUnwindSafe(dispatch(app, peer, context, target, parts, body)).catch_unwind().await;
    if let Ok(Err(Refusal::Unknown { cause })) = &outcome {
        context.span.fail("nobody knows");
        tracing::error!(request.id = %context.request_id, cause, "a request ends without an answer");
        return Err(HangUp);
    }
    if let Ok(Err(refusal)) = &outcome {
        measure::refused(&context.span, refusal);
    }
    let (mut response, refused) = respond(outcome, context);
    if refused {
        body::discard_rest(body, &parts.headers, 4 * app.settings.limits.body_bytes.max(app.settings.scim.bulk_bytes)).await;
    }
    stamp(&mut response, context);
    measure::answered(route, &parts.method, response.status(), began.elapsed());
    measure::traced(&context.span, route, &parts.method, response.status());
    tracing::debug!(request.id = %context.request_id, method = %parts.method, path = console::without_token(unsubscribe::without_token(parts.uri.path())), status = response.status().as_u16(), "answered");
    Ok(response)
}

/// The response, and whether it is a refusal.
fn respond(outcome: Result<Result<Response, Refusal>, Box<dyn Any + Send>>, context: &Context) -> (Response, bool) {
    match outcome {
        Ok(Ok(response)) => (response, false),
        Ok(Err(refusal)) => (refusal.into_response(context), true),
        Err(panic) => (Refusal::internal(format_args!("panic: {}", message(&*panic))).into_response(context), true),
    }
}

async fn dispatch<B>(
    app: &Arc<App>,
    peer: IpAddr,
    context: &Context,
    target: Target<'_>,
    parts: &Parts,
    body: &mut B,
) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    check_bounds(app, parts)?;
    match target {
        Target::Scim(_, segments) => scim(app, peer, context, &segments, parts, body).await,
        // Boxed like pages: rare, and larger than what is frequent.
        Target::Other if sso::oidc::is_ours(parts.uri.path()) => Box::pin(sso::oidc::handle(app, peer, parts, context)).await,
        Target::Other if api::is_api(parts.uri.path()) => api::handle(app, peer, parts, context, body).await,
        Target::Other => match unsubscribe::token(parts.uri.path()) {
            Some(token) => unsubscribe::handle(app, parts, token).await,
            None if !health::is_probe(parts.uri.path()) && console::is_ours(parts.uri.path(), &parts.headers) => {
                // Boxed: a page is rare, and every request would carry the size of its future.
                Box::pin(console::handle(app, peer, parts, context, body)).await
            }
            None => {
                app.sightings.note_astray(parts, peer);
                health::handle(app, parts, context).await
            }
        },
    }
}

async fn scim<B>(
    app: &App,
    peer: IpAddr,
    context: &Context,
    segments: &Segments<'_>,
    parts: &Parts,
    body: &mut B,
) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    check_host(parts)?;
    let caller = auth::authenticate(app, peer, parts).await?;
    if context.span.is_recorded() {
        context.span.set(trace::key::ACCOUNT, caller.account.to_string());
    }
    let (account, key, endpoint) = (caller.account, caller.key(), segments.as_slice().and_then(Endpoint::find));
    let answer = handle(app, caller, context, endpoint, parts, body).await;
    if let Err(refusal) = &answer {
        app.failures.note(account, &parts.method, endpoint, context, refusal);
    }
    app.sightings.note(account, key, parts, peer, &answer);
    answer
}

async fn handle<B>(
    app: &App,
    caller: Caller,
    context: &Context,
    endpoint: Option<Endpoint<'_>>,
    parts: &Parts,
    body: &mut B,
) -> Result<Response, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let endpoint = endpoint.ok_or_else(|| ScimError::not_found("there is nothing at this address"))?;
    let query = Query::parse(parts.uri.query())?;
    let bytes = if endpoint.takes_body(&parts.method) {
        media::check_request(&parts.headers)?;
        let most = if endpoint == Endpoint::Bulk { app.settings.scim.bulk_bytes } else { app.settings.limits.body_bytes };
        body::read(body, most, app.settings.limits.body_read).await?
    } else {
        Bytes::new()
    };
    let call = Call { app, caller, context, headers: &parts.headers, query };
    route::handle(&call, endpoint, &parts.method, bytes).await
}

/// Checked before the key: both are cheaper than a look-up.
fn check_bounds(app: &App, parts: &Parts) -> Result<(), Refusal> {
    let limits = &app.settings.limits;
    let url = parts.uri.path_and_query().map_or(0, |url| url.as_str().len());
    if url > limits.url_bytes {
        return Err(ScimError::status(414, format!("the address is longer than {} bytes", limits.url_bytes)).into());
    }
    // Name, colon, space, value, line end: as they came over the wire in HTTP/1.1.
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers > limits.header_bytes {
        return Err(ScimError::status(431, format!("the headers are larger than {} bytes", limits.header_bytes)).into());
    }
    Ok(())
}

/// Two `Host` fields let a proxy and us see different places, so RFC 9112 §3.2 wants them refused, and a request without one as
/// well. Probes outside the SCIM base are left alone: load balancers write them by hand.
fn check_host(parts: &Parts) -> Result<(), ScimError> {
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    // HTTP/2 says it in the address instead, and HTTP/1.0 need not say it.
    if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
        return Err(ScimError::status(400, format!("the request has {hosts} Host headers: send exactly one")));
    }
    Ok(())
}

fn stamp(response: &mut Response, context: &Context) {
    let mut text = [0; Hyphenated::LENGTH];
    let id = context.request_id.as_hyphenated().encode_lower(&mut text);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::from_str(id).expect("hexadecimal digits are a header value"));
    // Only what never changes says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, StatusCode};

    #[tokio::test]
    async fn a_panic_is_a_500_that_tells_nothing() {
        let context = Context::new(&HeaderMap::new(), Base::Plain);
        let panic = async { panic!("a secret of the house") };
        let (response, refused) = respond(AssertUnwindSafe(panic).catch_unwind().await, &context);
        assert_eq!((response.status(), refused), (StatusCode::INTERNAL_SERVER_ERROR, true));
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains(&context.request_id.to_string()) && !text.contains("secret"), "{text}");
    }
}
