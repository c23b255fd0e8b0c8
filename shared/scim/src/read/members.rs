//! The members of a group: ids, however a client wraps them.

use super::{At, Coerce, coerce::wrong};
use crate::ScimError;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A member as a canonical group holds it.
pub(super) fn element(id: String) -> Value {
    Value::Object(Map::from_iter([("value".to_owned(), Value::String(id))]))
}

impl Coerce<'_> {
    /// The ids in a list of members, each once, in the order they were sent. Only `value` counts: `$ref`, `display` and the
    /// like are the service's to say.
    pub(crate) fn members(&self, at: &At<'_>, value: Value) -> Result<Vec<String>, ScimError> {
        let values = match value {
            Value::Null => return Ok(Vec::new()),
            Value::Array(values) => values,
            one @ (Value::Object(_) | Value::String(_)) if self.compat.bare_elements => vec![one],
            other => return Err(wrong(at, "a list", &other)),
        };
        let most = self.limits.members_per_operation;
        if values.len() > most {
            return Err(ScimError::payload_too_large(format!("{at} names {} members; send at most {most} at once", values.len())));
        }
        let mut ids = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            ids.push(self.member(&at.index(index), value)?);
        }
        Ok(unique(ids))
    }

    fn member(&self, at: &At<'_>, value: Value) -> Result<String, ScimError> {
        let members = match value {
            Value::Object(members) => members,
            Value::String(id) if self.compat.bare_elements && !id.is_empty() => return Ok(id),
            other => return Err(wrong(at, "an object with the member's id as its \"value\"", &other)),
        };
        let value = members.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("value")).map(|(_, value)| value);
        match value {
            Some(Value::String(id)) if !id.is_empty() => Ok(id),
            None | Some(Value::Null | Value::String(_)) => {
                Err(ScimError::invalid_value(format!("{at}.value is required: the id of the member")))
            }
            Some(other) => Err(wrong(&at.sub("value"), "a string", &other)),
        }
    }
}

fn unique(ids: Vec<String>) -> Vec<String> {
    if ids.len() < 2 {
        return ids;
    }
    let mut seen = HashSet::with_capacity(ids.len());
    let first: Vec<bool> = ids.iter().map(|id| seen.insert(id.as_str())).collect();
    drop(seen);
    let mut first = first.into_iter();
    let mut ids = ids;
    ids.retain(|_| first.next().unwrap_or(true));
    ids
}
