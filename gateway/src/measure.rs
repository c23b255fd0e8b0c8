//! What is counted of each request. Labels are words of ours: nothing a client sends becomes one.

use crate::{path::Target, refusal::Refusal, route::Endpoint};
use axum::http::{Method, StatusCode};
use metrics::{counter, histogram};
use muster_runtime::{
    metrics::{HTTP_REQUESTS, HTTP_SECONDS},
    trace::{Span, key},
};
use muster_scim::ResourceType;
use std::time::Duration;

/// What a request asked for, in few words.
pub(crate) fn route(target: &Target<'_>, is_api: bool) -> &'static str {
    let Target::Scim(_, segments) = target else { return if is_api { "api" } else { "other" } };
    match segments.as_slice().and_then(Endpoint::find) {
        None => "scim:none",
        Some(Endpoint::Root) => "scim:root",
        Some(Endpoint::Search(_)) => "scim:search",
        Some(Endpoint::Collection(ResourceType::User)) => "scim:Users",
        Some(Endpoint::Collection(ResourceType::Group)) => "scim:Groups",
        Some(Endpoint::Item(ResourceType::User, _)) => "scim:Users/id",
        Some(Endpoint::Item(ResourceType::Group, _)) => "scim:Groups/id",
        Some(Endpoint::Collection(_)) => "scim:custom",
        Some(Endpoint::Item(..)) => "scim:custom/id",
        Some(Endpoint::Discovery(_) | Endpoint::DiscoveryItem(..) | Endpoint::OpenApi) => "scim:discovery",
        Some(Endpoint::Me) => "scim:Me",
        Some(Endpoint::Bulk) => "scim:Bulk",
        Some(Endpoint::Event(_)) => "scim:Events",
    }
}

/// Counts an answer.
pub(crate) fn answered(route: &'static str, method: &Method, status: StatusCode, took: Duration) {
    let method = word(method);
    counter!(HTTP_REQUESTS.name, "route" => route, "method" => method, "status" => status.as_str().to_owned()).increment(1);
    histogram!(HTTP_SECONDS.name, "route" => route, "method" => method).record(took);
}

/// Says in a trace what was asked and answered.
pub(crate) fn traced(span: &Span, route: &'static str, method: &Method, status: StatusCode) {
    if !span.is_recorded() {
        return;
    }
    let method = word(method);
    span.rename(format!("{method} {route}"));
    span.set(key::METHOD, method);
    span.set(key::ROUTE, route);
    span.set(key::STATUS, i64::from(status.as_u16()));
    if status.is_server_error() {
        span.fail("server error");
    }
}

/// Says in a trace what SCIM calls the reason of a refusal.
pub(crate) fn refused(span: &Span, refusal: &Refusal) {
    if let Refusal::Scim(error) = refusal
        && let Some(scim_type) = error.scim_type
    {
        span.set(key::SCIM_TYPE, scim_type.as_str());
    }
}

/// A client may send any word as a method.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
