//! One attribute, with everything that is decided by it.

use super::{Kind, Meaning, Mutability, Returned, Uniqueness};

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
    /// Whether two resources of an account may have the same value.
    pub uniqueness: Uniqueness,
    /// The longest value, in characters; 0 means only the limit on every string holds. Values that are looked up by an index
    /// have one, because an index refuses what is too long for it.
    pub max_chars: usize,
    /// Values the client is likely to mean. Others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point at.
    pub reference_types: &'static [&'static str],
    /// The sub-attributes of a complex attribute.
    pub sub_attributes: &'static [Attribute],
    /// What this service does with it beyond keeping it.
    pub meaning: Meaning,
    /// Left out of the schema documents: it is known, but clients that read the documents trip over it.
    pub undocumented: bool,
    /// What it is, for people.
    pub description: &'static str,
}

impl Attribute {
    pub(super) const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            max_chars: 0,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            meaning: Meaning::Data,
            undocumented: false,
            description,
        }
    }

    pub(super) const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    pub(super) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    pub(super) const fn reference(name: &'static str, types: &'static [&'static str], description: &'static str) -> Self {
        let mut attribute = Self::new(name, Kind::Reference, description).exact();
        attribute.reference_types = types;
        attribute
    }

    pub(super) const fn complex(name: &'static str, sub_attributes: &'static [Attribute], description: &'static str) -> Self {
        let mut attribute = Self::new(name, Kind::Complex, description);
        attribute.sub_attributes = sub_attributes;
        attribute
    }

    pub(super) const fn multi(name: &'static str, sub_attributes: &'static [Attribute], description: &'static str) -> Self {
        let mut attribute = Self::complex(name, sub_attributes, description);
        attribute.multi_valued = true;
        attribute
    }

    pub(super) const fn list(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    pub(super) const fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn max_chars(mut self, max_chars: usize) -> Self {
        self.max_chars = max_chars;
        self
    }

    pub(super) const fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    pub(super) const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    pub(super) const fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    pub(super) const fn values(mut self, canonical_values: &'static [&'static str]) -> Self {
        self.canonical_values = canonical_values;
        self
    }

    pub(super) const fn meaning(mut self, meaning: Meaning) -> Self {
        self.meaning = meaning;
        self
    }

    pub(super) const fn undocumented(mut self) -> Self {
        self.undocumented = true;
        self
    }

    /// Its sub-attribute of this name, in any case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        by_name(self.sub_attributes, name)
    }

    /// Whether a client may set it: in a new resource, in a new element, or at any time.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.mutability != Mutability::ReadOnly && self.meaning != Meaning::Discarded
    }

    /// Whether a value of it may leave the service: what is `returned: never` does not, and what is `writeOnly` does not, either
    /// (RFC 7643 §7).
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.returned == Returned::Never || self.mutability == Mutability::WriteOnly
    }
}

// The tables are short: comparing lengths first makes a scan cheaper than hashing a lower-cased copy.
pub(super) fn by_name(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
