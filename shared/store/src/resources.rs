//! Reading users and groups: by id, and as filtered pages.
//!
//! A list is read in order of id, which is the order of creation and never changes. A filter that SQL can say in full is counted
//! and paged by the database; any other is read through from the start in chunks, each row judged by the filter itself (see
//! module `filter_sql`), up to [`SCAN_MAX`] rows.

use crate::{
    GroupRow, Store, StoreError, UserRow,
    filter_sql::{Compiled, compile},
    rows::Rows,
};
use muster_domain::{AccountId, LoginKey, Role, UserId};
use muster_scim::{Filter, Resource, ResourceType, ScimError, ScimType, render_owned};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// How many rows a filter that SQL cannot say may be held against.
pub const SCAN_MAX: usize = 200_000;
const SCAN_CHUNK: u64 = 1_000;

/// What of a resource lives in other tables and is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// The members of groups.
    pub members: bool,
    /// The groups of users.
    pub groups: bool,
}

/// Which resources, and which part of them.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Users or groups.
    pub resource_type: ResourceType,
    /// Only those that match.
    pub filter: Option<Filter>,
    /// The first one, counted from 1.
    pub start_index: u64,
    /// The most of them; 0 asks for the total only.
    pub count: u64,
    /// What else to load.
    pub include: Include,
}

/// A page of resources.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many match in all.
    pub total: u64,
    /// Those of this page, rendered but for `meta.location`.
    pub resources: Vec<Resource>,
}

/// Why a list cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The client asked for too much.
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for ListError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// A user, as commands need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserSummary {
    /// Its id.
    pub id: UserId,
    /// What it signs in with.
    pub user_id: String,
    /// Its role.
    pub role: Role,
    /// Whether it may sign in.
    pub active: bool,
}

/// The user with this user id, in whatever case.
///
/// # Errors
/// When the database fails.
pub async fn find_user_by_user_id(store: &Store, account: AccountId, user_id: &str) -> Result<Option<UserSummary>, StoreError> {
    let sql = "SELECT id, user_id, role, active FROM users WHERE account_id = $1 AND login_key = $2";
    let values: [Value; 2] = [account.0.into(), LoginKey::of(user_id).into_string().into()];
    let Some(row) = store.writer().query_one_raw(store.statement(sql, values)).await? else {
        return Ok(None);
    };
    let role: String = row.try_get("", "role")?;
    Ok(Some(UserSummary {
        id: UserId(row.try_get("", "id")?),
        user_id: row.try_get("", "user_id")?,
        role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
        active: row.try_get("", "active")?,
    }))
}

/// One resource, rendered but for `meta.location`; nothing when it is not there.
///
/// # Errors
/// When the database fails.
pub async fn get(
    store: &Store,
    account: AccountId,
    resource_type: ResourceType,
    id: Uuid,
    include: Include,
) -> Result<Option<Resource>, StoreError> {
    get_from(store.reader(), store, account, resource_type, id, include).await
}

/// How many members a group has, counted no further than `most`: what is asked of a large group costs no more than of a small one.
///
/// # Errors
/// When the database fails.
pub async fn member_count(store: &Store, account: AccountId, group: Uuid, most: u32) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) AS n FROM (SELECT 1 FROM group_member WHERE account_id = $1 AND group_id = $2 LIMIT $3) AS first";
    count(store.reader(), store.statement(sql, [account.0.into(), group.into(), i64::from(most).into()])).await
}

pub(crate) async fn get_from(
    db: &impl ConnectionTrait,
    store: &Store,
    account: AccountId,
    resource_type: ResourceType,
    id: Uuid,
    include: Include,
) -> Result<Option<Resource>, StoreError> {
    let sql = format!("{} WHERE {table}.account_id = $1 AND {table}.id = $2", select(resource_type), table = table(resource_type));
    let Some(row) = db.query_one_raw(store.statement(sql, [account.0.into(), id.into()])).await? else {
        return Ok(None);
    };
    let mut found = vec![read(resource_type, &row)?];
    add_related(db, store, account, resource_type, &mut found, include).await?;
    Ok(found.pop().map(|(_, resource)| resource))
}

/// A page of resources.
///
/// # Errors
/// [`ListError::Refused`] when the filter would have to be held against more than [`SCAN_MAX`] rows; [`ListError::Store`] when
/// the database fails.
pub async fn list(store: &Store, account: AccountId, query: &ListQuery) -> Result<Page, ListError> {
    let compiled = compile(query.resource_type, query.filter.as_ref(), 2);
    if compiled.exact { list_exact(store, account, query, compiled).await } else { scan(store, account, query, compiled).await }
}

