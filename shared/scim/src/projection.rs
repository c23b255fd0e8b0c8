//! Which attributes an answer has (RFC 7644 §3.9).

use crate::schema::{Attribute, COMMON, Found, Place, Registry, Returned, attribute, core, kept_under, resolve};
use crate::{Compat, Resource, ResourceType, ScimError};
use serde_json::Value;

/// The names in an `attributes` or `excludedAttributes` parameter.
pub fn split_attribute_list(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// What a client wants to see of a resource.
///
/// The attribute table has the last word (RFC 7643 §7): what is returned `always` stays whatever was asked for, what is returned
/// on `request` comes only when it was named. What is `never` returned has been taken out when the resource was rendered.
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
    Attribute(Place),
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
        let always = || COMMON.attribute(attr).is_some_and(|attribute| attribute.returned == Returned::Always);
        let named = |place: &Place| place.urn.is_none() && place.attr == attr;
        match self.kind {
            None => true,
            Some(Kind::Only) => always() || self.places().any(named),
            Some(Kind::Without) => always() || !self.places().any(|place| named(place) && place.sub.is_none()),
        }
    }

    /// Takes out of a rendered resource what is not wanted. `id` and `schemas` always stay.
    pub fn apply(&self, rt: ResourceType, resource: &mut Resource) {
        match self.kind {
            None => {}
            Some(Kind::Without) => self.names.iter().for_each(|name| exclude(rt, resource, name)),
            Some(Kind::Only) => {
                let whole = std::mem::take(resource);
                resource.extend(whole.into_iter().filter_map(|(key, value)| self.part(rt, &key, value).map(|value| (key, value))));
            }
        }
        for place in Registry::global().on_request(rt).iter().filter(|place| !self.asks_for(place)) {
            place.take_out(resource);
        }
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.names.iter().filter_map(|name| match name {
            Name::Attribute(place) => Some(place),
            Name::Extension(_) => None,
        })
    }

    /// Whether something that is returned on request was named.
    fn asks_for(&self, wanted: &Place) -> bool {
        self.kind == Some(Kind::Only)
            && self.names.iter().any(|name| match name {
                Name::Extension(urn) => wanted.urn == Some(urn),
                Name::Attribute(place) => {
                    (place.urn, place.attr) == (wanted.urn, wanted.attr) && (wanted.sub.is_none() || place.sub == wanted.sub)
                }
            })
    }

    /// What is wanted of one member of a resource.
    fn part(&self, rt: ResourceType, key: &str, value: Value) -> Option<Value> {
        if !key.contains(':') {
            return self.attribute(rt, None, key, value);
        }
        if self.names.iter().any(|name| matches!(name, Name::Extension(urn) if *urn == key)) {
            return Some(value);
        }
        let Value::Object(members) = value else { return None };
        let kept: Resource = members
            .into_iter()
            .filter_map(|(name, value)| self.attribute(rt, Some(key), &name, value).map(|value| (name, value)))
            .collect();
        (!kept.is_empty()).then_some(Value::Object(kept))
    }

    fn attribute(&self, rt: ResourceType, urn: Option<&str>, name: &str, value: Value) -> Option<Value> {
        let attribute = attribute(rt, urn, name);
        if attribute.is_some_and(|attribute| attribute.returned == Returned::Always) {
            return Some(value);
        }
        let subs: Vec<_> = self.places().filter(|place| place.urn == urn && place.attr == name).map(|place| place.sub).collect();
        parts(attribute, value, &subs)
    }
}

fn names(rt: ResourceType, list: &str) -> Vec<Name> {
    let mut names = Vec::new();
    for text in split_attribute_list(list) {
        match resolve(rt, text, &Compat::default()) {
            Ok(Found::Attribute { schema, attribute, sub }) => {
                names.push(Name::Attribute(Place { urn: kept_under(rt, schema), attr: attribute.name, sub: sub.map(|sub| sub.name) }))
            }
            Ok(Found::Schema(schema)) => match kept_under(rt, schema) {
                Some(urn) => names.push(Name::Extension(urn)),
                None => names.extend(
                    core(rt).attributes.iter().map(|attribute| Name::Attribute(Place { urn: None, attr: attribute.name, sub: None })),
                ),
            },
            // A name that means nothing is ignored, as in a body.
            Err(_) => {}
        }
    }
    names
}

/// The wanted sub-attributes of a value, and those that are always returned with it; none of them named means all of it.
fn parts(attribute: Option<&'static Attribute>, value: Value, subs: &[Option<&'static str>]) -> Option<Value> {
    if subs.is_empty() {
        return None;
    }
    if subs.contains(&None) {
        return Some(value);
    }
    let wanted = |name: &str| {
        let always = || attribute.and_then(|attribute| attribute.sub(name)).is_some_and(|sub| sub.returned == Returned::Always);
        subs.contains(&Some(name)) || always()
    };
    let keep = |members: Resource| -> Resource { members.into_iter().filter(|(name, _)| wanted(name)).collect() };
    let kept = |value| match value {
        Value::Object(members) => Some(Value::Object(keep(members))).filter(|kept| kept.as_object().is_some_and(|kept| !kept.is_empty())),
        _ => None,
    };
    match value {
        Value::Array(elements) => Some(Value::Array(elements.into_iter().filter_map(kept).collect())),
        one => kept(one),
    }
}

/// Takes out what was excluded, but for what is always returned.
fn exclude(rt: ResourceType, resource: &mut Resource, name: &Name) {
    let always = |attribute: &Attribute| attribute.returned == Returned::Always;
    match name {
        Name::Extension(urn) => {
            let under = resource.get_mut(*urn).and_then(Value::as_object_mut);
            let left = under.is_some_and(|under| {
                under.retain(|name, _| attribute(rt, Some(urn), name).is_some_and(always));
                !under.is_empty()
            });
            if !left {
                resource.remove(*urn);
            }
        }
        Name::Attribute(place) => {
            let whole = attribute(rt, place.urn, place.attr);
            let stays = match place.sub {
                None => whole.is_some_and(always),
                Some(sub) => whole.and_then(|whole| whole.sub(sub)).is_some_and(always),
            };
            if !stays {
                place.take_out(resource);
            }
        }
    }
}

#[cfg(test)]
mod tests;
