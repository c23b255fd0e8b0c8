//! A resource type that an installation adds.

use super::{Attribute, COMMON, Extension, Schema, Uniqueness, registry::Entry};
use crate::{Resource, fold};
use serde_json::Value;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A resource type of this installation (RFC 7643 §6). There is one for each name, so the name is its identity.
#[derive(Debug)]
pub struct CustomType {
    /// Its name, as in `meta.resourceType`.
    pub name: &'static str,
    /// Where its resources live, below the SCIM base: a slash and one segment.
    pub endpoint: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Its core schema.
    pub schema: &'static Schema,
    pub(super) entry: Entry,
}

static NO_SCHEMA: Schema = Schema { urn: "", name: "", description: "", attributes: &[] };

static UNKNOWN: CustomType =
    CustomType { name: "?", endpoint: "/?", description: "Not configured here.", schema: &NO_SCHEMA, entry: Entry::EMPTY };

impl CustomType {
    /// What a type becomes that this process does not know. No configured type has its name.
    #[must_use]
    pub fn unknown() -> &'static Self {
        &UNKNOWN
    }

    pub(super) fn new(
        name: &'static str,
        endpoint: &'static str,
        description: &'static str,
        schema: &'static Schema,
        extensions: Vec<Extension>,
    ) -> Self {
        Self { name, endpoint, description, schema, entry: Entry::of(schema, extensions) }
    }

    /// Whether this process knows it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.name != UNKNOWN.name
    }

    /// The values of a resource that no other of its type in the account may have: attribute, comparison form. Text that
    /// compares without case compares without blanks around it as well, as user names do.
    #[must_use]
    pub fn unique_values(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        let unique = self.schema.attributes.iter().filter(|attribute| attribute.uniqueness != Uniqueness::None);
        unique.filter_map(|attribute| Some((attribute.name, form(attribute, resource.get(attribute.name)?)?))).collect()
    }
}

fn form(attribute: &Attribute, value: &Value) -> Option<String> {
    let form = match value {
        Value::String(text) if attribute.case_exact => text.clone(),
        Value::String(text) => fold(text.trim()).into_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!form.is_empty()).then_some(form)
}

/// Whether a name is one that every resource has already.
pub(super) fn is_common(name: &str) -> bool {
    COMMON.attribute(name).is_some()
}

impl PartialEq for CustomType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CustomType {}

impl Hash for CustomType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialOrd for CustomType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CustomType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}
