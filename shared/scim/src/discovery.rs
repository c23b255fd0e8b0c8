//! The documents that tell a client what this service can do (RFC 7643 §5 to §7), written from the attribute tables.
//!
//! Known clients trip over an `id` or `password` in the User schema, an `emails.display`, a missing description and a null; the
//! tables mark what to leave out, and nothing here is ever null.

use crate::schema::{self, Attribute, Kind, Registry, Schema, extensions};
use crate::{Limits, ResourceType, urn};
use serde_json::{Map, Value, json};

/// The most resources one page holds.
pub const MAX_RESULTS: u64 = 200;
/// How many resources a page holds when the client does not say.
pub const DEFAULT_RESULTS: u64 = 100;
/// How long a cursor can be used, seconds.
pub const CURSOR_TIMEOUT_SECONDS: u64 = 3_600;

/// What the service supports, and how clients prove who they are.
#[must_use]
pub fn service_provider_config(base: &str, limits: &Limits) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": limits.bulk_operations, "maxPayloadSize": limits.bulk_bytes },
        "filter": { "supported": true, "maxResults": MAX_RESULTS },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        // RFC 9865 §4. Numbers stay the default: clients that know no cursors must not meet one.
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_RESULTS,
            "maxPageSize": MAX_RESULTS,
            "cursorTimeout": CURSOR_TIMEOUT_SECONDS
        },
        // RFC 9967: only when a client asks for it, never at our discretion.
        "securityEvents": { "asyncRequest": "request", "eventUris": [urn::ASYNC_RESPONSE_EVENT] },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Secret key",
            "description": "The secret key of Setup SCIM, sent as a bearer token.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true
        }],
        "meta": meta("ServiceProviderConfig", base, "/ServiceProviderConfig")
    })
}

/// The resource types.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    ResourceType::all().iter().map(|rt| resource_type(*rt, base)).collect()
}

/// One resource type by its name, if there is such a one.
#[must_use]
pub fn resource_type_named(name: &str, base: &str) -> Option<Value> {
    ResourceType::named(name).map(|rt| resource_type(rt, base))
}

/// The schemas.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    described_by(Registry::global(), base)
}

/// The schemas of a registry.
pub(crate) fn described_by(registry: &Registry, base: &str) -> Vec<Value> {
    registry.schemas().iter().map(|schema| document(schema, base)).collect()
}

/// One schema by its URN in any case, if there is such a one.
#[must_use]
pub fn schema_named(urn: &str, base: &str) -> Option<Value> {
    Registry::global().schemas().iter().find(|schema| schema.urn.eq_ignore_ascii_case(urn)).map(|schema| document(schema, base))
}

fn resource_type(rt: ResourceType, base: &str) -> Value {
    let extensions: Vec<Value> = extensions(rt).iter().map(|one| json!({ "schema": one.schema.urn, "required": one.required })).collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": rt.name(),
        "name": rt.name(),
        "endpoint": rt.endpoint(),
        "description": description(rt),
        "schema": rt.schema(),
        "schemaExtensions": extensions,
        "meta": meta("ResourceType", base, &format!("/ResourceTypes/{}", rt.name()))
    })
}

/// What a type is, for people.
#[must_use]
pub const fn description(rt: ResourceType) -> &'static str {
    match rt {
        ResourceType::User => schema::USER.description,
        ResourceType::Group => schema::GROUP.description,
        ResourceType::Custom(custom) => custom.description,
    }
}

fn document(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": described(schema.attributes),
        "meta": meta("Schema", base, &format!("/Schemas/{}", schema.urn))
    })
}

fn meta(kind: &str, base: &str, path: &str) -> Value {
    let location = [base.trim_end_matches('/'), path].concat();
    json!({ "resourceType": kind, "location": location })
}

fn described(attributes: &[Attribute]) -> Vec<Value> {
    attributes.iter().filter(|attribute| !attribute.undocumented).map(describe).collect()
}

fn describe(attribute: &Attribute) -> Value {
    let mut document = Map::new();
    let mut say = |name: &str, value: Value| document.insert(name.to_owned(), value);
    say("name", attribute.name.into());
    say("type", attribute.kind.as_str().into());
    say("multiValued", attribute.multi_valued.into());
    say("description", attribute.description.into());
    say("required", attribute.required.into());
    if !matches!(attribute.kind, Kind::Boolean | Kind::Complex) {
        say("caseExact", attribute.case_exact.into());
    }
    say("mutability", attribute.mutability.as_str().into());
    say("returned", attribute.returned.as_str().into());
    say("uniqueness", attribute.uniqueness.as_str().into());
    if !attribute.canonical_values.is_empty() {
        say("canonicalValues", attribute.canonical_values.into());
    }
    if !attribute.reference_types.is_empty() {
        say("referenceTypes", attribute.reference_types.into());
    }
    if attribute.kind == Kind::Complex {
        say("subAttributes", described(attribute.sub_attributes).into());
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests;
