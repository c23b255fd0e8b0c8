//! What of a request the log may show.
//!
//! A list of what may be shown, not of what may not: an attribute nobody thought of is masked.

use crate::mask;
use muster_scim::{
    MemberChange, Resource,
    patch::{PatchOperation, PatchPath, PatchRequest},
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;

/// Stands for a value that is not shown.
const HIDDEN: &str = "***";
/// How many members of a list are named; all are counted.
const MEMBERS: usize = 5;
/// A text that may be shown, but not at any length. Bytes.
const TEXT_MAX: usize = 256;

/// What may be shown.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// It is a group: names of groups are no personal data.
    pub group: bool,
    /// Everything.
    pub full: bool,
}

/// What is done with a value.
enum Show<'a> {
    Whole(&'a Value),
    Text(String),
    Elements(&'a [Value]),
    Number(usize),
    Nothing,
    Hidden,
}

impl Shown {
    fn of<'a>(self, attribute: &str, value: &'a Value) -> Show<'a> {
        match attribute {
            // Of a group's members, however many, the number.
            "members" => Show::Number(value.as_array().map_or(0, Vec::len)),
            _ if self.full => Show::Whole(value),
            "active" | "userType" | "locale" | "timezone" | "preferredLanguage" | "department" | "division" | "organization"
            | "costCenter" | "type" | "primary" => short(value),
            "displayName" | "externalId" if self.group => short(value),
            "userName" => masked(value),
            "emails" => match value {
                Value::Array(elements) => Show::Elements(elements),
                Value::Object(_) => Show::Elements(std::slice::from_ref(value)),
                plain => masked(plain),
            },
            _ if value.is_null() => Show::Nothing,
            _ => Show::Hidden,
        }
    }

    /// A value of this attribute as it may be shown.
    pub(super) fn value(self, attribute: &str, value: &Value) -> Value {
        serde_json::to_value(self.of(attribute, value)).unwrap_or(Value::Null)
    }
}

fn short(value: &Value) -> Show<'_> {
    match value {
        Value::String(text) if text.len() > TEXT_MAX => Show::Text(text.chars().take(TEXT_MAX / 4).chain(['…']).collect()),
        Value::Array(_) | Value::Object(_) => Show::Hidden,
        plain => Show::Whole(plain),
    }
}

fn masked(value: &Value) -> Show<'_> {
    value.as_str().map_or(Show::Hidden, |text| Show::Text(mask(text)))
}

impl Serialize for Show<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(value) => value.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Elements(elements) => serializer.collect_seq(elements.iter().map(Element)),
            Self::Number(number) => serializer.serialize_u64(*number as u64),
            Self::Nothing => serializer.serialize_none(),
            Self::Hidden => serializer.serialize_str(HIDDEN),
        }
    }
}

/// An element with an address.
struct Element<'a>(&'a Value);

impl Serialize for Element<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(element) = self.0 else { return masked(self.0).serialize(serializer) };
        serializer.collect_map(element.iter().map(|(name, value)| {
            let shown = match name.as_str() {
                "type" | "primary" => short(value),
                "value" => masked(value),
                _ => Show::Hidden,
            };
            (name, shown)
        }))
    }
}

/// A resource.
pub(super) struct Redacted<'a> {
    pub resource: &'a Resource,
    pub shown: Shown,
}

impl Serialize for Redacted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.resource {
            match value {
                Value::Object(extension) if name.starts_with("urn:") => {
                    map.serialize_entry(name, &Redacted { resource: extension, shown: self.shown })?;
                }
                _ => map.serialize_entry(name, &self.shown.of(name, value))?,
            }
        }
        map.end()
    }
}

/// The steps of a PATCH.
pub(super) struct RedactedPatch<'a> {
    pub patch: &'a PatchRequest,
    pub shown: Shown,
}

impl Serialize for RedactedPatch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut steps = serializer.serialize_seq(Some(self.patch.operations.len()))?;
        for operation in &self.patch.operations {
            steps.serialize_element(&step(operation, self.shown))?;
        }
        steps.end()
    }
}

#[derive(Serialize)]
struct Step {
    op: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

fn step(operation: &PatchOperation, shown: Shown) -> Step {
    match operation {
        PatchOperation::Add { path, value } => valued("add", path, Some(value), shown),
        PatchOperation::Replace { path, value } => valued("replace", path, Some(value), shown),
        PatchOperation::Remove { path, .. } => valued("remove", path, None, shown),
        PatchOperation::Members(MemberChange::Add(ids)) => members("add", ids),
        PatchOperation::Members(MemberChange::Remove(ids)) => members("remove", ids),
        PatchOperation::Members(MemberChange::Set(ids)) => members("replace", ids),
        PatchOperation::Members(MemberChange::RemoveMatching(_)) => {
            Step { op: "remove", path: "members[…]".into(), value: None, count: None }
        }
    }
}

fn valued(op: &'static str, path: &PatchPath, value: Option<&Value>, shown: Shown) -> Step {
    // What selects elements can be an address, or a name.
    let filter = if path.elements.is_some() { "[…]" } else { "" };
    let (urn, sub) = (&path.attribute.urn, &path.attribute.sub);
    let (before, after) = (urn.as_deref().map(|urn| format!("{urn}:")), sub.as_deref().map(|sub| format!(".{sub}")));
    let text = [before.as_deref().unwrap_or_default(), &path.attribute.attr, filter, after.as_deref().unwrap_or_default()].concat();
    let name = match sub.as_deref() {
        Some(sub @ ("type" | "primary")) => sub,
        _ => &path.attribute.attr,
    };
    Step { op, path: text, value: value.map(|value| shown.value(name, value)), count: None }
}

/// Ids of members say nothing about people.
fn members(op: &'static str, ids: &[String]) -> Step {
    let some = ids.iter().take(MEMBERS).map(|id| Value::from(id.chars().take(36).collect::<String>())).collect();
    Step { op, path: "members".into(), value: Some(Value::Array(some)), count: Some(ids.len()) }
}
