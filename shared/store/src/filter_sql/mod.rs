//! SCIM filters as SQL.
//!
//! A filter is compiled to a *necessary* condition: no resource that matches the filter fails the condition. Where the condition
//! is also sufficient it is [`Compiled::exact`], and the database counts and pages by itself. Where it is not (an attribute that
//! lives in the JSON, a value path that must hold within one element), the rows that pass are read in order and the filter itself,
//! the same code that evaluates it in memory, has the last word. So there is one meaning of a filter, on both engines.
//!
//! **Two values, not three.** A filter's logic knows true and false; SQL's also knows NULL. `not` is therefore pushed down to the
//! comparisons, and each comparison is written out in both senses: a negated one says what an absent value means. What is left
//! is `AND` and `OR` over conditions that may be NULL only where the filter says false, and for a `WHERE` these two are one.

mod column;
mod leaf;

pub(crate) use column::after_prefix;

use crate::Dialect;
use muster_scim::{ResourceType, filter::Filter};
use sea_orm::Value;

/// A condition on the table `u` (users) or `g` (groups).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compiled {
    /// SQL that follows `AND`, or nothing.
    pub sql: Option<String>,
    /// The condition says it all.
    pub exact: bool,
    /// At most a handful of rows can pass, found through an index: the rows are to be found first and ordered then.
    pub pinned: bool,
}

/// Compiles `filter`. Its parameters are added to `values`, and numbered by their place there; the first one there is the account.
pub(crate) fn compile(dialect: Dialect, resource_type: ResourceType, filter: Option<&Filter>, values: &mut Vec<Value>) -> Compiled {
    let Some(filter) = filter else {
        return Compiled { sql: None, exact: true, pinned: false };
    };
    match (Compiler { dialect, resource_type, values }).condition(filter, false) {
        Some(Condition { sql, exact, pinned }) => Compiled { sql: Some(sql), exact, pinned },
        None => Compiled { sql: None, exact: false, pinned: false },
    }
}

struct Condition {
    sql: String,
    exact: bool,
    pinned: bool,
}

impl Condition {
    fn exact(sql: String) -> Self {
        Self { sql, exact: true, pinned: false }
    }

    /// The same for every resource.
    fn constant(holds: bool) -> Self {
        let sql = if holds { "1 = 1" } else { "1 = 0" };
        Self { sql: sql.to_owned(), exact: true, pinned: !holds }
    }
}

struct Compiler<'v> {
    dialect: Dialect,
    resource_type: ResourceType,
    values: &'v mut Vec<Value>,
}

impl Compiler<'_> {
    fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// What every resource passes that the filter accepts (or, `negated`, refuses); None when nothing is known.
    // Recursion is bounded: the parser refuses filters deeper than its limit.
    fn condition(&mut self, filter: &Filter, negated: bool) -> Option<Condition> {
        let before = self.values.len();
        let found = match filter {
            Filter::And(parts) if negated => self.any(parts, true),
            Filter::And(parts) => self.all(parts, false),
            Filter::Or(parts) if negated => self.all(parts, true),
            Filter::Or(parts) => self.any(parts, false),
            Filter::Not(inner) => self.condition(inner, !negated),
            Filter::Present(path) => self.present(path, negated),
            Filter::Compare { path, op, value } => self.compare(path, *op, value, negated),
            Filter::ValuePath { path, filter, sub } => self.value_path(path, filter, sub.as_ref(), negated),
        };
        if found.is_none() {
            // A parameter that no condition names would be one too many.
            self.values.truncate(before);
        }
        found
    }

    /// Each part narrows what passes; a part about which nothing is known is left out.
    fn all(&mut self, parts: &[Filter], negated: bool) -> Option<Condition> {
        let found: Vec<Condition> = parts.iter().filter_map(|part| self.condition(part, negated)).collect();
        let exact = found.len() == parts.len() && found.iter().all(|part| part.exact);
        if found.is_empty() {
            return exact.then(|| Condition::constant(true));
        }
        Some(Condition { exact, pinned: found.iter().any(|part| part.pinned), sql: joined(&found, " AND ") })
    }

    /// One part about which nothing is known may let everything through.
    fn any(&mut self, parts: &[Filter], negated: bool) -> Option<Condition> {
        let found: Vec<Condition> = parts.iter().map(|part| self.condition(part, negated)).collect::<Option<_>>()?;
        if found.is_empty() {
            return Some(Condition::constant(false));
        }
        let (exact, pinned) = (found.iter().all(|part| part.exact), found.iter().all(|part| part.pinned));
        Some(Condition { exact, pinned, sql: joined(&found, " OR ") })
    }

    const fn table(&self) -> &'static str {
        match self.resource_type {
            ResourceType::User => "u",
            ResourceType::Group => "g",
            ResourceType::Custom(_) => "c",
        }
    }
}

fn joined(parts: &[Condition], with: &str) -> String {
    parts.iter().map(|part| format!("({})", part.sql)).collect::<Vec<_>>().join(with)
}
