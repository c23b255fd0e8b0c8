//! The messages of RFC 7644 and the documents of RFC 7643 sections 5 to 7, as JSON Schema.

use super::reference;
use crate::settings::GatewaySettings;
use muster_scim::{ScimType, json_schema, schema, urn};
use serde_json::{Map, Value, json};

/// Everything that is not a resource.
pub(super) fn all(settings: &GatewaySettings) -> Map<String, Value> {
    let named = [
        ("Error", error()),
        ("PatchOp", patch_op(settings)),
        ("SearchRequest", search_request(settings)),
        ("BulkRequest", bulk_request(settings)),
        ("BulkResponse", bulk_response()),
        ("SecurityEvent", security_event()),
        ("SecurityEventList", list(&reference("schemas", "SecurityEvent"))),
        ("ServiceProviderConfig", service_provider_config()),
        ("ResourceType", resource_type()),
        ("ResourceTypeList", list(&reference("schemas", "ResourceType"))),
        ("Schema", schema_document()),
        ("SchemaAttribute", schema_attribute()),
        ("SchemaList", list(&reference("schemas", "Schema"))),
    ];
    named.into_iter().map(|(name, message)| (name.to_owned(), message)).collect()
}

/// The answer to a query (RFC 7644 §3.4.2, RFC 9865 §2.1). By cursor, the total is left out where it is not known.
pub(super) fn list(element: &Value) -> Value {
    let number = json!({ "type": "integer", "minimum": 0 });
    closed(
        json!({
            "schemas": { "const": [urn::LIST_RESPONSE] },
            "totalResults": number,
            "startIndex": { "type": "integer", "minimum": 1 },
            "itemsPerPage": number,
            "nextCursor": { "type": "string", "description": "Where the next page begins, when there is one; by cursor only." },
            "previousCursor": { "type": "string", "description": "Where the page before begins, when there is one; by cursor only." },
            "Resources": { "type": "array", "items": element }
        }),
        &["schemas", "itemsPerPage", "Resources"],
    )
}

fn closed(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn error() -> Value {
    let types: Vec<&str> = ScimType::ALL.into_iter().map(ScimType::as_str).collect();
    closed(
        json!({
            "schemas": { "const": [urn::ERROR] },
            "status": { "type": "string", "pattern": "^[45][0-9][0-9]$", "description": "The HTTP status, as a string." },
            "scimType": { "enum": types },
            "detail": { "type": "string", "description": "What is wrong, and how to mend it." }
        }),
        &["schemas", "status", "detail"],
    )
}

fn patch_op(settings: &GatewaySettings) -> Value {
    let limits = &settings.scim;
    let words: String = ["add", "replace", "remove"].map(any_case).join("|");
    let operation = json!({
        "type": "object",
        "properties": {
            "op": { "type": "string", "pattern": format!("^({words})$"), "description": "add, replace or remove, in any case." },
            "path": {
                "type": ["string", "null"],
                "maxLength": limits.filter_bytes,
                "description": "What to change, such as name.familyName or emails[type eq \"work\"].value; none when value says it."
            },
            "value": { "description": "What to put there. Required but for remove." }
        },
        "required": ["op"]
    });
    json!({
        "type": "object",
        "description": "Changes to a resource, all or none of which apply (RFC 7644 section 3.5.2).",
        "properties": {
            "schemas": { "type": "array", "items": json_schema::text(limits), "description": format!("[\"{}\"]", urn::PATCH_OP) },
            "Operations": { "type": "array", "items": operation, "maxItems": limits.patch_operations }
        },
        "required": ["Operations"]
    })
}

/// Many writes in one request (RFC 7644 §3.7).
fn bulk_request(settings: &GatewaySettings) -> Value {
    let limits = &settings.scim;
    let text = json_schema::text(limits);
    let operation = json!({
        "type": "object",
        "properties": {
            "method": { "type": "string", "description": "POST, PUT, PATCH or DELETE." },
            "path": { "type": "string", "description": "/Users for a new resource, /Users/{id} otherwise." },
            "bulkId": text,
            "version": text,
            "data": { "description": "The body of the request it stands for." }
        },
        "required": ["method", "path"]
    });
    json!({
        "type": "object",
        "properties": {
            "schemas": { "type": "array", "items": text },
            "failOnErrors": { "type": "integer", "minimum": 1, "description": "How many errors end it." },
            "Operations": { "type": "array", "items": operation, "maxItems": limits.bulk_operations }
        },
        "required": ["Operations"]
    })
}

fn bulk_response() -> Value {
    let operation = closed(
        json!({
            "method": { "type": "string" },
            "bulkId": { "type": "string" },
            "version": { "type": "string" },
            "location": { "type": "string", "format": "uri" },
            "status": { "type": "string", "pattern": "^[1-5][0-9][0-9]$" },
            "response": reference("schemas", "Error")
        }),
        &["method", "status"],
    );
    closed(
        json!({ "schemas": { "const": [urn::BULK_RESPONSE] }, "Operations": { "type": "array", "items": operation } }),
        &["schemas", "Operations"],
    )
}

/// How an asynchronous request ended (RFC 9967, RFC 8417).
fn security_event() -> Value {
    let text = json!({ "type": "string" });
    let event = closed(
        json!({ "method": text, "bulkId": text, "version": text, "status": text, "response": reference("schemas", "Error") }),
        &["method", "status"],
    );
    closed(
        json!({
            "iss": text,
            "aud": text,
            "iat": { "type": "integer" },
            "jti": text,
            "txn": text,
            "sub_id": closed(json!({ "format": { "const": "scim" }, "uri": text }), &["format", "uri"]),
            "events": closed(json!({ (urn::ASYNC_RESPONSE_EVENT): event }), &[urn::ASYNC_RESPONSE_EVENT])
        }),
        &["iss", "aud", "iat", "jti", "txn", "events"],
    )
}

/// A query that comes as a body (RFC 7644 §3.4.3).
fn search_request(settings: &GatewaySettings) -> Value {
    let limits = &settings.scim;
    let text = json!({ "type": ["string", "null"], "maxLength": limits.string_bytes });
    let names = json!({ "anyOf": [text, { "type": "array", "items": json_schema::text(limits) }] });
    let number = json!({ "anyOf": [{ "type": ["integer", "null"] }, { "type": "string", "pattern": "^[+-]?[0-9]+$" }] });
    json!({
        "type": "object",
        "properties": {
            "schemas": { "type": "array", "items": { "enum": [urn::SEARCH_REQUEST] }, "minItems": 1 },
            "filter": { "type": ["string", "null"], "maxLength": limits.filter_bytes },
            "sortBy": text,
            "sortOrder": { "enum": ["ascending", "descending", null] },
            "startIndex": number,
            "count": number,
            "cursor": text,
            "attributes": names,
            "excludedAttributes": names
        },
        "required": ["schemas"]
    })
}

/// A pattern for a word in any case.
fn any_case(word: &str) -> String {
    word.chars().map(|c| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())).collect()
}

