//! SCIM filters as SQL.
//!
//! A filter is compiled to a *necessary* condition: no resource that matches the filter fails the condition. Where the condition
//! is also sufficient it is [`Compiled::exact`], and the database counts and pages by itself. Where it is not (an attribute that
//! lives in the JSON, a value path that must hold within one element), the rows that pass are read in order and the filter itself,
//! the same code that evaluates it in memory, has the last word. So there is one meaning of a filter, on both engines.

use muster_domain::LoginKey;
use muster_scim::{
    ResourceType,
    filter::{AttrPath, CompareOp, Filter, FilterValue},
    instant_ms,
};
use sea_orm::Value;
use uuid::Uuid;

/// A condition on the table `u` (users) or `g` (groups).
pub(crate) struct Compiled {
    /// SQL that follows `AND`, or nothing.
    pub sql: Option<String>,
    /// Its parameters, numbered after those that were there before.
    pub values: Vec<Value>,
    /// The condition says it all.
    pub exact: bool,
}

/// Compiles `filter`; parameters are numbered from `first`.
pub(crate) fn compile(resource_type: ResourceType, filter: Option<&Filter>, first: usize) -> Compiled {
    let Some(filter) = filter else {
        return Compiled { sql: None, values: Vec::new(), exact: true };
    };
    let mut compiler = Compiler { resource_type, first, values: Vec::new() };
    match compiler.condition(filter) {
        Some(Condition { sql, exact }) => Compiled { sql: Some(sql), values: compiler.values, exact },
        None => Compiled { sql: None, values: Vec::new(), exact: false },
    }
}

struct Condition {
    sql: String,
    exact: bool,
}

struct Compiler {
    resource_type: ResourceType,
    first: usize,
    values: Vec<Value>,
}