async fn list_exact(store: &Store, account: AccountId, query: &ListQuery, compiled: Compiled) -> Result<Page, ListError> {
    let Compiled { sql, values, .. } = compiled;
    let condition = sql.map(|sql| format!(" AND ({sql})")).unwrap_or_default();
    let table = table(query.resource_type);
    let mut parameters: Vec<Value> = vec![account.0.into()];
    parameters.extend(values);
    let counting = format!("SELECT count(*) AS n FROM {} WHERE {table}.account_id = $1{condition}", from(query.resource_type));
    if query.count == 0 {
        let total = count(store.reader(), store.statement(counting, parameters)).await?;
        return Ok(Page { total, resources: Vec::new() });
    }
    let skip = query.start_index.saturating_sub(1);
    // One more than asked for: when it does not come, the page is the last one and its end is the total, so the usual lookup
    // (0 or 1 match) needs no second statement.
    let paging = format!(
        "{} WHERE {table}.account_id = $1{condition} ORDER BY {table}.account_id, {table}.id LIMIT {} OFFSET {}",
        select(query.resource_type),
        query.count.saturating_add(1).min(i64::MAX as u64),
        skip.min(i64::MAX as u64),
    );
    let rows = store.reader().query_all_raw(store.statement(paging, parameters.clone())).await?;
    let found = rows.len() as u64;
    let total = if found <= query.count && (found > 0 || skip == 0) {
        skip + found
    } else {
        count(store.reader(), store.statement(counting, parameters)).await?
    };
    let rows = rows.iter().take(usize::try_from(query.count).unwrap_or(usize::MAX));
    let mut page = rows.map(|row| read(query.resource_type, row)).collect::<Result<Vec<_>, _>>()?;
    add_related(store.reader(), store, account, query.resource_type, &mut page, query.include).await?;
    Ok(Page { total, resources: page.into_iter().map(|(_, resource)| resource).collect() })
}

async fn scan(store: &Store, account: AccountId, query: &ListQuery, compiled: Compiled) -> Result<Page, ListError> {
    let Some(filter) = &query.filter else { return Ok(Page::default()) };
    let table = table(query.resource_type);
    let condition = compiled.sql.map(|sql| format!(" AND ({sql})")).unwrap_or_default();
    let next = compiled.values.len() + 2;
    let sql = format!(
        "{} WHERE {table}.account_id = $1{condition} AND {table}.id > ${next} ORDER BY {table}.account_id, {table}.id LIMIT {SCAN_CHUNK}",
        select(query.resource_type),
    );
    // The filter may ask about what lives in other tables even when the answer must not show it.
    let judged =
        Include { members: query.include.members || filter.mentions("members"), groups: query.include.groups || filter.mentions("groups") };
    let tx = store.begin_read().await?;
    let (mut page, mut after, mut seen) = (Page::default(), Uuid::nil(), 0);
    loop {
        let mut parameters: Vec<Value> = vec![account.0.into()];
        parameters.extend(compiled.values.iter().cloned());
        parameters.push(after.into());
        let rows = tx.query_all_raw(store.statement(sql.as_str(), parameters)).await?;
        let mut chunk = rows.iter().map(|row| read(query.resource_type, row)).collect::<Result<Vec<_>, _>>()?;
        let Some((last, _)) = chunk.last() else { break };
        after = *last;
        let full = chunk.len() as u64 == SCAN_CHUNK;
        seen += chunk.len();
        add_related(&tx, store, account, query.resource_type, &mut chunk, judged).await?;
        for (_, resource) in chunk {
            if filter.matches(query.resource_type, &resource) {
                page.total += 1;
                if page.total >= query.start_index && (page.resources.len() as u64) < query.count {
                    page.resources.push(resource);
                }
            }
        }
        if !full {
            break;
        }
        if seen >= SCAN_MAX {
            return Err(ListError::Refused(ScimError::bad_request(
                ScimType::TooMany,
                format!(
                    "the filter would have to be held against more than {SCAN_MAX} resources: \
                     add a condition on userName, externalId, emails.value, id or (groups) displayName"
                ),
            )));
        }
    }
    for resource in &mut page.resources {
        if judged.members && !query.include.members {
            resource.remove("members");
        }
        if judged.groups && !query.include.groups {
            resource.remove("groups");
        }
    }
    Ok(page)
}

