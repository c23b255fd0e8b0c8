//! Changes to lists: elements added, replaced, found by a filter, made when there are none, and taken away.

use super::PatchPath;
use super::apply::set;
use super::guard::{check_element, immutable};
use crate::fold::{fold, same_folded};
use crate::schema::{Attribute, Mutability};
use crate::{Limits, Resource, ScimError};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

pub(super) fn put(target: &mut Resource, list: &'static Attribute, path: &PatchPath, value: &Value, add: bool) -> Result<(), ScimError> {
    if path.elements.is_none() && path.attribute.sub.is_none() {
        return if add {
            append(elements(target, list), list, value)
        } else {
            set(target, list.name, value);
            Ok(())
        };
    }
    let sub = path.attribute.sub.as_deref();
    let before = elements(target, list);
    let mut chosen: Vec<usize> = (0..before.len()).filter(|&i| chooses(path, list, &before[i])).collect();
    if chosen.is_empty() {
        let made = match &path.elements {
            None => Resource::new(),
            Some(filter) => match &filter.create {
                Some(made) => made.clone(),
                None => {
                    if before.is_empty() {
                        target.remove(list.name);
                    }
                    return Err(ScimError::no_target(format!("no element of {} satisfies [{}]", list.name, filter.filter)));
                }
            },
        };
        room(before.len() + 1, list)?;
        chosen.push(before.len());
        before.push(Value::Object(made));
    }
    let template = path.elements.as_ref().and_then(|elements| elements.create.as_ref());
    for &index in &chosen {
        let element = &mut before[index];
        match (sub, value) {
            (Some(sub), value) => {
                let element = object(element);
                check_element(list, element, &Resource::from_iter([(sub.to_owned(), value.clone())]))?;
                set(element, sub, value);
            }
            (None, Value::Object(parts)) if add => {
                let element = object(element);
                check_element(list, element, parts)?;
                parts.iter().for_each(|(name, part)| set(element, name, part));
            }
            // The new element is still the one the path names: what the filter says of it holds unless the value says otherwise.
            (None, Value::Object(parts)) => {
                check_element(list, object(element), parts)?;
                let mut new = template.cloned().unwrap_or_default();
                parts.iter().for_each(|(name, part)| set(&mut new, name, part));
                *element = Value::Object(new);
            }
            (None, _) => {}
        }
    }
    let primary = chosen.iter().copied().find(|&i| is_primary(&before[i]));
    only_primary(before, primary);
    Ok(())
}

pub(super) fn remove(target: &mut Resource, list: &'static Attribute, path: &PatchPath, only: Option<&[Value]>) -> Result<(), ScimError> {
    let Some(Value::Array(before)) = target.get_mut(list.name) else {
        return Ok(());
    };
    if let Some(sub) = path.attribute.sub.as_deref().and_then(|sub| list.sub(sub)).filter(|sub| sub.mutability == Mutability::Immutable)
        && before.iter().any(|element| element.get(sub.name).is_some() && chooses(path, list, element))
    {
        return Err(immutable(&format!("{}.{}", list.name, sub.name)));
    }
    match (&path.attribute.sub, only) {
        (Some(sub), _) => before.retain_mut(|element| {
            if !chooses(path, list, element) {
                return true;
            }
            let element = object(element);
            let had = element.remove(sub).is_some();
            // What is left of an element that has lost its content describes nothing.
            !had || element.keys().any(|name| name != "type" && name != "primary")
        }),
        (None, Some(only)) => remove_named(before, list, only),
        (None, None) => before.retain(|element| !chooses(path, list, element)),
    }
    if before.is_empty() {
        target.remove(list.name);
    }
    Ok(())
}