fn meta(kind: &str) -> Value {
    closed(json!({ "resourceType": { "const": kind }, "location": { "type": "string", "format": "uri" } }), &["resourceType", "location"])
}

/// It may say more than a client of this version knows: new capabilities are new members.
fn service_provider_config() -> Value {
    let supported = json!({ "type": "object", "properties": { "supported": { "type": "boolean" } }, "required": ["supported"] });
    let number = json!({ "type": "integer", "minimum": 0 });
    let with = |numbers: &[&str]| {
        let mut described = supported.clone();
        for name in numbers {
            described["properties"][*name] = number.clone();
        }
        described["required"] = std::iter::once("supported").chain(numbers.iter().copied()).collect();
        described
    };
    let pagination = json!({
        "type": "object",
        "properties": {
            "cursor": { "type": "boolean" },
            "index": { "type": "boolean" },
            "defaultPaginationMethod": { "enum": ["cursor", "index"] },
            "defaultPageSize": number,
            "maxPageSize": number,
            "cursorTimeout": number
        },
        "required": ["cursor", "index"]
    });
    let scheme = json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" },
            "name": { "type": "string" },
            "description": { "type": "string" },
            "specUri": { "type": "string", "format": "uri" },
            "primary": { "type": "boolean" }
        },
        "required": ["type", "name", "description"]
    });
    json!({
        "type": "object",
        "properties": {
            "schemas": { "const": [urn::SERVICE_PROVIDER_CONFIG] },
            "patch": supported,
            "bulk": with(&["maxOperations", "maxPayloadSize"]),
            "filter": with(&["maxResults"]),
            "changePassword": supported,
            "sort": supported,
            "etag": supported,
            "pagination": pagination,
            "authenticationSchemes": { "type": "array", "items": scheme },
            "meta": meta("ServiceProviderConfig")
        },
        "required": ["schemas", "patch", "bulk", "filter", "changePassword", "sort", "etag", "authenticationSchemes", "meta"]
    })
}

fn resource_type() -> Value {
    let text = json!({ "type": "string" });
    let extension = closed(json!({ "schema": text, "required": { "type": "boolean" } }), &["schema", "required"]);
    closed(
        json!({
            "schemas": { "const": [urn::RESOURCE_TYPE] },
            "id": text,
            "name": text,
            "endpoint": { "type": "string", "pattern": "^/" },
            "description": text,
            "schema": text,
            "schemaExtensions": { "type": "array", "items": extension },
            "meta": meta("ResourceType")
        }),
        &["schemas", "id", "name", "endpoint", "schema", "schemaExtensions", "meta"],
    )
}

fn schema_document() -> Value {
    let text = json!({ "type": "string" });
    closed(
        json!({
            "schemas": { "const": [urn::SCHEMA] },
            "id": text,
            "name": text,
            "description": text,
            "attributes": { "type": "array", "items": reference("schemas", "SchemaAttribute") },
            "meta": meta("Schema")
        }),
        &["schemas", "id", "name", "description", "attributes", "meta"],
    )
}

fn schema_attribute() -> Value {
    let words = |words: Vec<&'static str>| json!({ "enum": words });
    let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
    let texts = json!({ "type": "array", "items": text });
    closed(
        json!({
            "name": text,
            "type": words(schema::Kind::ALL.map(schema::Kind::as_str).to_vec()),
            "multiValued": flag,
            "description": text,
            "required": flag,
            "caseExact": flag,
            "mutability": words(schema::Mutability::ALL.map(schema::Mutability::as_str).to_vec()),
            "returned": words(schema::Returned::ALL.map(schema::Returned::as_str).to_vec()),
            "uniqueness": words(schema::Uniqueness::ALL.map(schema::Uniqueness::as_str).to_vec()),
            "canonicalValues": texts,
            "referenceTypes": texts,
            "subAttributes": { "type": "array", "items": reference("schemas", "SchemaAttribute") }
        }),
        &["name", "type", "multiValued", "description", "required", "mutability", "returned", "uniqueness"],
    )
}