const fn table(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => "u",
        ResourceType::Group => "g",
    }
}

const fn from(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => "users u",
        ResourceType::Group => "user_group g",
    }
}

fn select(resource_type: ResourceType) -> String {
    match resource_type {
        ResourceType::User => format!("SELECT {} FROM users u", UserRow::SELECT),
        ResourceType::Group => format!("SELECT {} FROM user_group g", GroupRow::SELECT),
    }
}

fn read(resource_type: ResourceType, row: &QueryResult) -> Result<(Uuid, Resource), StoreError> {
    Ok(match resource_type {
        ResourceType::User => {
            let row = UserRow::read(row)?;
            (row.id, row.into_rendered())
        }
        ResourceType::Group => {
            let row = GroupRow::read(row)?;
            (row.id, row.into_rendered())
        }
    })
}

async fn count(db: &impl ConnectionTrait, statement: sea_orm::Statement) -> Result<u64, StoreError> {
    let row = db.query_one_raw(statement).await?.ok_or_else(|| StoreError::Other("count(*) returned nothing".into()))?;
    let n: i64 = row.try_get("", "n")?;
    Ok(n.unsigned_abs())
}

/// Adds the groups of users, or the members of groups, in one statement for all of them.
async fn add_related(
    db: &impl ConnectionTrait,
    store: &Store,
    account: AccountId,
    resource_type: ResourceType,
    found: &mut [(Uuid, Resource)],
    include: Include,
) -> Result<(), StoreError> {
    let (wanted, attribute, sql) = match resource_type {
        ResourceType::User => (
            include.groups,
            "groups",
            "SELECT m.member_id AS owner, g.id, false AS is_group, g.display_name AS display FROM r \
             JOIN group_member m ON m.account_id = r.account_id AND m.member_id = r.id \
             JOIN user_group g ON g.account_id = m.account_id AND g.id = m.group_id ORDER BY m.member_id, m.group_id",
        ),
        ResourceType::Group => (
            include.members,
            "members",
            "SELECT m.group_id AS owner, m.member_id AS id, m.is_group, COALESCE(u.display_name, u.user_id, g.display_name) AS display FROM r \
             JOIN group_member m ON m.account_id = r.account_id AND m.group_id = r.id \
             LEFT JOIN users u ON u.account_id = m.account_id AND u.id = m.member_id \
             LEFT JOIN user_group g ON m.is_group AND g.account_id = m.account_id AND g.id = m.member_id \
             ORDER BY m.group_id, m.member_id",
        ),
    };
    if !wanted || found.is_empty() {
        return Ok(());
    }
    let rows = Rows::new(store.dialect()).uuid("account_id", found.iter().map(|_| account.0)).uuid("id", found.iter().map(|(id, _)| *id));
    let mut related: HashMap<Uuid, Vec<serde_json::Value>> = HashMap::new();
    for row in db.query_all_raw(rows.statement(sql)).await? {
        let (owner, id): (Uuid, Uuid) = (row.try_get("", "owner")?, row.try_get("", "id")?);
        let display: Option<String> = row.try_get("", "display")?;
        let kind = match (resource_type, row.try_get::<bool>("", "is_group")?) {
            (ResourceType::User, _) => "direct",
            (ResourceType::Group, true) => "Group",
            (ResourceType::Group, false) => "User",
        };
        related.entry(owner).or_default().push(json!({"value": id, "display": display, "type": kind}));
    }
    for (id, resource) in found {
        if let Some(values) = related.remove(id) {
            resource.insert(attribute.into(), serde_json::Value::Array(values));
        }
    }
    Ok(())
}

impl UserRow {
    /// The resource as a client sees it, but for `meta.location` and its groups.
    #[must_use]
    pub fn into_rendered(self) -> Resource {
        render_owned(ResourceType::User, self.id.to_string(), self.resource, self.created_ms, self.modified_ms, self.version, None)
    }
}

impl GroupRow {
    /// The resource as a client sees it, but for `meta.location` and its members.
    #[must_use]
    pub fn into_rendered(self) -> Resource {
        render_owned(ResourceType::Group, self.id.to_string(), self.resource, self.created_ms, self.modified_ms, self.version, None)
    }
}
