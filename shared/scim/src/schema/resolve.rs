//! From a name as a client writes it to an attribute.
//!
//! A name is `attribute`, `attribute.sub`, `urn:attribute` or `urn:attribute.sub`, each in any case. It is split at a URN that
//! is known, never at a dot: every schema URN has a dot of its own (`...:2.0:User`).

use super::{Attribute, COMMON, ENTERPRISE_USER, Schema, core, extensions};
use crate::{Compat, ResourceType};

/// How one of Entra ID's documented requests spells the URN of the enterprise extension.
pub(crate) const MISTYPED_ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// An attribute, or a sub-attribute of it.
    Attribute {
        /// The schema it belongs to.
        schema: &'static Schema,
        attribute: &'static Attribute,
        sub: Option<&'static Attribute>,
    },
    /// A schema as a whole: the name is a URN and nothing more.
    Schema(&'static Schema),
}

/// Why a name means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It starts with a URN no resource of this type has.
    Schema,
    /// No attribute is called that.
    Attribute,
    /// The attribute exists and has no such sub-attribute.
    Sub,
}

/// Finds what a name means.
pub(crate) fn resolve(rt: ResourceType, name: &str, compat: &Compat) -> Result<Found, Missing> {
    // Nearly every name is plain; the URNs are only tried on what has a colon.
    if name.contains(':') {
        let (schema, rest) = strip_urn(rt, name, compat).ok_or(Missing::Schema)?;
        if rest.is_empty() {
            return Ok(Found::Schema(schema));
        }
        let (first, sub) = split_dot(rest);
        // Some clients qualify common attributes with the core URN as well.
        let (schema, attribute) = match schema.attribute(first) {
            Some(attribute) => (schema, attribute),
            None if std::ptr::eq(schema, core(rt)) => (&COMMON, COMMON.attribute(first).ok_or(Missing::Attribute)?),
            None => return Err(Missing::Attribute),
        };
        return with_sub(schema, attribute, sub);
    }
    let (first, sub) = split_dot(name);
    let enterprise = if compat.unqualified_enterprise { enterprise(rt) } else { None };
    let mut schemas = [Some(core(rt)), Some(&COMMON), enterprise].into_iter().flatten();
    let (schema, attribute) =
        schemas.find_map(|schema| schema.attribute(first).map(|attribute| (schema, attribute))).ok_or(Missing::Attribute)?;
    with_sub(schema, attribute, sub)
}

/// Finds a sub-attribute by the name it has inside a value filter.
pub(crate) fn resolve_sub(attribute: &Attribute, name: &str) -> Result<&'static Attribute, Missing> {
    attribute.sub(name).ok_or(Missing::Sub)
}

/// Takes a known schema URN and the separator off the front of a name.
fn strip_urn<'a>(rt: ResourceType, name: &'a str, compat: &Compat) -> Option<(&'static Schema, &'a str)> {
    let known = std::iter::once(core(rt)).chain(extensions(rt).iter().map(|extension| extension.schema));
    // One URN may be the beginning of another; the longer one is the one that was meant.
    let found = known.filter_map(|schema| strip(name, schema.urn, compat).map(|rest| (schema, rest))).min_by_key(|(_, rest)| rest.len());
    if found.is_some() || !compat.mistyped_enterprise_urn {
        return found;
    }
    enterprise(rt).and_then(|schema| strip(name, MISTYPED_ENTERPRISE_URN, compat).map(|rest| (schema, rest)))
}

fn enterprise(rt: ResourceType) -> Option<&'static Schema> {
    extensions(rt).iter().map(|extension| extension.schema).find(|schema| std::ptr::eq(*schema, &ENTERPRISE_USER))
}

fn strip<'a>(name: &'a str, urn: &str, compat: &Compat) -> Option<&'a str> {
    let (head, rest) = name.split_at_checked(urn.len())?;
    if !head.eq_ignore_ascii_case(urn) {
        return None;
    }
    match rest.as_bytes().first() {
        None => Some(rest),
        Some(b':') => Some(&rest[1..]),
        Some(b'.') if compat.dot_after_urn => Some(&rest[1..]),
        Some(_) => None,
    }
}

fn split_dot(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((first, sub)) => (first, Some(sub)),
        None => (name, None),
    }
}

fn with_sub(schema: &'static Schema, attribute: &'static Attribute, sub: Option<&str>) -> Result<Found, Missing> {
    let sub = sub.map(|sub| resolve_sub(attribute, sub)).transpose()?;
    Ok(Found::Attribute { schema, attribute, sub })
}
