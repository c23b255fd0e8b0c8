//! What kind of failure a refusal is.

use crate::{refusal::Refusal, route::Endpoint};
use axum::http::Method;
use muster_domain::incident::{Cause, Fingerprint, attribute_of};
use muster_scim::{ResourceType, ScimError, ScimType};

/// The fingerprint of a refusal; none when it is part of the protocol and nothing to tell anybody about.
pub(super) fn fingerprint(method: &Method, endpoint: Option<Endpoint<'_>>, refusal: &Refusal) -> Option<Fingerprint> {
    let resource_type = endpoint.and_then(Endpoint::resource_type);
    let of = |cause, error: Option<&ScimError>| Fingerprint {
        cause,
        scim_type: error.and_then(|error| error.scim_type).map(ScimType::as_str),
        attribute: error.and_then(|error| attribute_of(error, resource_type?)),
        action: action(method, endpoint),
        resource_type: resource_type.map(ResourceType::name),
    };
    match refusal {
        Refusal::Scim(error) => {
            let cause = Cause::of_refusal(error, resource_type.unwrap_or(ResourceType::User));
            is_failure(method, error.status).then(|| of(cause, Some(error)))
        }
        Refusal::MethodNotAllowed { .. } => Some(of(Cause::BadRequest, None)),
        Refusal::Later { status: 503, .. } | Refusal::Unknown { .. } => Some(of(Cause::Unavailable, None)),
        Refusal::Internal { .. } => Some(of(Cause::InternalError, None)),
        // 429 is the protocol's way to say "later"; what is wrong with a key is told elsewhere.
        Refusal::Later { .. } | Refusal::Unauthorized | Refusal::NoToken | Refusal::TooManyWrongKeys { .. } => None,
    }
}

/// Asking for what is not there is how directories find out; writing to it, and deleting it least of all, is not.
fn is_failure(method: &Method, status: u16) -> bool {
    match status {
        404 => matches!(*method, Method::PUT | Method::PATCH | Method::POST),
        400..=403 | 405..=411 | 413.. => status != 501 && status != 429,
        _ => false,
    }
}

fn action(method: &Method, endpoint: Option<Endpoint<'_>>) -> &'static str {
    match *method {
        _ if matches!(endpoint, Some(Endpoint::Search(_))) => "read",
        _ if matches!(endpoint, Some(Endpoint::Bulk)) => "bulk",
        Method::POST => "create",
        Method::PUT => "replace",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn print(method: Method, path: &[&str], refusal: Refusal) -> Option<String> {
        fingerprint(&method, Endpoint::find(path), &refusal).map(|print| print.to_string())
    }

    #[test]
    fn what_a_person_has_to_mend_is_a_failure_and_the_protocol_at_work_is_none() {
        let users = &["Users"][..];
        let bad = || Refusal::Scim(ScimError::invalid_value("active must be true or false, not \"jdoe\""));
        assert_eq!(print(Method::POST, users, bad()).as_deref(), Some("bad_request/invalidValue/active/create/User"));
        let filter = Refusal::Scim(ScimError::invalid_filter("jdoe is no attribute"));
        assert_eq!(print(Method::GET, users, filter).as_deref(), Some("bad_request/invalidFilter/-/read/User"));
        let search = print(Method::POST, &["Users", ".search"], bad());
        assert_eq!(search.as_deref(), Some("bad_request/invalidValue/active/read/User"));
        let later = |status| Refusal::Later { status, retry_after: Duration::ZERO, cause: String::new() };
        assert_eq!(print(Method::POST, users, later(503)).as_deref(), Some("unavailable/-/-/create/User"));
        assert_eq!(print(Method::POST, users, later(429)), None);
        let large = Refusal::Scim(ScimError::payload_too_large("large"));
        assert_eq!(print(Method::PUT, &["Groups", "1"], large).as_deref(), Some("too_large/-/-/replace/Group"));
        let missing = || Refusal::Scim(ScimError::not_found("there is no User with this id"));
        assert_eq!(print(Method::GET, &["Users", "1"], missing()), None);
        assert_eq!(print(Method::DELETE, &["Users", "1"], missing()), None);
        assert_eq!(print(Method::PATCH, &["Users", "1"], missing()).as_deref(), Some("unknown_resource/-/-/patch/User"));
        assert_eq!(print(Method::POST, &["Nowhere"], bad()).as_deref(), Some("bad_request/invalidValue/-/create/-"));
    }
}
