//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use crate::{context::Context, path::decode_name, refusal::Refusal, reply, settings::GatewaySettings};
use axum::{http::StatusCode, response::Response};
use muster_scim::{ScimError, discovery, list_response};
use serde_json::Value;

/// What a client may ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    ServiceProviderConfig,
    ResourceTypes,
    Schemas,
}

/// The document, or the list of documents. RFC 7644 §4: a filter here is answered with 403, because clients could not tell an
/// ignored filter from one that matched.
pub(crate) fn all(
    subject: Subject,
    filtered: bool,
    base_url: &str,
    settings: &GatewaySettings,
    context: &Context,
) -> Result<Response, Refusal> {
    if filtered {
        return Err(ScimError::forbidden("discovery cannot be filtered").into());
    }
    let body = match subject {
        Subject::ServiceProviderConfig => provider_config(base_url, settings, context),
        Subject::ResourceTypes => list(discovery::resource_types(base_url)),
        Subject::Schemas => list(discovery::schemas(base_url)),
    };
    Ok(reply::json(StatusCode::OK, &body, context))
}

/// RFC 9967 reads a missing `securityEvents` as "not supported", which is all that a client needs to know that cannot read it.
fn provider_config(base_url: &str, settings: &GatewaySettings, context: &Context) -> Value {
    let mut document = discovery::service_provider_config(base_url, &settings.scim);
    if settings.compat.closed_discovery
        && context.reads_closed
        && let Some(members) = document.as_object_mut()
    {
        members.remove("securityEvents");
    }
    document
}

/// One of a list, by the name in its address.
pub(crate) fn one(subject: Subject, name: &str, base_url: &str, context: &Context) -> Result<Response, Refusal> {
    let name = decode_name(name).unwrap_or_default();
    let found = match subject {
        Subject::ServiceProviderConfig => None,
        Subject::ResourceTypes => discovery::resource_type_named(&name, base_url),
        Subject::Schemas => discovery::schema_named(&name, base_url),
    };
    match found {
        Some(document) => Ok(reply::json(StatusCode::OK, &document, context)),
        None => Err(ScimError::not_found("there is no such schema or resource type").into()),
    }
}

fn list(documents: Vec<Value>) -> Value {
    list_response(documents.len() as u64, 1, documents)
}
