//! Groups, and the members of one.

use super::{
    overview::AtMost,
    part::{Part, Place},
};
use crate::{Dialect, Store, StoreError, filter_sql::after_prefix};
use muster_domain::{AccountId, GroupId, LoginKey};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::fmt::Write as _;
use uuid::Uuid;

/// Members of a group that a list counts: fifty groups of a hundred thousand must not cost fifty times a hundred thousand.
const COUNTED: u32 = 1_000;

/// Which groups to list.
#[derive(Clone, Debug, Default)]
pub struct GroupQuery {
    /// Whose name begins like this; case does not matter.
    pub search: Option<String>,
    /// From this place on, a name in comparison form; from the beginning without one.
    pub from: Option<Place<String>>,
    /// How many at most.
    pub limit: u32,
}

/// A group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub display_name: String,
    /// Whether a directory knows it: it has an `externalId`.
    pub linked: bool,
    /// How many members it has.
    pub members: AtMost,
    /// When it or its membership was last changed, milliseconds since 1970.
    pub modified_ms: i64,
    key: String,
}

/// A member of a group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: Uuid,
    /// It is a group itself.
    pub is_group: bool,
    /// What it signs in with, or the group's name.
    pub name: Option<String>,
    /// A user's name for people.
    pub display_name: Option<String>,
    /// Whether a user may sign in.
    pub active: Option<bool>,
}

/// A part of the groups of an account, in order of name.
///
/// # Errors
/// When the database fails.
pub async fn groups(store: &Store, account: AccountId, query: &GroupQuery) -> Result<Part<ListedGroup, String>, StoreError> {
    let rows = store.reader().query_all_raw(groups_statement(store, account, query)).await?;
    let rows = rows.iter().map(read_group).collect::<Result<_, _>>()?;
    Ok(Part::met(rows, query.limit, query.from.as_ref(), None, |group: &ListedGroup| group.key.clone()))
}

pub(super) fn groups_statement(store: &Store, account: AccountId, query: &GroupQuery) -> Statement {
    let mut values: Vec<Value> = vec![account.0.into()];
    let mut parameter = |value: String| {
        values.push(value.into());
        format!("${}", values.len())
    };
    let mut conditions = String::from("g.account_id = $1 AND g.display_key >= ''");
    let start = query.search.as_deref().map(|text| LoginKey::of(text).into_string()).filter(|start| !start.is_empty());
    if let Some(start) = start {
        if let Some(end) = after_prefix(&start) {
            let _ = write!(conditions, " AND g.display_key < {}", parameter(end));
        }
        let _ = write!(conditions, " AND g.display_key >= {}", parameter(start));
    }
    let backwards = query.from.as_ref().is_some_and(|from| from.backwards);
    let (beyond, direction) = if backwards { ("<", "DESC") } else { (">", "ASC") };
    if let Some(from) = &query.from {
        let _ = write!(conditions, " AND g.display_key {beyond} {}", parameter(from.at.clone()));
    }
    // As with users: SQLite would rather sort them all.
    let from = if store.dialect() == Dialect::Sqlite { "user_group g INDEXED BY user_group_display_key" } else { "user_group g" };
    let sql = format!(
        "SELECT p.*, (SELECT count(*) FROM (SELECT 1 FROM group_member m WHERE m.account_id = p.account_id AND m.group_id = p.id LIMIT {}) c) \
         AS members FROM (SELECT g.account_id, g.id, g.display_name, g.display_key, g.external_id, g.modified_ms FROM {from} \
         WHERE {conditions} ORDER BY g.display_key {direction} LIMIT {}) p ORDER BY p.display_key {direction}",
        COUNTED + 1,
        query.limit + 1
    );
    store.statement(sql, values)
}

fn read_group(row: &QueryResult) -> Result<ListedGroup, StoreError> {
    let external_id: Option<String> = row.try_get("", "external_id")?;
    Ok(ListedGroup {
        id: GroupId(row.try_get("", "id")?),
        display_name: row.try_get("", "display_name")?,
        linked: external_id.is_some(),
        members: AtMost::of(row.try_get("", "members")?, COUNTED),
        modified_ms: row.try_get("", "modified_ms")?,
        key: row.try_get("", "display_key")?,
    })
}

/// A part of the members of a group, in order of id, which is the order in which they were made.
///
/// # Errors
/// When the database fails.
pub async fn members(
    store: &Store,
    account: AccountId,
    group: GroupId,
    from: Option<&Place<Uuid>>,
    limit: u32,
) -> Result<Part<Member, Uuid>, StoreError> {
    let rows = store.reader().query_all_raw(members_statement(store, account, group, from, limit)).await?;
    let rows = rows.iter().map(read_member).collect::<Result<_, _>>()?;
    Ok(Part::met(rows, limit, from, None, |member: &Member| member.id))
}

pub(super) fn members_statement(store: &Store, account: AccountId, group: GroupId, from: Option<&Place<Uuid>>, limit: u32) -> Statement {
    let (beyond, direction) = if from.is_some_and(|from| from.backwards) { ("<", "DESC") } else { (">", "ASC") };
    let mut values: Vec<Value> = vec![account.0.into(), group.0.into()];
    let mut place = String::new();
    if let Some(from) = from {
        values.push(from.at.into());
        place = format!(" AND m.member_id {beyond} $3");
    }
    let sql = format!(
        "SELECT p.member_id, p.is_group, COALESCE(u.user_id, g.display_name) AS name, u.display_name, u.active FROM \
         (SELECT m.account_id, m.member_id, m.is_group FROM group_member m WHERE m.account_id = $1 AND m.group_id = $2{place} \
         ORDER BY m.member_id {direction} LIMIT {}) p \
         LEFT JOIN users u ON u.account_id = p.account_id AND u.id = p.member_id \
         LEFT JOIN user_group g ON p.is_group AND g.account_id = p.account_id AND g.id = p.member_id \
         ORDER BY p.member_id {direction}",
        limit + 1
    );
    store.statement(sql, values)
}

fn read_member(row: &QueryResult) -> Result<Member, StoreError> {
    Ok(Member {
        id: row.try_get("", "member_id")?,
        is_group: row.try_get("", "is_group")?,
        name: row.try_get("", "name")?,
        display_name: row.try_get("", "display_name")?,
        active: row.try_get("", "active")?,
    })
}
