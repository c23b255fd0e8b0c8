//! Responses and their headers.

use super::reference;
use serde_json::{Map, Value, json};

/// The media types of every answer with a body; the client's `Accept` chooses.
const MEDIA: [&str; 2] = ["application/scim+json", "application/json"];

/// The refusals every request below the SCIM base can meet.
const EVERYWHERE: [&str; 7] = ["400", "401", "414", "429", "431", "500", "503"];

/// A refusal: status, description, headers beside those of every answer.
type Refusal = (&'static str, &'static str, &'static [&'static str]);

const REFUSALS: [Refusal; 16] = [
    ("400", "The request is wrong; `scimType` and `detail` say what and how to mend it.", &[]),
    ("401", "The secret key (of the JSON API: the token) is missing, wrong or no longer valid.", &["WWW-Authenticate"]),
    ("403", "The key is good, and what was asked for is not allowed.", &[]),
    ("404", "There is no such resource in this account, or nothing at this address.", &[]),
    ("405", "The address does not take this method; `Allow` has those it takes.", &["Allow"]),
    ("408", "The body did not arrive in time.", &[]),
    ("409", "Another resource has this value (`scimType` uniqueness).", &[]),
    ("412", "`If-Match` names another version.", &[]),
    ("413", "The body is too large, or lists too much.", &[]),
    ("414", "The address is too long.", &[]),
    ("415", "The body is not JSON in UTF-8, or is compressed.", &[]),
    ("429", "Too much at once for this account, or too many wrong keys from this address.", &["Retry-After"]),
    ("431", "The headers are too large.", &[]),
    ("500", "The service failed; the detail has the request id and nothing else.", &[]),
    ("503", "The service cannot do it now. Nothing was changed.", &["Retry-After"]),
    ("default", "Any other refusal.", &[]),
];

/// The headers that answers have.
pub(super) fn headers() -> Map<String, Value> {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let named = [
        ("X-Request-Id", json!({ "description": "The request, in the service's log.", "schema": { "type": "string", "format": "uuid" } })),
        ("Cache-Control", json!({ "description": "Nothing is to be kept.", "schema": { "const": "no-store" } })),
        ("Allow", text("The methods the address takes.")),
        ("X-Next", text("Where the next page begins, of a list as CSV; missing on the last.")),
        ("ETag", text("The version of the resource.")),
        ("Location", json!({ "description": "Where the new resource is.", "schema": { "type": "string", "format": "uri" } })),
        ("Set-Txn", json!({ "description": "The asynchronous request (RFC 9967).", "schema": { "type": "string", "format": "uuid" } })),
        ("Preference-Applied", json!({ "description": "What was made of Prefer.", "schema": { "const": "respond-async" } })),
        ("Retry-After", json!({ "description": "Seconds to wait before trying again.", "schema": { "type": "integer", "minimum": 1 } })),
        ("WWW-Authenticate", text("How to say who is asking.")),
    ];
    named.into_iter().map(|(name, header)| (name.to_owned(), header)).collect()
}

/// References to the headers every answer has, and to these.
pub(super) fn headers_of(more: &[&str]) -> Map<String, Value> {
    ["X-Request-Id", "Cache-Control"].iter().chain(more).map(|name| ((*name).to_owned(), reference("headers", name))).collect()
}

/// A response with a body.
pub(super) fn with_body(description: &str, schema: &Value, headers: &[&str]) -> Value {
    let content: Map<String, Value> = MEDIA.iter().map(|media| ((*media).to_owned(), json!({ "schema": schema }))).collect();
    json!({ "description": description, "headers": headers_of(headers), "content": content })
}

/// A response without a body.
pub(super) fn without_body(description: &str, headers: &[&str]) -> Value {
    json!({ "description": description, "headers": headers_of(headers) })
}

/// 202, for a client that asked for it (RFC 9967).
pub(super) fn accepted() -> Value {
    without_body("It will be applied; Location is where its end can be asked for.", &["Location", "Preference-Applied", "Set-Txn"])
}

/// Every refusal, as a component.
pub(super) fn refusals() -> Map<String, Value> {
    let error = reference("schemas", "Error");
    REFUSALS.iter().map(|(status, description, headers)| ((*status).to_owned(), with_body(description, &error, headers))).collect()
}

/// The refusals an operation can meet: those of every request, and these.
pub(super) fn refused(more: &[&str]) -> Map<String, Value> {
    EVERYWHERE.iter().chain(more).map(|status| ((*status).to_owned(), reference("responses", status))).collect()
}