impl Compiler {
    fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.first + self.values.len() - 1)
    }

    // Recursion is bounded: the parser refuses filters deeper than its limit.
    fn condition(&mut self, filter: &Filter) -> Option<Condition> {
        match filter {
            Filter::And(parts) => {
                let found: Vec<Condition> = parts.iter().filter_map(|part| self.condition(part)).collect();
                let exact = found.len() == parts.len() && found.iter().all(|part| part.exact);
                let sql = found.iter().map(|part| format!("({})", part.sql)).collect::<Vec<_>>().join(" AND ");
                if found.is_empty() { None } else { Some(Condition { sql, exact }) }
            }
            Filter::Or(parts) => {
                let before = self.values.len();
                let found: Option<Vec<Condition>> = parts.iter().map(|part| self.condition(part)).collect();
                let Some(found) = found else {
                    self.values.truncate(before);
                    return None;
                };
                let sql = found.iter().map(|part| format!("({})", part.sql)).collect::<Vec<_>>().join(" OR ");
                Some(Condition { sql, exact: found.iter().all(|part| part.exact) })
            }
            // The opposite of a necessary condition is not necessary, and NULL makes the opposite of an exact one wrong.
            Filter::Not(_) | Filter::Present(_) => None,
            Filter::Compare { path, op, value } => self.compare(path, *op, value),
            Filter::ValuePath { path, filter, sub } => self.value_path(path, filter, sub.as_ref()),
        }
    }

    fn compare(&mut self, path: &AttrPath, op: CompareOp, value: &FilterValue) -> Option<Condition> {
        if path.urn.is_some() {
            return None;
        }
        let exact = |sql: String| Some(Condition { sql, exact: true });
        match (self.resource_type, path.attr.as_str(), path.sub.as_deref(), op, value) {
            (_, "id", None, CompareOp::Eq, FilterValue::String(text)) => match Uuid::try_parse(text) {
                // Ids are compared as text: another spelling of the same UUID is another id.
                Ok(id) if id.hyphenated().to_string() == *text => {
                    let parameter = self.parameter(id);
                    exact(format!("{}.id = {parameter}", self.table()))
                }
                _ => exact("1 = 0".into()),
            },
            (_, "externalId", None, CompareOp::Eq, FilterValue::String(text)) => {
                let parameter = self.parameter(text.clone());
                exact(format!("{}.external_id = {parameter}", self.table()))
            }
            (ResourceType::User, "userName", None, op, FilterValue::String(text)) => self.key("u.login_key", op, text),
            (ResourceType::Group, "displayName", None, op, FilterValue::String(text)) => self.key("g.display_key", op, text),
            (ResourceType::User, "active", None, CompareOp::Eq, FilterValue::Bool(active)) => {
                let parameter = self.parameter(*active);
                exact(format!("u.active = {parameter}"))
            }
            (ResourceType::User, "emails", None | Some("value"), CompareOp::Eq, FilterValue::String(text)) => Some(self.email(text)),
            (ResourceType::User, "groups", None | Some("value"), CompareOp::Eq, FilterValue::String(text)) => {
                self.membership(text, "m.member_id = u.id AND m.account_id = u.account_id AND m.group_id")
            }
            (ResourceType::Group, "members", None | Some("value"), CompareOp::Eq, FilterValue::String(text)) => {
                self.membership(text, "m.group_id = g.id AND m.account_id = g.account_id AND m.member_id")
            }
            (_, "meta", Some(sub @ ("created" | "lastModified")), op, FilterValue::String(text)) => {
                let column = if sub == "created" { "created_ms" } else { "modified_ms" };
                let operator = match op {
                    CompareOp::Eq => "=",
                    CompareOp::Gt => ">",
                    CompareOp::Ge => ">=",
                    CompareOp::Lt => "<",
                    CompareOp::Le => "<=",
                    _ => return None,
                };
                let parameter = self.parameter(instant_ms(text)?);
                exact(format!("{}.{column} {operator} {parameter}", self.table()))
            }
            _ => None,
        }
    }

    /// `emails[type eq "work"].value eq "x"`, `emails[type eq "work" and value eq "x"]`, `members[value eq "x"]`.
    fn value_path(&mut self, path: &AttrPath, filter: &Filter, sub: Option<&(String, CompareOp, FilterValue)>) -> Option<Condition> {
        if let Some((sub, op, value)) = sub {
            let path = AttrPath { urn: path.urn.clone(), attr: path.attr.clone(), sub: Some(sub.clone()) };
            // Only necessary: the value must be of an element that the filter in brackets selects.
            return self.compare(&path, *op, value).map(|condition| Condition { exact: false, ..condition });
        }
        let terms = match filter {
            Filter::And(terms) => terms.as_slice(),
            term @ Filter::Compare { .. } => std::slice::from_ref(term),
            _ => return None,
        };
        let alone = terms.len() == 1;
        terms.iter().find_map(|term| {
            let Filter::Compare { path: inner, op, value } = term else { return None };
            let within = inner.sub.as_deref().unwrap_or(&inner.attr);
            let path = AttrPath { urn: path.urn.clone(), attr: path.attr.clone(), sub: Some(within.to_owned()) };
            self.compare(&path, *op, value).map(|condition| Condition { exact: condition.exact && alone, ..condition })
        })
    }

    fn key(&mut self, column: &str, op: CompareOp, text: &str) -> Option<Condition> {
        let key = LoginKey::of(text).into_string();
        match op {
            CompareOp::Eq => {
                let parameter = self.parameter(key);
                Some(Condition { sql: format!("{column} = {parameter}"), exact: true })
            }
            CompareOp::Sw | CompareOp::Co | CompareOp::Ew => {
                let escaped = key.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                let pattern = match op {
                    CompareOp::Sw => format!("{escaped}%"),
                    CompareOp::Ew => format!("%{escaped}"),
                    _ => format!("%{escaped}%"),
                };
                let parameter = self.parameter(pattern);
                // Keys are trimmed and the filter's text was too, so this lets through at least what matches.
                Some(Condition { sql: format!("{column} LIKE {parameter} ESCAPE '\\'"), exact: false })
            }
            _ => None,
        }
    }

    fn email(&mut self, text: &str) -> Condition {
        let key = LoginKey::of(text).into_string();
        let escaped = key.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let first = self.parameter(key);
        let other = self.parameter(format!("%\n{escaped}\n%"));
        let sql = format!("u.email_key = {first} OR (u.other_email_keys IS NOT NULL AND u.other_email_keys LIKE {other} ESCAPE '\\')");
        Condition { sql, exact: false }
    }

    fn membership(&mut self, text: &str, join: &str) -> Option<Condition> {
        let sql = match Uuid::try_parse(text) {
            Ok(id) if id.hyphenated().to_string() == *text => {
                let parameter = self.parameter(id);
                format!("EXISTS (SELECT 1 FROM group_member m WHERE {join} = {parameter})")
            }
            _ => "1 = 0".into(),
        };
        Some(Condition { sql, exact: true })
    }

    const fn table(&self) -> &'static str {
        match self.resource_type {
            ResourceType::User => "u",
            ResourceType::Group => "g",
        }
    }
}
