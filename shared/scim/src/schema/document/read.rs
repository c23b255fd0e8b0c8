//! Reading JSON objects so that every message says where.

use super::{Document, Problem, Problems};
use crate::{read::type_name, urn};
use serde_json::{Map, Value};

/// One object of a document, and where it is.
#[derive(Clone)]
pub(super) struct Object<'a> {
    pub(super) source: &'a str,
    pub(super) place: String,
    pub(super) members: &'a Map<String, Value>,
}

/// The objects of a document: itself, the elements of a list, the resources of a ListResponse.
pub(super) fn objects<'a>(document: &'a Document, problems: &mut Problems) -> Vec<Object<'a>> {
    let source = document.source.as_str();
    let list = match &document.content {
        Value::Array(list) => list.as_slice(),
        Value::Object(members) => match members.get("Resources") {
            Some(Value::Array(list)) => list.as_slice(),
            _ => std::slice::from_ref(&document.content),
        },
        one => std::slice::from_ref(one),
    };
    let mut found = Vec::new();
    for one in list {
        match one {
            Value::Object(members) => found.push(Object { source, place: String::new(), members }),
            other => {
                let message = format!("a schema is a JSON object, not {}: give one, a list of them or a ListResponse", type_name(other));
                problems.push(Problem { source_name: source.to_owned(), place: String::new(), message });
            }
        }
    }
    found
}

impl<'a> Object<'a> {
    /// The same object under another name.
    pub(super) fn called(&self, place: impl Into<String>) -> Self {
        Self { place: place.into(), ..self.clone() }
    }

    /// Whether it describes a resource type and not a schema.
    pub(super) fn is_resource_type(&self) -> bool {
        let says = |value: &Value| value.as_array().is_some_and(|all| all.iter().any(|one| one == urn::RESOURCE_TYPE));
        self.members.get("schemas").is_some_and(says)
            || self.members.contains_key("endpoint")
            || self.members.contains_key("schemaExtensions")
    }

    pub(super) fn wrong(&self, message: &str, problems: &mut Problems) {
        problems.push(Problem { source_name: self.source.to_owned(), place: self.place.clone(), message: message.to_owned() });
    }

    /// Refuses members that mean nothing: a misspelled `mutability` would silently be the default.
    pub(super) fn only(&self, known: &[&str], problems: &mut Problems) {
        for name in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            let hint = known
                .iter()
                .find(|one| one.eq_ignore_ascii_case(name))
                .map_or_else(|| format!("take it out; known are {}", known.join(", ")), |right| format!("write {right}"));
            self.wrong(&format!("has an unknown member {name:?}: {hint}"), problems);
        }
    }

    pub(super) fn text(&self, name: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if !text.trim().is_empty() && !text.contains('\0') => Some(text),
            Some(Value::String(_)) => None,
            Some(other) => {
                self.wrong(&format!("{name} must be a text, not {}", type_name(other)), problems);
                None
            }
        }
    }

    pub(super) fn flag(&self, name: &str, problems: &mut Problems) -> bool {
        match self.members.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.wrong(&format!("{name} must be true or false, not {}", type_name(other)), problems);
                false
            }
        }
    }

    /// One of a set of words; none when it is not there.
    pub(super) fn word<T: Copy>(&self, name: &str, all: &[T], word: impl Fn(T) -> &'static str, problems: &mut Problems) -> Option<T> {
        let text = self.text(name, problems)?;
        let found = all.iter().copied().find(|one| word(*one) == text);
        if found.is_none() {
            let words: Vec<_> = all.iter().map(|one| word(*one)).collect();
            self.wrong(&format!("{name} must be one of {}, not {text:?}", words.join(", ")), problems);
        }
        found
    }

    pub(super) fn list(&self, name: &str, problems: &mut Problems) -> &'a [Value] {
        match self.members.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(list)) => list,
            Some(other) => {
                self.wrong(&format!("{name} must be a list, not {}", type_name(other)), problems);
                &[]
            }
        }
    }

    pub(super) fn texts(&self, name: &str, problems: &mut Problems) -> Vec<&'static str> {
        let list = self.list(name, problems);
        if list.iter().any(|one| !one.is_string()) {
            self.wrong(&format!("{name} must be a list of texts"), problems);
        }
        list.iter().filter_map(Value::as_str).map(super::leak).collect()
    }
}
