//! Filters (RFC 7644 §3.4.2.2): read, printed, and decided for one resource.
//!
//! A [`Filter`] holds only names that exist, in the schema's spelling, and values of the attribute's type. Whoever turns it into
//! a query therefore never meets a client's text but as a value to bind.
//!
//! What the comparisons mean, for everyone who implements them:
//! - Logic has two values. A comparison with an attribute that is absent is false, except `ne`.
//! - `ne` is exactly `not (.. eq ..)`: true when the attribute is absent, and for lists when no element is equal.
//! - Text compares by [`fold`](fn@crate::fold) unless the attribute is `caseExact`; `gt`, `ge`, `lt`, `le` order the same form.
//!   Where such an attribute is unique (`userName`, a group's `displayName`), blanks around it do not count, as for uniqueness.
//! - `dateTime` attributes compare as moments, whatever their zones and fractions.
//! - `eq null` is `not (.. pr)`. Empty text, empty lists and empty objects are not present.
//! - A complex attribute named without a sub-attribute means its `value` (`manager eq "x"`); the reader writes that out.

mod constant;
mod display;
mod frame;
mod lexer;
mod matches;
mod parse;

pub(crate) use matches::comparison_form;
pub(crate) use parse::parse_element;
pub use parse::{parse, parse_for};

use serde::{Deserialize, Serialize};

/// What a resource must satisfy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Filter {
    /// All of these; of none: true.
    And(Vec<Filter>),
    /// Any of these; of none: false.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A value compared with a constant. On a list: some element satisfies it.
    Compare {
        /// What is compared.
        path: AttrPath,
        /// How.
        op: CompareOp,
        /// With what.
        value: FilterValue,
    },
    /// The attribute has a value.
    Present(AttrPath),
    /// Some one element of the list satisfies `filter`, and the comparison of its sub-attribute if there is one. Paths inside
    /// `filter` are sub-attributes: `attr` is the sub-attribute's name and `urn` and `sub` are none.
    ValuePath {
        /// The list; `sub` is none.
        path: AttrPath,
        /// What the element must satisfy.
        filter: Box<Filter>,
        /// What a sub-attribute of the same element must satisfy (`emails[type eq "work"].value eq "x"`).
        sub: Option<(String, CompareOp, FilterValue)>,
    },
}

/// The name of an attribute, in the schema's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttrPath {
    /// The schema's URN, for attributes of an extension only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    /// The attribute.
    pub attr: String,
    /// The sub-attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Le,
}

/// The constant of a comparison, of the attribute's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterValue {
    /// Text, or a moment as it was written (see [`instant_ms`](crate::instant_ms)).
    String(String),
    /// A number.
    Number(serde_json::Number),
    /// True or false.
    Bool(bool),
    /// No value; only with `eq` and `ne`.
    Null,
}

impl CompareOp {
    /// Every operator.
    pub const ALL: [Self; 9] = [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// The operator as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str().eq_ignore_ascii_case(word))
    }
}

impl AttrPath {
    /// An attribute of a core schema, or one that every resource has.
    #[must_use]
    pub fn core(attr: impl Into<String>) -> Self {
        Self { urn: None, attr: attr.into(), sub: None }
    }
}

impl Filter {
    /// The filter that accepts everything, or nothing.
    #[must_use]
    pub const fn constant(holds: bool) -> Self {
        if holds { Self::And(Vec::new()) } else { Self::Or(Vec::new()) }
    }

    /// Whether it looks at this attribute of the resource (the schema's spelling, without a URN).
    #[must_use]
    pub fn mentions(&self, attr: &str) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|filter| filter.mentions(attr)),
            Self::Not(filter) => filter.mentions(attr),
            Self::Compare { path, .. } | Self::Present(path) | Self::ValuePath { path, .. } => path.attr == attr,
        }
    }

    /// Whether it can only be decided with the group's members at hand.
    #[must_use]
    pub fn needs_members(&self) -> bool {
        self.mentions("members")
    }
}

#[cfg(test)]
mod tests;
