//! Applies a PATCH.
//!
//! Before an attribute is first touched its value is put aside. When a step fails the values go back; when all succeed they
//! tell whether anything differs. The resource as a whole is never copied.

use super::{PatchEffect, PatchOperation, PatchPath, PatchRequest};
use super::{element, guard};
use crate::schema::{self, Attribute};
use crate::{Resource, ResourceType, ScimError};
use serde_json::{Map, Value};

pub(super) fn apply(request: &PatchRequest, rt: ResourceType, resource: &mut Resource) -> Result<PatchEffect, ScimError> {
    let mut journal = Journal::default();
    let mut members = Vec::new();
    for operation in &request.operations {
        let done = match operation {
            PatchOperation::Members(change) => {
                members.push(change.clone());
                Ok(())
            }
            PatchOperation::Add { path, value } => journal.touch(path, resource, |target| put(rt, target, path, value, true)),
            PatchOperation::Replace { path, value } => journal.touch(path, resource, |target| put(rt, target, path, value, false)),
            PatchOperation::Remove { path, only } => journal.touch(path, resource, |target| remove(rt, target, path, only.as_deref())),
        };
        if let Err(error) = done {
            journal.undo(resource);
            return Err(error);
        }
    }
    if let Err(error) = journal.before.iter().try_for_each(|(key, before)| guard::check(rt, key, before.as_ref(), resource.get(key))) {
        journal.undo(resource);
        return Err(error);
    }
    Ok(PatchEffect { changed: journal.differs(resource), members })
}

/// What the touched members of a resource were.
#[derive(Default)]
struct Journal {
    before: Vec<(String, Option<Value>)>,
}

impl Journal {
    /// Changes the object an attribute is in: the resource, or what is under its schema's URN.
    fn touch(
        &mut self,
        path: &PatchPath,
        resource: &mut Resource,
        change: impl FnOnce(&mut Resource) -> Result<(), ScimError>,
    ) -> Result<(), ScimError> {
        let key = path.attribute.urn.as_ref().unwrap_or(&path.attribute.attr);
        if !self.before.iter().any(|(touched, _)| touched == key) {
            self.before.push((key.clone(), resource.get(key).cloned()));
        }
        let Some(urn) = &path.attribute.urn else { return change(resource) };
        let under = resource.entry(urn.as_str()).or_insert_with(|| Value::Object(Map::new()));
        if !under.is_object() {
            *under = Value::Object(Map::new());
        }
        let under = under.as_object_mut().expect("made an object just above");
        let done = change(under);
        if under.is_empty() {
            resource.remove(urn);
        }
        done
    }

    fn undo(self, resource: &mut Resource) {
        for (key, value) in self.before {
            match value {
                Some(value) => resource.insert(key, value),
                None => resource.remove(&key),
            };
        }
    }

    fn differs(&self, resource: &Resource) -> bool {
        self.before.iter().any(|(key, value)| value.as_ref() != resource.get(key))
    }
}

fn attribute(rt: ResourceType, path: &PatchPath) -> Result<&'static Attribute, ScimError> {
    let name = &path.attribute.attr;
    let attribute = schema::attribute(rt, path.attribute.urn.as_deref(), name);
    // Only a step written by another version of the service can name what this one does not know.
    attribute.ok_or_else(|| ScimError::invalid_path(format!("{rt} resources have no attribute \"{name}\"")))
}

fn put(rt: ResourceType, target: &mut Resource, path: &PatchPath, value: &Value, add: bool) -> Result<(), ScimError> {
    let attribute = attribute(rt, path)?;
    if attribute.multi_valued {
        return element::put(target, attribute, path, value, add);
    }
    match &path.attribute.sub {
        None => {
            set(target, attribute.name, value);
        }
        Some(sub) => {
            let whole = target.entry(attribute.name).or_insert_with(|| Value::Object(Map::new()));
            if !whole.is_object() {
                *whole = Value::Object(Map::new());
            }
            if let Value::Object(whole) = whole {
                set(whole, sub, value);
            }
        }
    }
    Ok(())
}

fn remove(rt: ResourceType, target: &mut Resource, path: &PatchPath, only: Option<&[Value]>) -> Result<(), ScimError> {
    let attribute = attribute(rt, path)?;
    if attribute.multi_valued {
        return element::remove(target, attribute, path, only);
    }
    match &path.attribute.sub {
        None => {
            target.remove(attribute.name);
        }
        Some(sub) => {
            if let Some(Value::Object(whole)) = target.get_mut(attribute.name) {
                whole.remove(sub);
                if whole.is_empty() {
                    target.remove(attribute.name);
                }
            }
        }
    }
    Ok(())
}

/// Sets a member without making its name again when it is there.
pub(super) fn set(target: &mut Resource, name: &str, value: &Value) {
    match target.get_mut(name) {
        Some(there) => there.clone_from(value),
        None => {
            target.insert(name.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests;
