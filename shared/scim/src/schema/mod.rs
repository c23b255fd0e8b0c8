//! The attributes, each described once.
//!
//! Reading a body, finding an attribute by name, comparing in filters, projecting and the discovery documents all read these
//! tables. To add an attribute is to add one line here.

mod common;
mod enterprise;
mod group;
mod kind;
mod resolve;
mod user;

pub use kind::{Kind, Mutability, Returned};
pub(crate) use resolve::{Found, Missing, resolve, resolve_sub};

use crate::{ResourceType, urn};

/// One attribute of a schema, or one sub-attribute of an attribute.
#[derive(Debug)]
pub struct Attribute {
    /// The name as the schema spells it.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// A list of values.
    pub multi_valued: bool,
    /// No resource is without it.
    pub required: bool,
    /// Compares with case.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// No two resources of an account have the same value.
    pub unique: bool,
    /// The longest value, in characters; 0 means only the limit on every string holds. Values that are looked up by an index
    /// have one, because an index refuses what is too long for it.
    pub max_chars: usize,
    /// Values the client is likely to mean. Others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point at.
    pub reference_types: &'static [&'static str],
    /// The sub-attributes of a complex attribute.
    pub sub_attributes: &'static [Attribute],
    /// Left out of the schema documents: it is known, but clients that read the documents trip over it.
    pub undocumented: bool,
    /// What it is, for people.
    pub description: &'static str,
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            max_chars: 0,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            undocumented: false,
            description,
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    const fn reference(name: &'static str, types: &'static [&'static str], description: &'static str) -> Self {
        let mut attribute = Self::new(name, Kind::Reference, description).exact();
        attribute.reference_types = types;
        attribute
    }

    const fn complex(name: &'static str, sub_attributes: &'static [Attribute], description: &'static str) -> Self {
        let mut attribute = Self::new(name, Kind::Complex, description);
        attribute.sub_attributes = sub_attributes;
        attribute
    }

    const fn multi(name: &'static str, sub_attributes: &'static [Attribute], description: &'static str) -> Self {
        let mut attribute = Self::complex(name, sub_attributes, description);
        attribute.multi_valued = true;
        attribute
    }

    const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    const fn max_chars(mut self, max_chars: usize) -> Self {
        self.max_chars = max_chars;
        self
    }

    const fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    const fn values(mut self, canonical_values: &'static [&'static str]) -> Self {
        self.canonical_values = canonical_values;
        self
    }

    const fn undocumented(mut self) -> Self {
        self.undocumented = true;
        self
    }

    /// Its sub-attribute of this name, in any case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        by_name(self.sub_attributes, name)
    }
}

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

/// The schemas that have a document, in the order they are listed.
pub static DOCUMENTED: [&Schema; 3] = [&USER, &GROUP, &ENTERPRISE_USER];

/// The core schema of a resource type.
#[must_use]
pub fn core(rt: ResourceType) -> &'static Schema {
    match rt {
        ResourceType::User => &USER,
        ResourceType::Group => &GROUP,
    }
}

/// The extension of a resource type, if it has one.
#[must_use]
pub fn extension(rt: ResourceType) -> Option<&'static Schema> {
    match rt {
        ResourceType::User => Some(&ENTERPRISE_USER),
        ResourceType::Group => None,
    }
}

// The tables are short: comparing lengths first makes a scan cheaper than hashing a lower-cased copy.
fn by_name(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
