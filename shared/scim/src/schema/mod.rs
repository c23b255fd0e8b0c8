//! The attributes, each described once.
//!
//! Reading a body, finding an attribute by name, comparing in filters, changing, projecting, rendering and the discovery
//! documents all read these tables. To add an attribute is to add one line here.
//!
//! What an installation adds (extension schemas) is read from its configuration into the same form, once, before anything else:
//! see [`Registry`]. From then on nothing tells the two apart.

mod attribute;
mod common;
mod custom;
mod document;
mod enterprise;
mod group;
mod kind;
mod place;
mod registry;
mod resolve;
mod user;

pub use attribute::Attribute;
pub use custom::CustomType;
pub use document::{Document, Problem};
pub use kind::{Kind, Meaning, Mutability, Returned, Uniqueness};
pub(crate) use place::Place;
pub use registry::{Extension, InUse, Registry};
pub(crate) use resolve::{Found, MISTYPED_ENTERPRISE_URN, Missing, resolve, resolve_sub};

use crate::{ResourceType, urn};
use attribute::by_name;

/// A schema: a URN and its attributes.
#[derive(Debug)]
pub struct Schema {
    /// Its URN.
    pub urn: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it describes, for people.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// Its attribute of this name, in any case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        by_name(self.attributes, name)
    }
}

/// The User schema.
pub static USER: Schema =
    Schema { urn: urn::CORE_USER, name: "User", description: "Someone who may sign in to the platform.", attributes: user::ATTRIBUTES };
/// The Group schema.
pub static GROUP: Schema = Schema { urn: urn::CORE_GROUP, name: "Group", description: "A set of users.", attributes: group::ATTRIBUTES };
/// The enterprise extension of the User schema.
pub static ENTERPRISE_USER: Schema = Schema {
    urn: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "What an organisation says about its people.",
    attributes: enterprise::ATTRIBUTES,
};
/// What every resource has, whatever its schema (RFC 7643 §3.1). It has no URN.
pub static COMMON: Schema = Schema { urn: "", name: "Common", description: "What every resource has.", attributes: common::ATTRIBUTES };

/// The core schema of a resource type.
#[must_use]
pub fn core(rt: ResourceType) -> &'static Schema {
    match rt {
        ResourceType::User => &USER,
        ResourceType::Group => &GROUP,
        ResourceType::Custom(custom) => custom.schema,
    }
}

/// The extensions of a resource type.
#[must_use]
pub fn extensions(rt: ResourceType) -> &'static [Extension] {
    Registry::global().extensions(rt)
}

/// The extension of a resource type whose URN this is, in this spelling.
pub(crate) fn extension(rt: ResourceType, urn: &str) -> Option<&'static Schema> {
    extensions(rt).iter().map(|extension| extension.schema).find(|schema| schema.urn == urn)
}

/// The URN a schema's attributes are kept under: none for those that stand in the resource itself.
pub(crate) fn kept_under(rt: ResourceType, schema: &'static Schema) -> Option<&'static str> {
    let own = std::ptr::eq(schema, &COMMON) || std::ptr::eq(schema, core(rt));
    (!own).then_some(schema.urn)
}

/// The attribute of these names, in the schema's spelling.
pub(crate) fn attribute(rt: ResourceType, urn: Option<&str>, name: &str) -> Option<&'static Attribute> {
    match urn {
        Some(urn) => extension(rt, urn)?.attribute(name),
        None => core(rt).attribute(name).or_else(|| COMMON.attribute(name)),
    }
}

#[cfg(test)]
mod tests;
