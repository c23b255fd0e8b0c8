//! From a value as it was sent to the value an attribute keeps.
//!
//! `Ok(None)` always means "no value": `null`, an empty list, an object with nothing in it, and `""` where clients mean that.

use super::{At, quirk, twice};
use crate::schema::{Attribute, Kind, Meaning};
use crate::{Compat, Limits, ScimError, instant_ms};
use serde_json::{Map, Value};

/// Reads values.
#[derive(Clone, Copy)]
pub(crate) struct Coerce<'a> {
    pub(crate) compat: &'a Compat,
    pub(crate) limits: &'a Limits,
}

impl Coerce<'_> {
    /// The value of an attribute as a whole.
    pub(crate) fn attribute(&self, at: &At<'_>, attribute: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        if attribute.multi_valued {
            if attribute.meaning == Meaning::Members {
                let members = self.members(at, value)?;
                return Ok((!members.is_empty()).then(|| members.into_iter().map(super::members::element).collect()));
            }
            return Ok(self.list(at, attribute, value)?.map(Value::Array));
        }
        match attribute.kind {
            Kind::Complex if attribute.meaning == Meaning::Manager && self.compat.loose_manager => match quirk::manager(at, value)? {
                Some(value) => Ok(self.object(at, attribute, value)?.map(Value::Object)),
                None => Ok(None),
            },
            Kind::Complex => Ok(self.object(at, attribute, value)?.map(Value::Object)),
            _ => self.scalar(at, attribute, value),
        }
    }

    /// A value without parts.
    pub(crate) fn scalar(&self, at: &At<'_>, attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        match (attribute.kind, value) {
            (_, Value::Null) => Ok(None),
            (_, Value::String(text)) if text.is_empty() && self.compat.empty_string_clears => Ok(None),
            (Kind::Boolean, Value::Bool(flag)) => Ok(Some(Value::Bool(flag))),
            (Kind::Boolean, Value::String(text)) if self.compat.string_booleans && text.eq_ignore_ascii_case("true") => {
                Ok(Some(Value::Bool(true)))
            }
            (Kind::Boolean, Value::String(text)) if self.compat.string_booleans && text.eq_ignore_ascii_case("false") => {
                Ok(Some(Value::Bool(false)))
            }
            (Kind::Boolean, other) => Err(ScimError::invalid_value(format!("{at} must be true or false, not {}", shown(&other)))),
            (Kind::Complex, other) => Err(wrong(at, "an object", &other)),
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(Value::Number(number))),
            (Kind::Integer, Value::Number(number)) => Err(ScimError::invalid_value(format!("{at} must be a whole number, not {number}"))),
            (Kind::Integer, other) => Err(wrong(at, "a whole number", &other)),
            (Kind::Decimal, Value::Number(number)) => Ok(Some(Value::Number(number))),
            (Kind::Decimal, other) => Err(wrong(at, "a number", &other)),
            (Kind::DateTime, Value::String(text)) if instant_ms(&text).is_none() => Err(ScimError::invalid_value(format!(
                "{at} must be a moment such as \"2026-01-31T09:00:00Z\", not {}",
                shown(&text.into())
            ))),
            (_, Value::String(text)) => {
                if attribute.max_chars > 0 && text.len() > attribute.max_chars && text.chars().count() > attribute.max_chars {
                    return Err(ScimError::invalid_value(format!("{at} is longer than {} characters", attribute.max_chars)));
                }
                if attribute.required && text.trim().is_empty() {
                    return Err(ScimError::invalid_value(format!("{at} is required; it is blank")));
                }
                Ok(Some(Value::String(text)))
            }
            (_, other) => Err(wrong(at, "a string", &other)),
        }
    }

    /// The value of one part of a complex value, sent by itself.
    pub(crate) fn part(&self, at: &At<'_>, attribute: &Attribute, sub: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        let value = self.scalar(&at.sub(sub.name), sub, value)?;
        if attribute.meaning == Meaning::Roles && sub.name == "value" && self.compat.roles_as_json {
            return Ok(value.and_then(|value| quirk::role(Map::from_iter([(sub.name.to_owned(), value)])).remove(sub.name)));
        }
        Ok(value)
    }

    /// The parts of a complex value, by the names the schema gives them. Parts the client cannot set are left out.
    pub(crate) fn object(&self, at: &At<'_>, attribute: &'static Attribute, value: Value) -> Result<Option<Map<String, Value>>, ScimError> {
        let members = match value {
            Value::Null => return Ok(None),
            Value::Object(members) => members,
            other => return Err(wrong(at, "an object", &other)),
        };
        let mut parts = Map::new();
        for (name, value) in members {
            let Some(sub) = attribute.sub(&name).filter(|sub| sub.is_writable()) else {
                continue;
            };
            let Some(value) = self.scalar(&at.sub(sub.name), sub, value)? else {
                continue;
            };
            let name = if name == sub.name { name } else { sub.name.to_owned() };
            if parts.insert(name, value).is_some() {
                return Err(twice(&at.sub(sub.name).to_string()));
            }
        }
        if parts.is_empty() {
            return Ok(None);
        }
        match attribute.sub_attributes.iter().find(|sub| sub.required && sub.is_writable() && !parts.contains_key(sub.name)) {
            Some(missing) => Err(ScimError::invalid_value(format!("{} is required", at.sub(missing.name)))),
            None => Ok(Some(parts)),
        }
    }

    /// One element of a list, as it is kept.
    fn kept(&self, at: &At<'_>, list: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        if list.kind == Kind::Complex { Ok(self.element(at, list, value)?.map(Value::Object)) } else { self.scalar(at, list, value) }
    }

    /// One element of a list of objects.
    pub(crate) fn element(&self, at: &At<'_>, list: &'static Attribute, value: Value) -> Result<Option<Map<String, Value>>, ScimError> {
        let value = match value {
            Value::String(text) if text.is_empty() && self.compat.empty_string_clears => return Ok(None),
            Value::String(text) if self.compat.bare_elements && list.sub("value").is_some() => {
                Value::Object(Map::from_iter([("value".to_owned(), Value::String(text))]))
            }
            other => other,
        };
        let element = self.object(at, list, value)?;
        Ok(if list.meaning == Meaning::Roles && self.compat.roles_as_json { element.map(quirk::role) } else { element })
    }

    /// All elements of a list, at most one of them primary.
    pub(crate) fn list(&self, at: &At<'_>, list: &'static Attribute, value: Value) -> Result<Option<Vec<Value>>, ScimError> {
        let values = match value {
            Value::Null => return Ok(None),
            Value::Array(values) => values,
            one @ (Value::Object(_) | Value::String(_)) if self.compat.bare_elements => vec![one],
            one if self.compat.bare_elements && list.kind != Kind::Complex => vec![one],
            other => return Err(wrong(at, "a list", &other)),
        };
        if values.len() > self.limits.elements {
            return Err(ScimError::invalid_value(format!("{at} has more than {} elements", self.limits.elements)));
        }
        let mut elements = Vec::with_capacity(values.len());
        let mut primary = false;
        for (index, value) in values.into_iter().enumerate() {
            let Some(mut element) = self.kept(&at.index(index), list, value)? else {
                continue;
            };
            if let Some(flag @ Value::Bool(true)) = element.get_mut("primary")
                && std::mem::replace(&mut primary, true)
            {
                *flag = Value::Bool(false);
            }
            elements.push(element);
        }
        Ok((!elements.is_empty()).then_some(elements))
    }
}

pub(super) fn wrong(at: &At<'_>, expected: &str, found: &Value) -> ScimError {
    ScimError::invalid_value(format!("{at} must be {expected}, not {}", type_name(found)))
}

/// What kind of value it is, with its article.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

// A short text is worth showing: it tells the administrator which mapping produced it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.len() <= 40 => format!("{text:?}"),
        other => type_name(other).to_owned(),
    }
}
