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
    let text = || json!({ "type": "string" });
    let mut id = parameter("path", "id", "The id of the resource.", json!({ "type": "string", "minLength": 1 }));
    id.1["required"] = true.into();
    let filter_schema = json!({ "type": "string", "maxLength": settings.scim.filter_bytes });
    let mut filter = parameter("query", "filter", "What a resource must satisfy (RFC 7644 section 3.4.2.2).", filter_schema);
    filter.1["examples"] = json!({
        "byUserName": { "value": "userName eq \"ada@example.com\"" },
        "byValue": { "value": "emails[type eq \"work\" and value co \"@example.com\"]" }
    });
    let start = parameter(
        "query",
        "startIndex",
        "Which resource comes first, counted from 1; anything less is 1.",
        json!({ "type": "integer", "default": 1 }),
    );
    let most = format!("How many resources come at most; {} are the most, less than 0 is 0.", limits.page_max);
    let count = parameter("query", "count", &most, json!({ "type": "integer", "default": limits.page_default }));
    let sort_by = parameter("query", "sortBy", "The attribute that orders the list (RFC 7644 section 3.4.2.3).", text());
    let order = json!({ "type": "string", "enum": ["ascending", "descending"] });
    let sort_order = parameter("query", "sortOrder", "In any case; without it, ascending.", order);
    let cursor = "Where the page begins: empty for the first one, then what the page before said (RFC 9865). Not together with \
        startIndex; every other parameter stays as it was on the first page.";
    let mut cursor = parameter("query", "cursor", cursor, text());
    cursor.1["allowEmptyValue"] = true.into();
    let attributes = "The attributes to show, separated by commas; not together with excludedAttributes (RFC 7644 section 3.9).";
    let excluded = "The attributes not to show, separated by commas; not together with attributes.";
    let prefer = "respond-async, or respond-async, wait=N: to be answered with 202 before it is applied (RFC 9967).";
    let if_match = "The versions the write is meant for, as ETags; another version is answered with 412.";
    let if_none_match = "The versions the client has, as ETags; one of them is answered with 304.";
    Map::from_iter([
        id,
        filter,
        example(sort_by, "meta.created"),
        sort_order,
        example(cursor, ""),
        start,
        count,
        example(parameter("query", "attributes", attributes, text()), "userName,name.givenName"),
        example(parameter("query", "excludedAttributes", excluded, text()), "members"),
        parameter("header", "Prefer", prefer, text()),
        example(parameter("header", "If-Match", if_match, text()), "W/\"1\""),
        example(parameter("header", "If-None-Match", if_none_match, text()), "W/\"1\""),
    ])
}

/// A parameter under its name.
fn parameter(place: &str, name: &str, description: &str, schema: Value) -> (String, Value) {
    (name.to_owned(), json!({ "name": name, "in": place, "description": description, "schema": schema }))
}

fn example(mut parameter: (String, Value), example: &str) -> (String, Value) {
    parameter.1["example"] = example.into();
    parameter
}

/// References to parameters.
pub(super) fn references(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| reference("parameters", name)).collect()
}
