//! From a target and a value to the steps that carry it out.

use super::path::{self, Target};
use super::template::template;
use super::{ElementFilter, PatchOperation, PatchPath};
use crate::filter::{AttrPath, Filter};
use crate::read::{At, Coerce, required, twice, type_name};
use crate::schema::{Attribute, COMMON, Kind, Meaning, Mutability, Schema, kept_under};
use crate::{Compat, Limits, ResourceType, ScimError};
use serde_json::Value;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Replace,
    Remove,
}

impl Op {
    pub(super) const ALL: [Self; 3] = [Self::Add, Self::Replace, Self::Remove];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// Collects steps.
pub(super) struct Steps<'a> {
    pub(super) rt: ResourceType,
    pub(super) compat: &'a Compat,
    limits: &'a Limits,
    pub(super) coerce: Coerce<'a>,
    pub(super) steps: Vec<PatchOperation>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(rt: ResourceType, compat: &'a Compat, limits: &'a Limits) -> Self {
        Self { rt, compat, limits, coerce: Coerce { compat, limits }, steps: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<PatchOperation> {
        self.steps
    }

    /// Adds the steps of one operation, or of one member of its value. `named` tells that the client wrote the path out: then
    /// what it cannot change is an error; in a value it is skipped, as clients send back what they were shown.
    pub(super) fn target(&mut self, op: Op, target: Target, value: Option<Value>, named: bool) -> Result<(), ScimError> {
        match target {
            Target::Schema(schema) => self.schema(op, schema, value),
            Target::Attribute { schema, attribute, .. } if std::ptr::eq(schema, &COMMON) && attribute.name == "schemas" => Ok(()),
            Target::Attribute { schema, attribute, elements, sub } => {
                if attribute.meaning == Meaning::Discarded {
                    return Ok(());
                }
                if attribute.mutability == Mutability::ReadOnly || sub.is_some_and(|sub| sub.mutability == Mutability::ReadOnly) {
                    return if named { Err(read_only(attribute, sub)) } else { Ok(()) };
                }
                if attribute.meaning == Meaning::Members {
                    return self.members(op, schema, attribute, elements, sub, value);
                }
                let place = Place { schema, attribute, elements, sub };
                match op {
                    Op::Remove => self.remove(&place, value),
                    Op::Add | Op::Replace => self.put(op, place, value.unwrap_or_default()),
                }
            }
        }
    }

    /// A value for a whole schema: one step for each attribute in it.
    fn schema(&mut self, op: Op, schema: &'static Schema, value: Option<Value>) -> Result<(), ScimError> {
        let extended = kept_under(self.rt, schema).is_some();
        match (op, value) {
            // What the extension requires goes with it: it is required of those who have the extension.
            (Op::Remove, _) | (Op::Replace, Some(Value::Null)) if extended => {
                for attribute in schema.attributes.iter().filter(|attribute| attribute.is_writable()) {
                    let path = Place { schema, attribute, elements: None, sub: None }.path(self.rt, self.compat);
                    self.steps.push(PatchOperation::Remove { path, only: None });
                }
                Ok(())
            }
            (Op::Remove, _) => Err(ScimError::no_target(format!("{} as a whole cannot be removed; name an attribute", schema.urn))),
            (_, Some(Value::Object(members))) => {
                for (name, value) in members {
                    // Inside a schema's object names are its own; one that would lead elsewhere is unknown here.
                    match path::parse(self.rt, &format!("{}:{name}", schema.urn), self.compat, self.limits) {
                        Ok(target @ Target::Attribute { .. }) => self.target(op, target, Some(value), false)?,
                        _ => continue,
                    }
                }
                Ok(())
            }
            (_, None | Some(Value::Null)) => Ok(()),
            (_, Some(other)) => Err(ScimError::invalid_value(format!("{} must be an object, not {}", schema.urn, type_name(&other)))),
        }
    }

    fn remove(&mut self, place: &Place, value: Option<Value>) -> Result<(), ScimError> {
        let Place { attribute, sub, .. } = place;
        if attribute.required && sub.is_none() && place.elements.is_none() {
            let mut error = required(attribute);
            error.detail.push_str(" and cannot be removed");
            return Err(error);
        }
        if let Some(sub) = sub.filter(|sub| sub.required) {
            return Err(ScimError::invalid_value(format!("{} is required and cannot be removed", place.at(self.rt).sub(sub.name))));
        }
        let whole_list = attribute.multi_valued && place.elements.is_none() && sub.is_none();
        let only = match value {
            None | Some(Value::Null) => None,
            Some(_) if !whole_list => None,
            Some(_) if !self.compat.removal_by_value => {
                return Err(ScimError::invalid_value(format!(
                    "remove takes no value; write {}[value eq \"...\"] as the path",
                    attribute.name
                )));
            }
            Some(value) => Some(self.coerce.list(&place.at(self.rt), attribute, value)?.unwrap_or_default()),
        };
        self.steps.push(PatchOperation::Remove { path: place.path(self.rt, self.compat), only });
        Ok(())
    }

    fn put(&mut self, op: Op, place: Place, value: Value) -> Result<(), ScimError> {
        let at = place.at(self.rt);
        let Place { attribute, sub, .. } = place;
        let value = match sub {
            Some(sub) => self.coerce.part(&at, attribute, sub, value)?,
            None if place.elements.is_some() => self.one_element(&at, attribute, value)?,
            // The parts of `name` that are sent change, the others stay: one step each. A manager is another person as a whole.
            None if attribute.kind == Kind::Complex && !attribute.multi_valued && attribute.meaning != Meaning::Manager => {
                return self.parts(op, &place, value);
            }
            None => self.coerce.attribute(&at, attribute, value)?,
        };
        match value {
            Some(value) => {
                let path = place.path(self.rt, self.compat);
                self.steps.push(if op == Op::Add { PatchOperation::Add { path, value } } else { PatchOperation::Replace { path, value } });
                Ok(())
            }
            // To add nothing to a list changes nothing; in any other place "no value" clears.
            None if op == Op::Add && attribute.multi_valued && sub.is_none() => Ok(()),
            None => self.remove(&place, None),
        }
    }

    fn parts(&mut self, op: Op, place: &Place, value: Value) -> Result<(), ScimError> {
        let members = match value {
            Value::Object(members) => members,
            Value::Null => return self.remove(place, None),
            Value::String(text) if text.is_empty() && self.compat.empty_string_clears => return self.remove(place, None),
            other => {
                return Err(ScimError::invalid_value(format!("{} must be an object, not {}", place.at(self.rt), type_name(&other))));
            }
        };
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in members {
            let Some(sub) = place.attribute.sub(&name).filter(|sub| sub.mutability != Mutability::ReadOnly) else {
                continue;
            };
            if seen.contains(&sub.name) {
                return Err(twice(&place.at(self.rt).sub(sub.name).to_string()));
            }
            seen.push(sub.name);
            self.put(op, Place { sub: Some(sub), elements: None, ..*place }, value)?;
        }
        Ok(())
    }

    /// The value for elements chosen by a filter: one element, or a list of one.
    fn one_element(&self, at: &At<'_>, list: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        let value = match value {
            Value::Array(mut values) if self.compat.bare_elements && values.len() <= 1 => values.pop().unwrap_or_default(),
            other => other,
        };
        Ok(self.coerce.element(at, list, value)?.map(Value::Object))
    }
}

/// An attribute, or a part of it, that a step is about.
struct Place {
    schema: &'static Schema,
    attribute: &'static Attribute,
    elements: Option<Filter>,
    sub: Option<&'static Attribute>,
}

impl Place {
    fn at(&self, rt: ResourceType) -> At<'static> {
        At::of(rt, self.schema, self.attribute)
    }

    fn path(&self, rt: ResourceType, compat: &Compat) -> PatchPath {
        let attribute = AttrPath {
            urn: kept_under(rt, self.schema).map(str::to_owned),
            attr: self.attribute.name.to_owned(),
            sub: self.sub.map(|sub| sub.name.to_owned()),
        };
        let elements = self.elements.as_ref().map(|filter| ElementFilter {
            filter: filter.clone(),
            create: if compat.value_path_creates { template(filter) } else { None },
        });
        PatchPath { attribute, elements }
    }
}

fn read_only(attribute: &Attribute, sub: Option<&Attribute>) -> ScimError {
    let dot = if sub.is_some() { "." } else { "" };
    let hint = if attribute.meaning == Meaning::Groups { "; change the members of the group instead" } else { "" };
    ScimError::mutability(format!("{}{dot}{} is read-only{hint}", attribute.name, sub.map_or("", |sub| sub.name)))
}
