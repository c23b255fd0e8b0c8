//! The parentheses that are open while a filter is read.

use super::{AttrPath, Filter};
use crate::schema::Attribute;

/// What a parenthesis or bracket opened.
pub(super) enum Opened {
    Root,
    Group {
        negated: bool,
    },
    /// `absent`: resources of this type have no such attribute.
    Value {
        path: AttrPath,
        attribute: &'static Attribute,
        absent: bool,
    },
}

/// One open parenthesis: the finished alternatives, and the terms of the one being read.
pub(super) struct Frame {
    pub(super) opened: Opened,
    alternatives: Vec<Filter>,
    terms: Vec<Filter>,
}

impl Frame {
    pub(super) fn new(opened: Opened) -> Self {
        Self { opened, alternatives: Vec::new(), terms: Vec::new() }
    }

    /// Adds a term to the alternative being read.
    pub(super) fn add(&mut self, filter: Filter) {
        match filter {
            Filter::And(all) => self.terms.extend(all),
            other => self.terms.push(other),
        }
    }

    /// Ends the alternative being read.
    pub(super) fn alternative(&mut self) {
        match one_or(std::mem::take(&mut self.terms), Filter::And) {
            Filter::Or(all) => self.alternatives.extend(all),
            other => self.alternatives.push(other),
        }
    }

    /// Ends the group: what opened it, and the filter in it.
    pub(super) fn finish(mut self) -> (Opened, Filter) {
        self.alternative();
        (self.opened, one_or(self.alternatives, Filter::Or))
    }
}

fn one_or(mut all: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            many(all)
        }
    }
}
