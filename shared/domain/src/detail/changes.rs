//! What differs between a resource and what became of it.

use super::redact::Shown;
use muster_scim::Resource;
use serde_json::Value;

/// One attribute that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeChange {
    /// Its name; `urn:…:User:department` when it is an extension's.
    attribute: String,
    old: Option<Value>,
    new: Option<Value>,
}

/// The attributes that differ, those of extensions one by one.
#[must_use]
pub fn changes(old: &Resource, new: &Resource) -> Vec<AttributeChange> {
    let mut found = Vec::new();
    compare("", old, new, &mut found);
    found
}

fn compare(prefix: &str, old: &Resource, new: &Resource, found: &mut Vec<AttributeChange>) {
    let nothing = Resource::new();
    for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
        let (before, after) = (old.get(name), new.get(name));
        if before == after {
            continue;
        }
        if prefix.is_empty() && name.starts_with("urn:") {
            let part = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned().unwrap_or_else(|| nothing.clone());
            compare(name, &part(before), &part(after), found);
            continue;
        }
        let attribute = if prefix.is_empty() { name.clone() } else { format!("{prefix}:{name}") };
        found.push(AttributeChange { attribute, old: before.cloned(), new: after.cloned() });
    }
}

impl AttributeChange {
    /// Its name.
    #[must_use]
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    pub(super) fn shown(&self, shown: Shown) -> (&str, Value, Value) {
        let name = self.attribute.rsplit(':').next().unwrap_or(&self.attribute);
        let show = |value: &Option<Value>| value.as_ref().map_or(Value::Null, |value| shown.value(name, value));
        (&self.attribute, show(&self.old), show(&self.new))
    }
}
