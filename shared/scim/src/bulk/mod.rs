//! Bulk requests (RFC 7644 §3.7): reading the frame, and putting ids in the place of `bulkId`s.
//!
//! What the operations carry is read like any other request, by [`read_resource`](crate::read_resource) and
//! [`patch::read`](crate::patch::read); here is only what a bulk adds. A request whose frame is wrong is refused as a whole and
//! changes nothing; an operation that is wrong fails alone.

mod refer;

pub use refer::{References, resolve};

use crate::{Limits, ScimError, etag::TagList};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// How much deeper a bulk nests than the requests in it: the request, its list, the operation.
pub const FRAME_DEPTH: usize = 3;

/// A bulk request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRequest {
    /// After so many errors nothing more is applied; none means everything is tried.
    pub fail_on_errors: Option<u32>,
    /// The operations, in order.
    pub operations: Vec<BulkOperation>,
}

/// One operation of a bulk request. What of it is wrong is known only when it is its turn, hence no check of method and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkOperation {
    /// The method in upper case; empty when there is none.
    pub method: String,
    /// Where to, below the SCIM base; empty when it does not say.
    pub path: String,
    /// What other operations may call what this one makes.
    pub bulk_id: Option<String>,
    /// The versions it expects (`If-Match`); none means any.
    pub versions: Option<Vec<i64>>,
    /// The body of the request; none when there is none.
    pub data: Option<Value>,
}

/// Reads a bulk request.
///
/// # Errors
/// 400 `invalidSyntax` or `invalidValue` when it is not a bulk request or two operations have one `bulkId`; 413 when it has more
/// than [`Limits::bulk_operations`] operations.
pub fn read(body: Value, limits: &Limits) -> Result<BulkRequest, ScimError> {
    let Value::Object(body) = body else { return Err(ScimError::invalid_syntax("a bulk request is a JSON object")) };
    let mut request = BulkRequest { fail_on_errors: None, operations: Vec::new() };
    let mut listed = None;
    for (name, value) in body {
        if name.eq_ignore_ascii_case("failOnErrors") {
            request.fail_on_errors = fail_on_errors(&value)?;
        } else if name.eq_ignore_ascii_case("Operations") {
            listed = Some(value);
        }
    }
    let Some(Value::Array(listed)) = listed else {
        return Err(ScimError::invalid_syntax("Operations is required: the list of the operations of the bulk request"));
    };
    let most = limits.bulk_operations;
    if listed.len() > most {
        return Err(ScimError::payload_too_large(format!("the bulk request has {} operations; send at most {most} at once", listed.len())));
    }
    let mut seen = HashSet::new();
    for (index, operation) in listed.into_iter().enumerate() {
        let Value::Object(members) = operation else {
            return Err(ScimError::invalid_syntax(format!("operation {} is not a JSON object", index + 1)));
        };
        let operation =
            one(members).map_err(|error| ScimError { detail: format!("operation {}: {}", index + 1, error.detail), ..error })?;
        if let Some(id) = &operation.bulk_id
            && !seen.insert(id.clone())
        {
            let detail = format!("operation {}: another operation has the bulkId {id:?} already; give each its own", index + 1);
            return Err(ScimError::invalid_value(detail));
        }
        request.operations.push(operation);
    }
    Ok(request)
}

fn one(members: Map<String, Value>) -> Result<BulkOperation, ScimError> {
    let mut operation = BulkOperation { method: String::new(), path: String::new(), bulk_id: None, versions: None, data: None };
    for (name, value) in members {
        if value.is_null() {
            continue;
        }
        if name.eq_ignore_ascii_case("data") {
            operation.data = Some(value);
        } else if name.eq_ignore_ascii_case("method") {
            operation.method = text("method", value)?.to_uppercase();
        } else if name.eq_ignore_ascii_case("path") {
            operation.path = text("path", value)?;
        } else if name.eq_ignore_ascii_case("bulkId") {
            operation.bulk_id = Some(text("bulkId", value)?).filter(|id| !id.is_empty());
        } else if name.eq_ignore_ascii_case("version") {
            let tags = text("version", value)?;
            operation.versions = if tags.is_empty() { None } else { TagList::parse(&tags).into_versions() };
        }
    }
    Ok(operation)
}

fn text(name: &str, value: Value) -> Result<String, ScimError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(ScimError::invalid_value(format!("{name} must be a string"))),
    }
}

fn fail_on_errors(value: &Value) -> Result<Option<u32>, ScimError> {
    match value.as_u64().and_then(|most| u32::try_from(most).ok()) {
        _ if value.is_null() => Ok(None),
        Some(most) if most > 0 => Ok(Some(most)),
        _ => Err(ScimError::invalid_value("failOnErrors must be a whole number from 1 on: after how many errors to stop")),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
