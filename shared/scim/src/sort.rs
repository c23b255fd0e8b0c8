//! The order of a list (RFC 7644 §3.4.2.3).
//!
//! A resource is ordered by one value, its [`SortKey`]. The rules are those of the attribute table: text compares in its
//! comparison form unless it is `caseExact`, moments as moments. Of a list, the primary element counts, or else the first one.
//! What has no value comes last when ascending and first when descending, so one order is exactly the other read backwards.

use crate::filter::{AttrPath, comparison_form};
use crate::schema::{self, Attribute, Found, Kind, kept_under, resolve};
use crate::{Compat, Resource, ResourceType, ScimError, instant_ms};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;

/// How a list is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The attribute that decides, with its sub-attribute where it has parts. None where resources of this type do not have it:
    /// to them it has no value (RFC 7644 §3.4.2.1).
    pub path: Option<AttrPath>,
    /// Largest first.
    pub descending: bool,
}

/// What a resource is ordered by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SortKey {
    /// False comes before true.
    #[serde(rename = "b")]
    Flag(bool),
    /// A number.
    #[serde(rename = "n")]
    Number(f64),
    /// Milliseconds since 1970.
    #[serde(rename = "m")]
    Moment(i64),
    /// Text in its comparison form; ordered by its UTF-8 bytes.
    #[serde(rename = "t")]
    Text(String),
}

impl SortKey {
    /// The order of two keys when ascending; none (no value) comes last.
    #[must_use]
    pub fn compare(a: Option<&Self>, b: Option<&Self>) -> Ordering {
        match (a, b) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp_present(b),
        }
    }

    fn cmp_present(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Moment(a), Self::Moment(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            // One attribute has values of one type; several types of resource may disagree.
            _ => self.rank().cmp(&other.rank()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Number(_) => 1,
            Self::Moment(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

impl Sort {
    /// Reads `sortBy` and `sortOrder` for each of these types, in their order. None without `sortBy`.
    ///
    /// # Errors
    /// 400 `invalidPath`, naming `sortBy`, when no type has the attribute or it has parts and none of them is `value`; 400
    /// `invalidValue` when `sortOrder` is neither `ascending` nor `descending`.
    pub fn parse(types: &[ResourceType], sort_by: Option<&str>, sort_order: Option<&str>) -> Result<Option<Vec<Self>>, ScimError> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let descending = match given(sort_order).as_deref() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("ascending") => false,
            Some(word) if word.eq_ignore_ascii_case("descending") => true,
            Some(word) => return Err(ScimError::invalid_value(format!("sortOrder is ascending or descending, not \"{word}\""))),
        };
        let Some(name) = given(sort_by) else { return Ok(None) };
        let paths: Vec<Result<AttrPath, ScimError>> = types.iter().map(|rt| path(*rt, &name)).collect();
        if paths.iter().all(Result::is_err) {
            return Err(paths.into_iter().find_map(Result::err).unwrap_or_else(|| refuse(&name, "names no attribute")));
        }
        Ok(Some(paths.into_iter().map(|path| Self { path: path.ok(), descending }).collect()))
    }

    /// What a rendered resource is ordered by; none when it has no value there.
    #[must_use]
    pub fn key(&self, rt: ResourceType, full: &Resource) -> Option<SortKey> {
        let path = self.path.as_ref()?;
        let (holder, attribute) = match &path.urn {
            Some(urn) => (full.get(urn)?.as_object()?, schema::attribute(rt, Some(urn), &path.attr)?),
            None => (full, schema::attribute(rt, None, &path.attr)?),
        };
        let value = decisive(holder.get(&path.attr)?)?;
        match &path.sub {
            Some(sub) => key_of(attribute.sub(sub)?, value.get(sub)?),
            None => key_of(attribute, value),
        }
    }

    /// Whether it looks at this attribute of the resource (the schema's spelling, without a URN).
    #[must_use]
    pub fn mentions(&self, attr: &str) -> bool {
        self.path.as_ref().is_some_and(|path| path.attr == attr)
    }
}

/// The value of a list that stands for it: the primary one, or else the first.
fn decisive(value: &Value) -> Option<&Value> {
    let Value::Array(elements) = value else { return Some(value) };
    elements.iter().find(|element| element.get("primary") == Some(&Value::Bool(true))).or_else(|| elements.first())
}

fn key_of(attribute: &Attribute, value: &Value) -> Option<SortKey> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) if attribute.kind == Kind::DateTime => instant_ms(text).map(SortKey::Moment),
        Value::String(text) => Some(SortKey::Text(comparison_form(attribute, text).into_owned())),
        Value::Bool(flag) => Some(SortKey::Flag(*flag)),
        Value::Number(number) => number.as_f64().map(SortKey::Number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn path(rt: ResourceType, name: &str) -> Result<AttrPath, ScimError> {
    let Ok(Found::Attribute { schema, attribute, sub }) = resolve(rt, name, &Compat::default()) else {
        return Err(refuse(name, &format!("{rt} resources have no such attribute")));
    };
    let mut sub = sub;
    if sub.is_none() && attribute.kind == Kind::Complex {
        // Only what has a `value` can be ordered as a whole.
        sub = attribute.sub("value");
        if sub.is_none() {
            let example = attribute.sub_attributes.first().map_or("", |sub| sub.name);
            return Err(refuse(name, &format!("it has parts: name one of them, such as {}.{example}", attribute.name)));
        }
    }
    // The order of answers tells of a value as well as the value itself.
    if attribute.is_hidden() || sub.unwrap_or(attribute).is_hidden() {
        return Err(refuse(name, "it is never returned"));
    }
    let urn = kept_under(rt, schema).map(str::to_owned);
    Ok(AttrPath { urn, attr: attribute.name.to_owned(), sub: sub.map(|sub| sub.name.to_owned()) })
}

fn refuse(name: &str, reason: &str) -> ScimError {
    ScimError::invalid_path(format!("sortBy \"{name}\" cannot be used: {reason}"))
}

#[cfg(test)]
mod tests;
