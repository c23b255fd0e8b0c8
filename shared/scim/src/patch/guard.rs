//! What must hold of a resource once a PATCH has been applied.
//!
//! Steps are judged together: what one of them takes away another may put back. So the state after the last one is compared with
//! the state before the first, for every attribute that was touched.

use crate::schema::{Attribute, Kind, Mutability, attribute, extensions};
use crate::{Resource, ResourceType, ScimError};
use serde_json::Value;

/// Checks what became of one member of the resource: an attribute, or all that is under an extension's URN.
///
/// # Errors
/// 400 `mutability` when an immutable attribute that had a value has another one or none; 400 `invalidValue` when a required one
/// is gone, or is missing from an extension that was not there before.
pub(super) fn check(rt: ResourceType, key: &str, before: Option<&Value>, after: Option<&Value>) -> Result<(), ScimError> {
    let Some(extension) = extensions(rt).iter().find(|extension| extension.schema.urn == key) else {
        return match attribute(rt, None, key) {
            Some(attribute) => one(None, attribute, before, after),
            None => Ok(()),
        };
    };
    if after.is_none() && extension.required && before.is_some() {
        return Err(ScimError::invalid_value(format!("{key} is required and cannot be removed")));
    }
    let under = |value: Option<&'_ Value>, name: &str| value.and_then(|value| value.get(name)).cloned();
    for attribute in extension.schema.attributes {
        let (old, new) = (under(before, attribute.name), under(after, attribute.name));
        one(Some(key), attribute, old.as_ref(), new.as_ref())?;
        // One that was there without it before stays as it is: the schema may have become stricter since.
        if attribute.required && attribute.is_writable() && new.is_none() && before.is_none() && after.is_some() {
            return Err(ScimError::invalid_value(format!("{} is required", named(Some(key), attribute.name))));
        }
    }
    Ok(())
}

fn one(urn: Option<&str>, attribute: &'static Attribute, before: Option<&Value>, after: Option<&Value>) -> Result<(), ScimError> {
    let Some(before) = before else { return Ok(()) };
    // An extension goes as a whole when it is removed, whatever it requires of those who have it.
    if attribute.required && after.is_none() && urn.is_none() {
        return Err(ScimError::invalid_value(format!("{} is required and cannot be removed", attribute.name)));
    }
    if attribute.mutability == Mutability::Immutable && after != Some(before) {
        return Err(immutable(&named(urn, attribute.name)));
    }
    if attribute.kind == Kind::Complex && !attribute.multi_valued {
        let part = |value: &Value, name: &str| value.get(name).cloned();
        for sub in attribute.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable) {
            let old = part(before, sub.name);
            if old.is_some() && after.and_then(|after| part(after, sub.name)) != old {
                return Err(immutable(&format!("{}.{}", named(urn, attribute.name), sub.name)));
            }
        }
    }
    Ok(())
}

/// Refuses new parts of an element of a list where they differ from immutable ones it has.
///
/// # Errors
/// 400 `mutability`.
pub(super) fn check_element(list: &Attribute, element: &Resource, parts: &Resource) -> Result<(), ScimError> {
    for sub in list.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable) {
        if let (Some(old), Some(new)) = (element.get(sub.name), parts.get(sub.name))
            && old != new
        {
            return Err(immutable(&format!("{}.{}", list.name, sub.name)));
        }
    }
    Ok(())
}

pub(super) fn immutable(name: &str) -> ScimError {
    ScimError::mutability(format!("{name} is immutable: it can be set once and not be changed or removed afterwards"))
}

fn named(urn: Option<&str>, name: &str) -> String {
    urn.map_or_else(|| name.to_owned(), |urn| format!("{urn}:{name}"))
}
