//! Where in a body something is, for messages. Nothing is put together until there is something to say.

use crate::ResourceType;
use crate::schema::{Attribute, Schema, kept_under};
use std::fmt;

/// A place in a body: `emails[1].value`.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    outer: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Attribute { urn: Option<&'a str>, name: &'a str },
    Sub(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// An attribute; with its schema's URN when that is an extension.
    pub(crate) fn of(rt: ResourceType, schema: &'static Schema, attribute: &'static Attribute) -> At<'static> {
        At { outer: None, step: Step::Attribute { urn: kept_under(rt, schema), name: attribute.name } }
    }

    pub(crate) fn sub(&'a self, name: &'a str) -> At<'a> {
        At { outer: Some(self), step: Step::Sub(name) }
    }

    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At { outer: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        match self.step {
            Step::Attribute { urn: Some(urn), name } => write!(f, "{urn}:{name}"),
            Step::Attribute { urn: None, name } => f.write_str(name),
            Step::Sub(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}