/// Adds elements. One that is there already, by its value and type, takes on what the new one says: the pair is there once
/// (RFC 7643 §2.4), and a client that adds it again changes nothing.
fn append(before: &mut Vec<Value>, list: &Attribute, value: &Value) -> Result<(), ScimError> {
    let new = match value {
        Value::Array(new) => new.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut primary = None;
    for (element, place) in new.iter().zip(places(before, new)) {
        match (before.get_mut(place), element) {
            (Some(there), Value::Object(parts)) => {
                let there = object(there);
                check_element(list, there, parts)?;
                parts.iter().for_each(|(name, part)| set(there, name, part));
            }
            (Some(_), _) => {}
            (None, element) => before.push(element.clone()),
        }
        if is_primary(element) {
            primary = Some(place);
        }
    }
    room(before.len(), list)?;
    only_primary(before, primary);
    Ok(())
}

/// Where each new element goes: the index of the one it is the same as, or one past the end for the next that is really new.
fn places(before: &[Value], new: &[Value]) -> Vec<usize> {
    let mut length = before.len();
    let mut next = || {
        length += 1;
        length - 1
    };
    if let [only] = new {
        let wanted = identity(only);
        return vec![before.iter().position(|element| identity(element) == wanted).unwrap_or_else(next)];
    }
    let mut known: HashMap<Identity<'_>, usize> = before.iter().enumerate().map(|(index, element)| (identity(element), index)).collect();
    new.iter().map(|element| *known.entry(identity(element)).or_insert_with(&mut next)).collect()
}

/// What makes an element the same as another.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Value(&'a str, Option<&'a str>),
    Whole(&'a Value),
}

fn identity(element: &Value) -> Identity<'_> {
    match element.get("value").and_then(Value::as_str) {
        Some(value) => Identity::Value(value, element.get("type").and_then(Value::as_str)),
        None => Identity::Whole(element),
    }
}

fn room(length: usize, list: &Attribute) -> Result<(), ScimError> {
    if length > Limits::MAX_ELEMENTS {
        return Err(ScimError::invalid_value(format!("{} would have more than {} elements", list.name, Limits::MAX_ELEMENTS)));
    }
    Ok(())
}

/// The elements of a list, which is made if it is not there.
fn elements<'a>(target: &'a mut Resource, list: &Attribute) -> &'a mut Vec<Value> {
    let value = target.entry(list.name).or_insert_with(|| Value::Array(Vec::new()));
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(elements) => elements,
        _ => unreachable!("made a list just above"),
    }
}

fn object(element: &mut Value) -> &mut Resource {
    if !element.is_object() {
        *element = Value::Object(Map::new());
    }
    element.as_object_mut().expect("made an object just above")
}

fn chooses(path: &PatchPath, list: &'static Attribute, element: &Value) -> bool {
    match &path.elements {
        None => true,
        Some(elements) => element.as_object().is_some_and(|element| elements.filter.matches_element(list, element)),
    }
}

/// Takes away the elements a removal names: by `value` where there is one, else by all that is said of them.
fn remove_named(before: &mut Vec<Value>, list: &Attribute, only: &[Value]) {
    let exact = list.sub("value").map_or(list.case_exact, |value| value.case_exact);
    let form = |text: &'_ Value| text.as_str().map(|text| if exact { text.to_owned() } else { fold(text).into_owned() });
    let values: HashSet<String> = only.iter().filter_map(|named| form(named.get("value")?)).collect();
    let plain: HashSet<String> = only.iter().filter_map(form).collect();
    let others: Vec<&Resource> = only.iter().filter(|named| named.get("value").is_none()).filter_map(Value::as_object).collect();
    before.retain(|element| {
        let by_value = !values.is_empty() && element.get("value").and_then(form).is_some_and(|value| values.contains(&value));
        let plainly = !plain.is_empty() && form(element).is_some_and(|value| plain.contains(&value));
        let same = !element.is_object() && !element.is_string() && only.contains(element);
        !by_value && !plainly && !same && !others.iter().any(|named| !named.is_empty() && described(list, named, element))
    });
}

/// Whether all that is said of an element is so.
fn described(list: &Attribute, named: &Resource, element: &Value) -> bool {
    named.iter().all(|(name, wanted)| match (wanted, element.get(name)) {
        (Value::String(a), Some(Value::String(b))) if !list.sub(name).is_some_and(|sub| sub.case_exact) => same_folded(a, b),
        (wanted, found) => Some(wanted) == found,
    })
}

fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Turns `primary` off everywhere but at `index`: at most one element has it (RFC 7643 §2.4).
fn only_primary(elements: &mut [Value], index: Option<usize>) {
    let Some(index) = index else { return };
    for (i, element) in elements.iter_mut().enumerate() {
        if i != index && is_primary(element) {
            set(object(element), "primary", &Value::Bool(false));
        }
    }
}
