//! Refusals, in the form RFC 7644 §3.12 gives them.

use crate::urn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Why a request was refused, as a client's program reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ScimType {
    /// The filter cannot be read, or compares what cannot be compared.
    InvalidFilter,
    /// The filter matches more than the service is willing to return.
    TooMany,
    /// Another resource already has this value.
    Uniqueness,
    /// The attribute may not be changed that way.
    Mutability,
    /// The body is not what the operation takes.
    InvalidSyntax,
    /// The path of a PATCH operation cannot be read or names nothing.
    InvalidPath,
    /// The path of a PATCH operation matches nothing that could be changed.
    NoTarget,
    /// A value is missing or has the wrong type.
    InvalidValue,
    /// The SCIM version is not supported.
    InvalidVers,
    /// The request may not be made with a URI that carries personal data.
    Sensitive,
    /// The cursor is not one of ours (RFC 9865).
    InvalidCursor,
    /// The cursor is too old (RFC 9865).
    ExpiredCursor,
    /// The page size is not one a cursor allows (RFC 9865).
    InvalidCount,
}

impl ScimType {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::Sensitive,
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::InvalidCount,
    ];

    /// The word in the answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

impl fmt::Display for ScimType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal: what the client did, why that cannot be, and where possible how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The reason, for programs; only some statuses have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<ScimType>,
    /// The reason, for people.
    pub detail: String,
}

impl ScimError {
    /// Any status without a `scimType`.
    #[must_use]
    pub fn status(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// 400: the request is wrong.
    #[must_use]
    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// 400 `invalidValue`: a value is missing or has the wrong type.
    #[must_use]
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidValue, detail)
    }

    /// 400 `invalidSyntax`: the body is not what the operation takes.
    #[must_use]
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidSyntax, detail)
    }

    /// 400 `invalidFilter`.
    #[must_use]
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidFilter, detail)
    }

    /// 400 `invalidPath`.
    #[must_use]
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidPath, detail)
    }

    /// 400 `mutability`: the attribute is not the client's to change.
    #[must_use]
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::Mutability, detail)
    }

    /// 400 `noTarget`: the operation has nothing it could change.
    #[must_use]
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::NoTarget, detail)
    }

    /// 401: no secret key, or not a valid one.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::status(401, detail)
    }

    /// 403: the key is good, the request is not allowed.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::status(403, detail)
    }

    /// 404: there is no such resource.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::status(404, detail)
    }

    /// 409 `uniqueness`: another resource has this value.
    #[must_use]
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some(ScimType::Uniqueness), detail: detail.into() }
    }

    /// 412: the resource has another version than the client expects.
    #[must_use]
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::status(412, detail)
    }

    /// 413: more than one request may carry.
    #[must_use]
    pub fn payload_too_large(detail: impl Into<String>) -> Self {
        Self::status(413, detail)
    }

    /// 429: too much at once; try again later.
    #[must_use]
    pub fn too_many_requests(detail: impl Into<String>) -> Self {
        Self::status(429, detail)
    }

    /// 500: the service failed, and not for the client's fault.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::status(500, detail)
    }

    /// 503: the service cannot do it now; try again later.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::status(503, detail)
    }

    /// The error as a client reads it. `status` is a string there: clients that parse it as RFC 7644 shows it depend on that.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({ "schemas": [urn::ERROR], "status": self.status.to_string(), "detail": self.detail });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = Value::from(scim_type.as_str());
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_string_and_the_type_is_camel_case() {
        let body = ScimError::invalid_filter("no").body();
        assert_eq!(body, json!({ "schemas": [urn::ERROR], "status": "400", "scimType": "invalidFilter", "detail": "no" }));
    }

    #[test]
    fn an_error_without_a_type_has_no_such_member() {
        assert_eq!(ScimError::not_found("gone").body(), json!({ "schemas": [urn::ERROR], "status": "404", "detail": "gone" }));
    }

    #[test]
    fn an_error_survives_the_queue() {
        let error = ScimError::uniqueness("taken");
        let text = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<ScimError>(&text).unwrap(), error);
        assert!(text.contains("\"uniqueness\""));
    }
}
