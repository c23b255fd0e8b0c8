//! Comparisons of one column with a constant.
//!
//! Text is compared by its bytes on both engines: the columns have the collation `C` on Postgres, and SQLite knows no other. No
//! pattern is ever made of a client's text, so nothing has to be escaped.

use super::{Compiler, Condition};
use crate::Dialect;
use muster_scim::filter::CompareOp;

/// A column that is compared.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    /// Its name with its table's.
    pub sql: &'a str,
    /// It is NULL where the resource has no value.
    pub nullable: bool,
    /// One value belongs to a handful of resources, and an index finds them.
    pub selective: bool,
}

impl Column<'_> {
    /// Says of a negated comparison that the absence of a value satisfies it.
    fn or_absent(self, sql: String, negated: bool) -> String {
        if negated && self.nullable { format!("{} IS NULL OR {sql}", self.sql) } else { sql }
    }

    /// That there is a value, or that there is none.
    pub(super) fn presence(self, negated: bool) -> Condition {
        match (self.nullable, negated) {
            (false, _) => Condition::constant(!negated),
            (true, false) => Condition::exact(format!("{} IS NOT NULL", self.sql)),
            (true, true) => Condition::exact(format!("{} IS NULL", self.sql)),
        }
    }
}

impl Compiler<'_> {
    /// A text column and a text, both in comparison form.
    pub(super) fn text(&mut self, column: Column<'_>, op: CompareOp, text: String, negated: bool) -> Option<Condition> {
        let name = column.sql;
        // No stored text holds NUL, and Postgres does not take one as a parameter.
        if text.contains('\0') {
            let part = matches!(op, CompareOp::Eq | CompareOp::Co | CompareOp::Sw | CompareOp::Ew);
            return part.then(|| Condition::constant(negated));
        }
        if text.is_empty() && matches!(op, CompareOp::Co | CompareOp::Sw | CompareOp::Ew) {
            return Some(column.presence(negated));
        }
        let sql = match op {
            CompareOp::Sw => self.prefix(name, text, negated),
            CompareOp::Co => {
                let find = match self.dialect {
                    Dialect::Postgres => "strpos",
                    Dialect::Sqlite => "instr",
                };
                let parameter = self.parameter(text);
                format!("{find}({name}, {parameter}) {} 0", if negated { "=" } else { ">" })
            }
            CompareOp::Ew => {
                let characters = i32::try_from(text.chars().count()).ok()?;
                let (length, end) = match self.dialect {
                    Dialect::Postgres => (characters, "right"),
                    Dialect::Sqlite => (-characters, "substr"),
                };
                let (length, parameter) = (self.parameter(length), self.parameter(text));
                format!("{end}({name}, {length}) {} {parameter}", if negated { "<>" } else { "=" })
            }
            ordering => {
                let parameter = self.parameter(text);
                format!("{name} {} {parameter}", operator(ordering, negated)?)
            }
        };
        let pinned = column.selective && op == CompareOp::Eq && !negated;
        // Without statistics, SQLite takes two columns of an index to narrow hardly more than one, and would rather walk the account.
        let sql = if pinned && self.dialect == Dialect::Sqlite { format!("likelihood({sql}, 0.00001)") } else { sql };
        Some(Condition { sql: column.or_absent(sql, negated), exact: true, pinned })
    }

    /// A column of numbers that is never NULL.
    ///
    /// The number is written out: whether "changed since" means a few rows or nearly all, the planner must know, and a plan that is
    /// made for any number takes a third of the table for granted.
    pub(super) fn number(column: &str, op: CompareOp, number: i64, negated: bool) -> Option<Condition> {
        let operator = operator(op, negated)?;
        Some(Condition::exact(format!("{column} {operator} {number}")))
    }

    /// Texts that start with `prefix` are those from it up to the first that no longer does: a range of an index.
    fn prefix(&mut self, name: &str, prefix: String, negated: bool) -> String {
        let end = after_prefix(&prefix).map(|end| self.parameter(end));
        let start = self.parameter(prefix);
        match (end, negated) {
            (Some(end), false) => format!("{name} >= {start} AND {name} < {end}"),
            (Some(end), true) => format!("{name} < {start} OR {name} >= {end}"),
            (None, false) => format!("{name} >= {start}"),
            (None, true) => format!("{name} < {start}"),
        }
    }
}

/// The SQL operator of a comparison by order.
pub(super) const fn operator(op: CompareOp, negated: bool) -> Option<&'static str> {
    Some(match (op, negated) {
        (CompareOp::Eq, false) | (CompareOp::Ne, true) => "=",
        (CompareOp::Eq, true) | (CompareOp::Ne, false) => "<>",
        (CompareOp::Gt, false) | (CompareOp::Le, true) => ">",
        (CompareOp::Ge, false) | (CompareOp::Lt, true) => ">=",
        (CompareOp::Lt, false) | (CompareOp::Ge, true) => "<",
        (CompareOp::Le, false) | (CompareOp::Gt, true) => "<=",
        (CompareOp::Co | CompareOp::Sw | CompareOp::Ew, _) => return None,
    })
}

/// The smallest text, by bytes of UTF-8 and so by characters, that is larger than every text with this prefix.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // Ranges of `char` step over the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}
