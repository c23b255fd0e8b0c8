//! Which attributes an answer has (RFC 7644 §3.9).

use crate::schema::{COMMON, Found, Missing, Returned, core, extension, resolve};
use crate::{Compat, Resource, ResourceType, ScimError};
use serde_json::Value;

/// The names in an `attributes` or `excludedAttributes` parameter.
pub fn split_attribute_list(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// What a client wants to see of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    kind: Option<Kind>,
    names: Vec<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Only,
    Without,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// Everything under an extension's URN.
    Extension(&'static str),
    /// An attribute or a part of it.
    Attribute { urn: Option<&'static str>, attr: &'static str, sub: Option<&'static str> },
}

impl Projection {
    /// Everything that is returned by default.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Reads the two parameters. Names that mean nothing are ignored, as in a body.
    ///
    /// # Errors
    /// 400 `invalidValue` when both are given: the RFC makes them exclusive, and each reading of both would surprise someone.
    pub fn parse(rt: ResourceType, attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, ScimError> {
        let given = |list: Option<&str>| list.is_some_and(|list| split_attribute_list(list).next().is_some());
        match (given(attributes), given(excluded)) {
            (true, true) => Err(ScimError::invalid_value("attributes and excludedAttributes exclude each other; send one of them")),
            (true, false) => Ok(Self { kind: Some(Kind::Only), names: names(rt, attributes.unwrap_or_default()) }),
            (false, true) => Ok(Self { kind: Some(Kind::Without), names: names(rt, excluded.unwrap_or_default()) }),
            (false, false) => Ok(Self::all()),
        }
    }

    /// Whether this attribute (the schema's spelling, without a URN) is in the answer, so that nobody loads what nobody sees.
    #[must_use]
    pub fn wants(&self, attr: &str) -> bool {
        let whole = |name: &Name| matches!(name, Name::Attribute { attr: named, sub: None, .. } if *named == attr);
        let some = |name: &Name| matches!(name, Name::Attribute { attr: named, .. } if *named == attr);
        match self.kind {
            None => true,
            Some(Kind::Only) => always(attr) || self.names.iter().any(some),
            Some(Kind::Without) => always(attr) || !self.names.iter().any(whole),
        }
    }

    /// Takes out of a rendered resource what is not wanted. `id` and `schemas` always stay.
    pub fn apply(&self, rt: ResourceType, resource: &mut Resource) {
        match self.kind {
            None => {}
            Some(Kind::Without) => self.names.iter().for_each(|name| exclude(rt, resource, name)),
            Some(Kind::Only) => {
                let whole = std::mem::take(resource);
                for (key, value) in whole {
                    if always(&key) {
                        resource.insert(key, value);
                    } else if let Some(value) = self.part(&key, value) {
                        resource.insert(key, value);
                    }
                }
            }
        }
    }

    /// What is wanted of one member of a resource.
    fn part(&self, key: &str, value: Value) -> Option<Value> {
        if self.names.iter().any(|name| matches!(name, Name::Extension(urn) if *urn == key)) {
            return Some(value);
        }
        let under = self.names.iter().filter_map(|name| match name {
            Name::Attribute { urn: Some(urn), attr, sub } if *urn == key => Some((*attr, *sub)),
            _ => None,
        });
        let wanted: Vec<_> = under.collect();
        if !wanted.is_empty() {
            let Value::Object(members) = value else { return None };
            let kept: Resource = members
                .into_iter()
                .filter_map(|(attr, value)| {
                    let subs: Vec<_> = wanted.iter().filter(|(named, _)| *named == attr).map(|(_, sub)| *sub).collect();
                    parts(value, &subs).map(|value| (attr, value))
                })
                .collect();
            return (!kept.is_empty()).then_some(Value::Object(kept));
        }
        let subs: Vec<_> = self
            .names
            .iter()
            .filter_map(|name| match name {
                Name::Attribute { urn: None, attr, sub } if *attr == key => Some(*sub),
                _ => None,
            })
            .collect();
        parts(value, &subs)
    }
}

fn names(rt: ResourceType, list: &str) -> Vec<Name> {
    let mut names = Vec::new();
    for text in split_attribute_list(list) {
        match resolve(rt, text, &Compat::default()) {
            Ok(Found::Attribute { schema, attribute, sub }) => {
                let urn = extension(rt).filter(|extension| std::ptr::eq(*extension, schema)).map(|extension| extension.urn);
                names.push(Name::Attribute { urn, attr: attribute.name, sub: sub.map(|sub| sub.name) });
            }
            Ok(Found::Schema(schema)) if extension(rt).is_some_and(|extension| std::ptr::eq(extension, schema)) => {
                names.push(Name::Extension(schema.urn));
            }
            Ok(Found::Schema(_)) => {
                names.extend(core(rt).attributes.iter().map(|attribute| Name::Attribute { urn: None, attr: attribute.name, sub: None }));
            }
            Err(Missing::Attribute | Missing::Schema | Missing::Sub) => {}
        }
    }
    names
}

fn always(key: &str) -> bool {
    COMMON.attribute(key).is_some_and(|attribute| attribute.returned == Returned::Always)
}

/// The wanted sub-attributes of a value; none of them named means all of it.
fn parts(value: Value, subs: &[Option<&'static str>]) -> Option<Value> {
    if subs.is_empty() {
        return None;
    }
    if subs.contains(&None) {
        return Some(value);
    }
    let keep = |members: Resource| -> Resource { members.into_iter().filter(|(name, _)| subs.contains(&Some(name.as_str()))).collect() };
    let kept = |value| match value {
        Value::Object(members) => Some(Value::Object(keep(members))).filter(|kept| kept.as_object().is_some_and(|kept| !kept.is_empty())),
        _ => None,
    };
    match value {
        Value::Array(elements) => Some(Value::Array(elements.into_iter().filter_map(kept).collect())),
        one => kept(one),
    }
}

fn exclude(rt: ResourceType, resource: &mut Resource, name: &Name) {
    match name {
        Name::Extension(urn) => {
            resource.remove(*urn);
        }
        Name::Attribute { attr, .. } if always(attr) => {}
        Name::Attribute { urn: Some(urn), attr, sub } => {
            if let Some(Value::Object(under)) = resource.get_mut(*urn) {
                exclude_from(under, attr, *sub);
                if under.is_empty() {
                    resource.remove(*urn);
                }
            }
        }
        Name::Attribute { urn: None, attr, sub } => {
            debug_assert!(core(rt).attribute(attr).is_some() || COMMON.attribute(attr).is_some());
            exclude_from(resource, attr, *sub);
        }
    }
}

fn exclude_from(target: &mut Resource, attr: &str, sub: Option<&str>) {
    let Some(sub) = sub else {
        target.remove(attr);
        return;
    };
    match target.get_mut(attr) {
        Some(Value::Object(members)) => {
            members.remove(sub);
        }
        Some(Value::Array(elements)) => elements.iter_mut().filter_map(Value::as_object_mut).for_each(|element| {
            element.remove(sub);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
