//! Which attributes SQL can judge, and by what.

use super::{Compiler, Condition, column::Column};
use crate::{Dialect, row::in_a_list};
use muster_domain::LoginKey;
use muster_scim::{
    ResourceType,
    filter::{AttrPath, CompareOp, Filter, FilterValue},
    fold, instant_ms,
};
use uuid::Uuid;

/// A membership, from either side.
const GROUPS_OF: &str = "m.account_id = u.account_id AND m.member_id = u.id AND m.group_id";
const MEMBERS_OF: &str = "m.account_id = g.account_id AND m.group_id = g.id AND m.member_id";

impl Compiler<'_> {
    /// `attribute op constant`.
    pub(super) fn compare(&mut self, path: &AttrPath, op: CompareOp, value: &FilterValue, negated: bool) -> Option<Condition> {
        // `ne` is the opposite of `eq`, and `eq null` that of `pr`: for absent values and for lists, too.
        match (op, value) {
            (CompareOp::Eq, FilterValue::Null) => return self.present(path, !negated),
            (CompareOp::Ne, FilterValue::Null) => return self.present(path, negated),
            (CompareOp::Ne, _) => return self.compare(path, CompareOp::Eq, value, !negated),
            _ => {}
        }
        match (plain(path)?, value) {
            (("active", None), FilterValue::Bool(active)) if self.is_user() => {
                // Written out, because the index of those who are not active is found by its own words only.
                Some(Condition::exact(if *active == negated { "NOT u.active" } else { "u.active" }.to_owned()))
            }
            (("id", None), FilterValue::String(text)) => self.id(op, text, negated),
            (("meta", Some("created" | "lastModified")), FilterValue::String(text)) => {
                let column = self.moment(path.sub.as_deref()?);
                Self::number(&column, op, instant_ms(text)?, negated)
            }
            (("meta", Some("resourceType")), FilterValue::String(text)) => {
                Some(Condition::constant(holds(op, self.resource_type.name(), text) != negated))
            }
            (("emails", None | Some("value")), FilterValue::String(text)) if self.is_user() && op == CompareOp::Eq && !negated => {
                Some(self.email(text))
            }
            (("groups", None | Some("value")), FilterValue::String(text)) if self.is_user() && op == CompareOp::Eq => {
                Some(self.membership(text, GROUPS_OF, negated))
            }
            (("members", None | Some("value")), FilterValue::String(text))
                if self.resource_type == ResourceType::Group && op == CompareOp::Eq =>
            {
                Some(self.membership(text, MEMBERS_OF, negated))
            }
            (("externalId", None), FilterValue::String(text)) => {
                let column = format!("{}.external_id", self.table());
                self.text(Column { sql: &column, nullable: true, selective: true }, op, text.clone(), negated)
            }
            ((name, None), FilterValue::String(text)) if Some(name) == self.key().map(|(name, _)| name) => {
                let (_, column) = self.key()?;
                // A part of a text keeps its blanks; a whole one is compared as uniqueness compares it.
                let text = match op {
                    CompareOp::Co | CompareOp::Sw | CompareOp::Ew => fold(text).into_owned(),
                    _ => LoginKey::of(text).into_string(),
                };
                self.text(column, op, text, negated)
            }
            _ => None,
        }
    }

    /// `attribute pr`.
    pub(super) fn present(&mut self, path: &AttrPath, negated: bool) -> Option<Condition> {
        let column = |sql| Column { sql, nullable: true, selective: false };
        let related = |from: &str, key: &str| Some(self.some_membership(&format!("{from} = {key}"), negated));
        match (plain(path)?, self.resource_type) {
            (("id" | "schemas" | "meta", None), _) | (("meta", Some("created" | "lastModified" | "resourceType" | "version")), _) => {
                Some(Condition::constant(!negated))
            }
            (("externalId", None), ResourceType::User) => Some(column("u.external_id").presence(negated)),
            (("externalId", None), ResourceType::Group) => Some(column("g.external_id").presence(negated)),
            (("externalId", None), ResourceType::Custom(_)) => Some(column("c.external_id").presence(negated)),
            (("userName" | "active", None), ResourceType::User) | (("displayName", None), ResourceType::Group) => {
                Some(Condition::constant(!negated))
            }
            (("displayName", None), ResourceType::User) => Some(column("u.display_name").presence(negated)),
            // There is a first address when there is any.
            (("emails", Some("value")), ResourceType::User) => Some(column("u.email").presence(negated)),
            (("groups", None | Some("value")), ResourceType::User) => related(GROUPS_OF, "m.group_id"),
            (("members", None | Some("value")), ResourceType::Group) => related(MEMBERS_OF, "m.member_id"),
            _ => None,
        }
    }

    /// `emails[type eq "work"].value eq "x"`, `emails[type eq "work" and value eq "x"]`, `members[value eq "x"]`.
    pub(super) fn value_path(
        &mut self,
        path: &AttrPath,
        filter: &Filter,
        sub: Option<&(String, CompareOp, FilterValue)>,
        negated: bool,
    ) -> Option<Condition> {
        let within = |name: &str| AttrPath { urn: path.urn.clone(), attr: path.attr.clone(), sub: Some(name.to_owned()) };
        let mut terms = match filter {
            Filter::And(terms) => terms.iter().collect(),
            term => vec![term],
        };
        let alone = sub.is_none() && terms.len() == 1;
        // What is only necessary says nothing of the opposite; and `ne` within an element is not `ne` of the list.
        if negated && !alone {
            return None;
        }
        let outside = sub.map(|(name, op, value)| Filter::Compare { path: within(name), op: *op, value: value.clone() });
        terms.extend(outside.as_ref());
        terms.into_iter().find_map(|term| {
            let Filter::Compare { path: inner, op: op @ CompareOp::Eq, value: value @ FilterValue::String(_) } = term else { return None };
            let before = self.values.len();
            let found = self.compare(&within(inner.sub.as_deref().unwrap_or(&inner.attr)), *op, value, negated);
            match found {
                Some(condition) if !negated || condition.exact => Some(Condition { exact: condition.exact && alone, ..condition }),
                _ => {
                    self.values.truncate(before);
                    None
                }
            }
        })
    }

    /// The attribute whose comparison form is unique, and its column.
    fn key(&self) -> Option<(&'static str, Column<'static>)> {
        Some(match self.resource_type {
            ResourceType::User => ("userName", Column { sql: "u.login_key", nullable: false, selective: true }),
            ResourceType::Group => ("displayName", Column { sql: "g.display_key", nullable: false, selective: true }),
            ResourceType::Custom(_) => return None,
        })
    }

    /// Ids are compared as text: another spelling of the same UUID is another id. The order of the text is that of the UUID.
    fn id(&mut self, op: CompareOp, text: &str, negated: bool) -> Option<Condition> {
        let table = self.table();
        if let Some(id) = canonical(text)
            && let Some(operator) = super::column::operator(op, negated)
        {
            let parameter = self.parameter(id);
            let pinned = op == CompareOp::Eq && !negated;
            return Some(Condition { sql: format!("{table}.id {operator} {parameter}"), exact: true, pinned });
        }
        if op == CompareOp::Eq {
            return Some(Condition::constant(negated));
        }
        let written = match self.dialect {
            Dialect::Postgres => format!("CAST({table}.id AS text) COLLATE \"C\""),
            Dialect::Sqlite => {
                let part = |from, length| format!("substr(lower(hex({table}.id)), {from}, {length})");
                [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ")
            }
        };
        self.text(Column { sql: &format!("({written})"), nullable: false, selective: false }, op, text.to_owned(), negated)
    }

    /// Only necessary: the keys are trimmed, and the filter's text is compared with the address as it was sent.
    fn email(&mut self, text: &str) -> Condition {
        let key = LoginKey::of(text).into_string();
        if key.is_empty() || key.contains('\0') {
            return Condition { exact: false, ..Condition::constant(key.is_empty()) };
        }
        // Each place an address can be in is looked up by itself, and the look-ups are kept apart: from one condition about both, a
        // planner without statistics makes a walk through the account.
        let (first, other) = match self.dialect {
            Dialect::Postgres => {
                let (listed, key) = (self.parameter(in_a_list(&key)), self.parameter(key));
                let other = format!(
                    "SELECT e.id FROM (SELECT e.account_id, e.id FROM users e WHERE e.other_email_keys IS NOT NULL \
                     AND string_to_array(e.other_email_keys, chr(10)) @> ARRAY[CAST({listed} AS text)] OFFSET 0) e WHERE e.account_id = $1"
                );
                (format!("e.email_key = {key}"), other)
            }
            Dialect::Sqlite => {
                let (within, key) = (self.parameter(format!("\n{}\n", in_a_list(&key))), self.parameter(key));
                let other = format!(
                    "SELECT e.id FROM users e WHERE e.account_id = $1 AND e.other_email_keys IS NOT NULL \
                     AND instr(e.other_email_keys, {within}) > 0"
                );
                (format!("likelihood(e.email_key = {key}, 0.00001)"), other)
            }
        };
        let sql = format!("u.id IN (SELECT e.id FROM users e WHERE e.account_id = $1 AND {first} UNION ALL {other})");
        Condition { sql, exact: false, pinned: true }
    }

    fn membership(&mut self, text: &str, join: &str, negated: bool) -> Condition {
        let Some(id) = canonical(text) else { return Condition::constant(negated) };
        let parameter = self.parameter(id);
        self.some_membership(&format!("{join} = {parameter}"), negated)
    }

    /// Whether there is a membership like this.
    fn some_membership(&self, condition: &str, negated: bool) -> Condition {
        let is = match (self.dialect, negated) {
            // SQLite (3.51) makes a join of a bare EXISTS, and then OFFSET counts a row once for each match. It does not see through
            // a comparison.
            (Dialect::Sqlite, false) => " IS TRUE",
            _ => "",
        };
        let not = if negated { "NOT " } else { "" };
        Condition::exact(format!("{not}EXISTS (SELECT 1 FROM group_member m WHERE {condition}){is}"))
    }

    fn moment(&self, sub: &str) -> String {
        format!("{}.{}", self.table(), if sub == "created" { "created_ms" } else { "modified_ms" })
    }

    fn is_user(&self) -> bool {
        self.resource_type == ResourceType::User
    }
}

/// The names of an attribute that no extension brings.
fn plain(path: &AttrPath) -> Option<(&str, Option<&str>)> {
    path.urn.is_none().then_some((path.attr.as_str(), path.sub.as_deref()))
}

/// The UUID a text is the one spelling of.
fn canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.hyphenated().to_string() == text)
}

/// A comparison of two known texts.
fn holds(op: CompareOp, found: &str, text: &str) -> bool {
    match op {
        CompareOp::Eq => found == text,
        CompareOp::Ne => found != text,
        CompareOp::Co => found.contains(text),
        CompareOp::Sw => found.starts_with(text),
        CompareOp::Ew => found.ends_with(text),
        CompareOp::Gt => found > text,
        CompareOp::Ge => found >= text,
        CompareOp::Lt => found < text,
        CompareOp::Le => found <= text,
    }
}
