//! A query that comes as a body (RFC 7644 §3.4.3).

use super::Query;
use muster_scim::{ScimError, urn};
use serde_json::{Map, Value};
use std::borrow::Cow;

impl Query<'static> {
    /// Reads a `SearchRequest`. Names of members in any case; members that are not of it are ignored, as in a query string.
    ///
    /// # Errors
    /// 400 `invalidSyntax` when it is not a `SearchRequest`; 400 `invalidValue`, naming a member that is given twice or has the
    /// wrong type.
    pub(crate) fn of_body(body: Value) -> Result<Self, ScimError> {
        let Value::Object(members) = body else {
            return Err(ScimError::invalid_syntax("a search is a JSON object"));
        };
        if !is_search(&members) {
            return Err(ScimError::invalid_syntax(format!("schemas must be [\"{}\"]", urn::SEARCH_REQUEST)));
        }
        let mut query = Self::default();
        for (name, value) in members {
            let Some((slot, name)) = query.slot(&name) else { continue };
            // No value is as good as no member.
            let Some(text) = text(name, value)? else { continue };
            if slot.replace(Cow::Owned(text)).is_some() {
                return Err(ScimError::invalid_value(format!("`{name}` is given more than once")));
            }
        }
        Ok(query)
    }
}

fn is_search(members: &Map<String, Value>) -> bool {
    let schemas = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).and_then(|(_, schemas)| schemas.as_array());
    let is_search = |schema: &Value| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(urn::SEARCH_REQUEST));
    schemas.is_some_and(|schemas| !schemas.is_empty() && schemas.iter().all(is_search))
}

/// The member as it would stand in a query string.
fn text(name: &str, value: Value) -> Result<Option<String>, ScimError> {
    let expected = match (name, value) {
        (_, Value::Null) => return Ok(None),
        ("attributes" | "excludedAttributes", Value::Array(names)) => return list(name, &names).map(Some),
        ("startIndex" | "count", Value::Number(number)) => return Ok(Some(number.to_string())),
        (_, Value::String(text)) => return Ok(Some(text)),
        ("attributes" | "excludedAttributes", _) => "an array of names",
        ("startIndex" | "count", _) => "a whole number",
        _ => "a string",
    };
    Err(ScimError::invalid_value(format!("`{name}` must be {expected}")))
}

fn list(name: &str, names: &[Value]) -> Result<String, ScimError> {
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    names.map(|names| names.join(",")).ok_or_else(|| ScimError::invalid_value(format!("`{name}` must be an array of names")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(mut body: Value) -> Result<Query<'static>, ScimError> {
        if body.get("schemas").is_none() {
            body["schemas"] = json!([urn::SEARCH_REQUEST]);
        }
        Query::of_body(body)
    }

    #[test]
    fn a_search_is_the_query_it_stands_for() {
        let body = json!({
            "Attributes": ["userName", "name.familyName"], "filter": "userName sw \"a&b\"", "SORTBY": "userName", "sortOrder": "descending",
            "startIndex": 3, "count": "2", "cursor": null, "other": {}
        });
        let raw =
            "attributes=userName,name.familyName&filter=userName+sw+%22a%26b%22&sortBy=userName&sortOrder=descending&startIndex=3&count=2";
        assert_eq!(read(body), Query::parse(Some(raw)));
        assert_eq!(read(json!({ "cursor": "" })).unwrap().cursor.as_deref(), Some(""));
        assert_eq!(read(json!({ "count": -1 })).unwrap().count(100, 200), Ok(0));
        assert_eq!(read(json!({ "count": 1e30 })).unwrap().count(100, 200).unwrap_err().status, 400);
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for schemas in [json!([]), json!("x"), json!(null), json!([urn::LIST_RESPONSE]), json!([urn::SEARCH_REQUEST, urn::PATCH_OP])] {
            let refused = read(json!({ "schemas": schemas })).unwrap_err();
            assert!(
                refused.scim_type == Some(muster_scim::ScimType::InvalidSyntax) && refused.detail.contains("SearchRequest"),
                "{schemas}"
            );
        }
        assert!(Query::of_body(json!({ "filter": "id pr" })).is_err() && Query::of_body(json!([])).is_err());
        for (name, value) in
            [("filter", json!(1)), ("attributes", json!({})), ("attributes", json!([1])), ("count", json!(true)), ("cursor", json!([]))]
        {
            let refused = read(json!({ name: value })).unwrap_err();
            assert!(refused.scim_type == Some(muster_scim::ScimType::InvalidValue) && refused.detail.contains(name), "{refused}");
        }
        assert!(read(json!({ "count": 1, "COUNT": 2 })).unwrap_err().detail.contains("count"));
    }
}
