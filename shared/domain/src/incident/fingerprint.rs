//! What makes two failures the same.

use super::Cause;
use crate::{Operation, Outcome};
use muster_scim::{ResourceType, ScimError, ScimType, schema};
use std::fmt;

/// A cause and a place: what was attempted, on what kind of resource, and which attribute stood in the way. Within an account,
/// failures of one fingerprint are one incident. It holds no personal data, because everything in it is a word of ours or of SCIM's
/// schemas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint {
    /// Why.
    pub cause: Cause,
    /// What the client was told (RFC 7644 §3.12).
    pub scim_type: Option<&'static str>,
    /// The attribute the error names.
    pub attribute: Option<String>,
    /// What was attempted: `create`, `replace`, `patch`, `delete`, `read`, or the name of a job.
    pub action: &'static str,
    /// On what: `User`, `Group`; none when the request did not get that far.
    pub resource_type: Option<&'static str>,
}

impl Fingerprint {
    /// The fingerprint of what is no request about a resource: a job that stopped, a key that opens nothing. `action` names it.
    #[must_use]
    pub const fn of_action(cause: Cause, action: &'static str) -> Self {
        Self { cause, scim_type: None, attribute: None, action, resource_type: None }
    }

    /// The fingerprint of an operation that was not carried out; none when nothing is wrong ([`Cause::of`]).
    #[must_use]
    pub fn of(operation: &Operation, outcome: &Outcome) -> Option<Self> {
        let cause = Cause::of(operation, outcome)?;
        let error = outcome.error.as_ref();
        Some(Self {
            cause,
            scim_type: error.and_then(|error| error.scim_type).map(ScimType::as_str),
            attribute: error.and_then(|error| attribute_of(error, operation.resource_type)),
            action: operation.change.as_str(),
            resource_type: Some(operation.resource_type.name()),
        })
    }
}

impl fmt::Display for Fingerprint {
    /// The stored form, `duplicate_user/uniqueness/userName/create/User`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |part: Option<&'static str>| part.unwrap_or("-");
        let attribute = self.attribute.as_deref().unwrap_or("-");
        write!(f, "{}/{}/{attribute}/{}/{}", self.cause.as_str(), or(self.scim_type), self.action, or(self.resource_type))
    }
}

/// The attribute an error begins with (`userName: …`, `emails[1].value must …`, `operation 2: active must …`), if the resource type
/// has one of that name. Whatever else an error begins with is never taken over: it could come from the request.
#[must_use]
pub fn attribute_of(error: &ScimError, resource_type: ResourceType) -> Option<String> {
    let detail = error.detail.strip_prefix("operation ").and_then(|rest| rest.split_once(": ")).map_or(&*error.detail, |(_, rest)| rest);
    let extensions = || schema::extensions(resource_type).iter().map(|extension| extension.schema);
    let detail = extensions().find_map(|schema| detail.strip_prefix(schema.urn)?.strip_prefix(':')).unwrap_or(detail);
    let end = detail.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(detail.len());
    let word = &detail[..end];
    let known = schema::core(resource_type).attribute(word).or_else(|| extensions().find_map(|schema| schema.attribute(word)))?;
    (known.name == word).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attribute_is_what_the_error_begins_with_when_the_schema_has_it() {
        for (detail, attribute) in [
            ("userName: another user signs in as `jdoe`", Some("userName")),
            ("emails[1].value must be text", Some("emails")),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value must be text", Some("manager")),
            ("operation 12: active must be true or false", Some("active")),
            ("userName is required", Some("userName")),
            ("jdoe is already there", None),
            ("the body is not valid JSON", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(attribute_of(&ScimError::invalid_value(detail), ResourceType::User).as_deref(), attribute, "{detail}");
        }
    }

    #[test]
    fn the_stored_form_names_every_part() {
        let print = Fingerprint {
            cause: Cause::DuplicateUser,
            scim_type: Some("uniqueness"),
            attribute: Some("userName".into()),
            action: "create",
            resource_type: Some("User"),
        };
        assert_eq!(print.to_string(), "duplicate_user/uniqueness/userName/create/User");
        let print = Fingerprint::of_action(Cause::WrongKey, "sign_in");
        assert_eq!(print.to_string(), "wrong_key/-/-/sign_in/-");
    }
}
