//! Single resources.

use super::{Include, related, table, walk};
use crate::{GroupRow, Store, StoreError, UserRow};
use muster_domain::{AccountId, LoginKey, Role, UserId};
use muster_scim::{Resource, ResourceType, render_owned};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;
use uuid::Uuid;

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
    let row = store.writer().query_one_raw(store.statement(sql, values)).await?;
    row.as_ref().map(read_summary).transpose()
}

fn read_summary(row: &QueryResult) -> Result<UserSummary, StoreError> {
    let role: String = row.try_get("", "role")?;
    Ok(UserSummary {
        id: UserId(row.try_get("", "id")?),
        user_id: row.try_get("", "user_id")?,
        role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
        active: row.try_get("", "active")?,
    })
}

/// The user with this id.
///
/// # Errors
/// When the database fails.
pub async fn summary(store: &Store, account: AccountId, id: UserId) -> Result<Option<UserSummary>, StoreError> {
    let sql = "SELECT id, user_id, role, active FROM users WHERE account_id = $1 AND id = $2";
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), id.0.into()])).await?;
    row.as_ref().map(read_summary).transpose()
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
    walk::number(store.reader(), store.statement(sql, [account.0.into(), group.into(), i64::from(most).into()])).await
}

pub(crate) async fn get_from(
    db: &impl ConnectionTrait,
    store: &Store,
    account: AccountId,
    resource_type: ResourceType,
    id: Uuid,
    include: Include,
) -> Result<Option<Resource>, StoreError> {
    let name = table::table(resource_type);
    let mut values: Vec<Value> = vec![account.0.into(), id.into()];
    let mut sql = format!(
        "SELECT {} FROM {} WHERE {name}.account_id = $1 AND {name}.id = $2",
        table::columns(resource_type),
        table::from(resource_type)
    );
    if let ResourceType::Custom(custom) = resource_type {
        values.push(custom.name.into());
        sql.push_str(" AND c.resource_type = $3");
    }
    let groups = include.groups && resource_type == ResourceType::User;
    let sql = if groups { related::with_groups(store.dialect(), &sql, "") } else { sql };
    let Some(row) = db.query_one_raw(store.statement(sql, values)).await? else {
        return Ok(None);
    };
    let mut found = vec![table::read(resource_type, groups, &row)?];
    if include.members && resource_type == ResourceType::Group {
        related::add_members(db, store, account, found.iter_mut().map(|(id, resource)| (*id, resource)).collect()).await?;
    }
    Ok(found.pop().map(|(_, resource)| resource))
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
