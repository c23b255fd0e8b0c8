//! Decides a filter for one resource.

use super::{AttrPath, CompareOp, Filter, FilterValue};
use crate::schema::{Attribute, Kind, Uniqueness, attribute};
use crate::{Resource, ResourceType, fold, fold::same_folded, instant_ms};
use serde_json::{Number, Value};
use std::{borrow::Cow, cmp::Ordering};

impl Filter {
    /// Whether a rendered resource satisfies it. `id` and `meta` must be rendered, and `members` loaded when it
    /// [needs them](Filter::needs_members).
    #[must_use]
    pub fn matches(&self, rt: ResourceType, full: &Resource) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.matches(rt, full)),
            Self::Or(all) => all.iter().any(|filter| filter.matches(rt, full)),
            Self::Not(filter) => !filter.matches(rt, full),
            Self::Compare { path, op, value } => attribute(rt, path.urn.as_deref(), &path.attr).is_some_and(|attribute| {
                let leaf = leaf(attribute, path);
                compare_any(*op, value, leaf, |test| any_value(find(rt, full, path), path.sub.as_deref(), test))
            }),
            Self::Present(path) => any_value(find(rt, full, path), path.sub.as_deref(), &mut present),
            Self::ValuePath { path, filter, sub } => attribute(rt, path.urn.as_deref(), &path.attr).is_some_and(|list| {
                let satisfied = |element: &Value| {
                    element.as_object().is_some_and(|element| {
                        filter.matches_element(list, element)
                            && sub.as_ref().is_none_or(|(name, op, value)| compare_sub(list, element, name, *op, value))
                    })
                };
                match find(rt, full, path) {
                    Some(Value::Array(elements)) => elements.iter().any(satisfied),
                    Some(single) => satisfied(single),
                    None => false,
                }
            }),
        }
    }

    /// Whether one element of a list satisfies it; its paths are sub-attributes.
    pub(crate) fn matches_element(&self, list: &'static Attribute, element: &Resource) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.matches_element(list, element)),
            Self::Or(all) => all.iter().any(|filter| filter.matches_element(list, element)),
            Self::Not(filter) => !filter.matches_element(list, element),
            Self::Compare { path, op, value } => compare_sub(list, element, &path.attr, *op, value),
            Self::Present(path) => element.get(&path.attr).is_some_and(&mut present),
            // Brackets cannot stand inside brackets; the reader refuses them.
            Self::ValuePath { .. } => false,
        }
    }

    /// Whether a group's member with these sub-attributes (`value`, `type`, `display`, `$ref`) satisfies it.
    #[must_use]
    pub fn matches_member(&self, member: &Resource) -> bool {
        crate::schema::GROUP.attribute("members").is_some_and(|members| self.matches_element(members, member))
    }
}

fn leaf(attribute: &'static Attribute, path: &AttrPath) -> &'static Attribute {
    path.sub.as_deref().and_then(|sub| attribute.sub(sub)).unwrap_or(attribute)
}

fn find<'a>(rt: ResourceType, full: &'a Resource, path: &AttrPath) -> Option<&'a Value> {
    /// Who is not said to be inactive may sign in, so that is what a filter goes by.
    static ACTIVE: Value = Value::Bool(true);
    match &path.urn {
        Some(urn) => full.get(urn)?.get(&path.attr),
        None if rt == ResourceType::User && path.attr == "active" => full.get("active").or(Some(&ACTIVE)),
        None => full.get(&path.attr),
    }
}

/// Whether some value at `found`, or at its sub-attribute, passes the test; lists are looked into.
fn any_value(found: Option<&Value>, sub: Option<&str>, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    let mut one = |value: &Value| match sub {
        Some(sub) => value.get(sub).is_some_and(&mut *test),
        None => test(value),
    };
    match found {
        Some(Value::Array(elements)) => elements.iter().any(one),
        Some(value) => one(value),
        None => false,
    }
}

fn compare_sub(list: &'static Attribute, element: &Resource, name: &str, op: CompareOp, value: &FilterValue) -> bool {
    list.sub(name).is_some_and(|leaf| compare_any(op, value, leaf, |test| element.get(name).is_some_and(test)))
}

/// Compares by way of `any`, which tells whether some value passes a test.
fn compare_any(op: CompareOp, value: &FilterValue, leaf: &Attribute, any: impl FnOnce(&mut dyn FnMut(&Value) -> bool) -> bool) -> bool {
    match (op, value) {
        (CompareOp::Eq, FilterValue::Null) => !any(&mut present),
        (CompareOp::Ne, FilterValue::Null) => any(&mut present),
        (CompareOp::Ne, _) => !any(&mut |found| compare(leaf, found, CompareOp::Eq, value)),
        _ => any(&mut |found| compare(leaf, found, op, value)),
    }
}

fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(present),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(leaf: &Attribute, found: &Value, op: CompareOp, value: &FilterValue) -> bool {
    match (found, value) {
        (Value::String(found), FilterValue::String(value)) if leaf.kind == Kind::DateTime => {
            let moments = instant_ms(found).zip(instant_ms(value));
            moments.is_some_and(|(found, value)| ordered(op, found.cmp(&value)))
        }
        (Value::String(found), FilterValue::String(value)) if leaf.case_exact => compare_text(op, found, value),
        (Value::String(found), FilterValue::String(value)) => {
            // A part of a text keeps its blanks: "ada " is a part of "ada lovelace" and not of "ada".
            let part = matches!(op, CompareOp::Co | CompareOp::Sw | CompareOp::Ew);
            let value = if part { value } else { trimmed(leaf, value) };
            let found = trimmed(leaf, found);
            if op == CompareOp::Eq { same_folded(found, value) } else { compare_text(op, &fold(found), &fold(value)) }
        }
        (Value::Bool(found), FilterValue::Bool(value)) => op == CompareOp::Eq && found == value,
        (Value::Number(found), FilterValue::Number(value)) => compare_numbers(found, value).is_some_and(|order| ordered(op, order)),
        _ => false,
    }
}

/// What is unique without case is unique without blanks around it, too: a filter must find what a uniqueness check would refuse.
fn trimmed<'a>(leaf: &Attribute, text: &'a str) -> &'a str {
    if leaf.uniqueness != Uniqueness::None && !leaf.case_exact { text.trim() } else { text }
}

/// The form in which two values of a text attribute are compared and ordered.
pub(crate) fn comparison_form<'a>(attribute: &Attribute, text: &'a str) -> Cow<'a, str> {
    if attribute.case_exact { Cow::Borrowed(text) } else { fold(trimmed(attribute, text)) }
}

/// Whole numbers compare as such: as fractions, neighbours beyond 2^53 would be equal.
fn compare_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn compare_text(op: CompareOp, found: &str, value: &str) -> bool {
    match op {
        CompareOp::Co => found.contains(value),
        CompareOp::Sw => found.starts_with(value),
        CompareOp::Ew => found.ends_with(value),
        _ => ordered(op, found.cmp(value)),
    }
}

fn ordered(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
