//! The API as an OpenAPI 3.1 document, for people who generate clients and for programs that generate requests.
//!
//! It is built when it is asked for, from what decides: the attribute table with the installation's own schemas, the limits in
//! effect, and the addresses in [`route`](crate::route), which a test compares with it in both directions. A derived document
//! could know neither the schemas nor the limits of an installation.
//!
//! `/scim/openapi.json` needs a secret key, as everything below the SCIM base does: one rule, with no exception to remember.
//! `muster openapi` prints the same document without one.

mod answers;
mod api;
mod messages;
mod operations;
mod parameters;

use crate::{reply, scim::Call, settings::GatewaySettings};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use muster_scim::{ResourceType, discovery, json_schema};
use serde_json::{Map, Value, json};

/// `GET /openapi.json`
pub(crate) fn answer(call: &Call<'_>) -> Response {
    let mut response = reply::json(StatusCode::OK, &document(&call.app.settings, call.base_url()), call.context);
    // It is no SCIM message, whatever the client accepts.
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The document for a SCIM base URL.
#[must_use]
fn document(settings: &GatewaySettings, base_url: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": settings.version,
            "description": "SCIM 2.0 (RFC 7643, RFC 7644) service provider. The secret key of Setup SCIM decides the account.\n\n\
                Names of attributes, of query parameters and of PATCH operations are understood in any case. Unknown attributes, and \
                those only the service changes, are passed over in bodies. A write is answered when it is applied and durable.\n\n\
                Beside it, under `/api/v1`, there is a JSON API for operators and their scripts, with tokens of its own.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": base_url }],
        "security": [{ "secretKey": [] }],
        "tags": tags(),
        "paths": paths(settings),
        "components": {
            "securitySchemes": {
                "secretKey": { "type": "http", "scheme": "bearer", "description": "The secret key of Setup SCIM." },
                (api::SCHEME): api::scheme()
            },
            "headers": answers::headers(),
            "responses": answers::refusals(),
            "parameters": parameters::all(settings),
            "schemas": schemas(settings)
        }
    })
}

/// The document as this installation's clients see it at `{public_url}/scim`.
#[must_use]
pub fn openapi(settings: &GatewaySettings) -> Value {
    document(settings, &[settings.public_url.trim_end_matches('/'), "/scim"].concat())
}

fn tags() -> Vec<Value> {
    let types = ResourceType::all().iter().copied().map(|rt| json!({ "name": rt.name(), "description": discovery::description(rt) }));
    let bulk =
        json!({ "name": "Bulk", "description": "Many writes in one request, and writes that are answered before they are applied." });
    let discovery = json!({ "name": "Discovery", "description": "What this service can do (RFC 7644 section 4)." });
    let api = api::TAGS.map(|(name, description)| json!({ "name": name, "description": description }));
    types.chain([bulk, discovery]).chain(api).collect()
}

fn paths(settings: &GatewaySettings) -> Map<String, Value> {
    let mut paths = operations::paths();
    paths.extend(api::paths(settings));
    paths
}

fn schemas(settings: &GatewaySettings) -> Map<String, Value> {
    let mut schemas = messages::all(settings);
    schemas.extend(api::schemas());
    let any: Vec<Value> = ResourceType::all().iter().map(|rt| reference("schemas", rt.name())).collect();
    schemas.insert("ResourceList".to_owned(), messages::list(&json!({ "anyOf": any })));
    for &rt in ResourceType::all() {
        schemas.insert(rt.name().to_owned(), json_schema::answer(rt));
        schemas.insert(format!("{}Request", rt.name()), json_schema::request(rt, &settings.scim));
        schemas.insert(format!("{}List", rt.name()), messages::list(&reference("schemas", rt.name())));
    }
    schemas
}

/// A reference to a component.
fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

#[cfg(test)]
mod tests;
