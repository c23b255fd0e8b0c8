//! A resource as a table of attributes.

use muster_scim::Resource;
use serde_json::Value;

/// One line: an attribute, or one element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: String,
}

/// What the page shows in places of their own, or never: `groups`, `members`, and SCIM's bookkeeping.
const ELSEWHERE: [&str; 5] = ["id", "schemas", "meta", "groups", "members"];

/// The attributes of a resource, those of extensions under their last name, elements of lists one by one.
pub(super) fn attributes(resource: &Resource) -> Vec<Attribute> {
    let mut lines = Vec::new();
    for (name, value) in resource.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str())) {
        match value {
            // An extension: its attributes, each for itself.
            Value::Object(extension) if name.starts_with("urn:") => {
                extension.iter().for_each(|(name, value)| add(&mut lines, name, value));
            }
            value => add(&mut lines, name, value),
        }
    }
    lines
}

fn add(lines: &mut Vec<Attribute>, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(elements) => elements.iter().for_each(|element| add(lines, name, element)),
        Value::Object(parts) => match parts.get("value") {
            Some(whole) => {
                let kind = parts.get("type").and_then(Value::as_str).map(|kind| format!(" ({kind})")).unwrap_or_default();
                let primary = if parts.get("primary") == Some(&Value::Bool(true)) { ", primary" } else { "" };
                lines.push(Attribute { name: format!("{name}{kind}"), value: format!("{}{primary}", text(whole)) });
            }
            None => parts.iter().for_each(|(part, value)| add(lines, &format!("{name}.{part}"), value)),
        },
        plain => lines.push(Attribute { name: name.to_owned(), value: text(plain) }),
    }
}

/// A value as people read it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_has_a_line_and_bookkeeping_none() {
        let Value::Object(resource) = json!({
            "id": "1", "schemas": ["x"], "meta": {"version": "1"}, "userName": "ada", "active": false,
            "name": {"familyName": "Lovelace"}, "groups": [{"value": "g"}], "nickName": null,
            "emails": [{"value": "ada@x.test", "type": "work", "primary": true}, {"value": "a@y.test"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "manager": {"value": "7"}}
        }) else {
            panic!("an object")
        };
        let shown = attributes(&resource);
        let has = |name: &str, value: &str| shown.contains(&Attribute { name: name.into(), value: value.into() });
        assert!(has("userName", "ada") && has("active", "no") && has("name.familyName", "Lovelace"), "{shown:?}");
        assert!(
            has("emails (work)", "ada@x.test, primary") && has("emails", "a@y.test") && has("department", "Engines") && has("manager", "7")
        );
        assert_eq!(shown.len(), 7, "{shown:?}");
    }
}
