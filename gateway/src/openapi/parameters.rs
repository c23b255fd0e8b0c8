//! Parameters: of the query, of the address, of the headers.

use super::reference;
use crate::settings::GatewaySettings;
use serde_json::{Map, Value, json};

/// What a projection is asked for with.
pub(super) const PROJECTION: [&str; 2] = ["attributes", "excludedAttributes"];
/// What a list is asked for with.
pub(super) const LIST: [&str; 8] = ["filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes"];

/// The parameters that are used in more than one place.
pub(super) fn all(settings: &GatewaySettings) -> Map<String, Value> {
    let limits = &settings.limits;
    let id = json!({
        "name": "id", "in": "path", "required": true, "description": "The id of the resource.", "schema": { "type": "string", "minLength": 1 }
    });
    let filter = json!({
        "name": "filter",
        "in": "query",
        "description": "What a resource must satisfy (RFC 7644 section 3.4.2.2).",
        "schema": { "type": "string", "maxLength": settings.scim.filter_bytes },
        "examples": {
            "byUserName": { "value": "userName eq \"ada@example.com\"" },
            "byValue": { "value": "emails[type eq \"work\" and value co \"@example.com\"]" }
        }
    });
    let start = json!({
        "name": "startIndex",
        "in": "query",
        "description": "Which resource comes first, counted from 1; anything less is 1.",
        "schema": { "type": "integer", "default": 1 }
    });
    let count = json!({
        "name": "count",
        "in": "query",
        "description": format!("How many resources come at most; {} are the most, less than 0 is 0.", limits.page_max),
        "schema": { "type": "integer", "default": limits.page_default }
    });
    let sort_by = json!({
        "name": "sortBy",
        "in": "query",
        "description": "The attribute that orders the list (RFC 7644 section 3.4.2.3).",
        "schema": { "type": "string" },
        "example": "meta.created"
    });
    let sort_order = json!({
        "name": "sortOrder",
        "in": "query",
        "description": "In any case; without it, ascending.",
        "schema": { "type": "string", "enum": ["ascending", "descending"] }
    });
    let cursor = json!({
        "name": "cursor",
        "in": "query",
        "description": "Where the page begins: empty for the first one, then what the page before said (RFC 9865). Not together with \
            startIndex; every other parameter stays as it was on the first page.",
        "allowEmptyValue": true,
        "schema": { "type": "string" },
        "example": ""
    });
    let attributes = json!({
        "name": "attributes",
        "in": "query",
        "description": "The attributes to show, separated by commas; not together with excludedAttributes (RFC 7644 section 3.9).",
        "schema": { "type": "string" },
        "example": "userName,name.givenName"
    });
    let excluded = json!({
        "name": "excludedAttributes",
        "in": "query",
        "description": "The attributes not to show, separated by commas; not together with attributes.",
        "schema": { "type": "string" },
        "example": "members"
    });
    let prefer = json!({
        "name": "Prefer",
        "in": "header",
        "description": "respond-async, or respond-async, wait=N: to be answered with 202 before it is applied (RFC 9967).",
        "schema": { "type": "string" }
    });
    let if_match = json!({
        "name": "If-Match",
        "in": "header",
        "description": "The versions the write is meant for, as ETags; another version is answered with 412.",
        "schema": { "type": "string" },
        "example": "W/\"1\""
    });
    let if_none_match = json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The versions the client has, as ETags; one of them is answered with 304.",
        "schema": { "type": "string" },
        "example": "W/\"1\""
    });
    let named = [
        ("id", id),
        ("filter", filter),
        ("sortBy", sort_by),
        ("sortOrder", sort_order),
        ("cursor", cursor),
        ("startIndex", start),
        ("count", count),
        ("attributes", attributes),
        ("excludedAttributes", excluded),
        ("Prefer", prefer),
        ("If-Match", if_match),
        ("If-None-Match", if_none_match),
    ];
    named.into_iter().map(|(name, parameter)| (name.to_owned(), parameter)).collect()
}

/// References to parameters.
pub(super) fn references(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| reference("parameters", name)).collect()
}
