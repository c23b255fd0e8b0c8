//! What of a resource lives in other tables: the groups of users, the members of groups.

use crate::{Dialect, Store, StoreError, rows::Rows};
use muster_domain::AccountId;
use muster_scim::Resource;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// The rows of `page`, each with the groups of its user: one statement, and only the rows of the page are looked up. `order` puts
/// the rows, called `p` here, back in order.
pub(super) fn with_groups(dialect: Dialect, page: &str, order: &str) -> String {
    let collect = match dialect {
        Dialect::Postgres => "CAST(json_agg(json_build_array(g.id, g.display_name)) AS text)",
        Dialect::Sqlite => "json_group_array(json_array(hex(g.id), g.display_name))",
    };
    format!(
        "SELECT p.*, (SELECT {collect} FROM group_member m \
         JOIN user_group g ON g.account_id = m.account_id AND g.id = m.group_id \
         WHERE m.account_id = p.account_id AND m.member_id = p.id) AS groups_of FROM ({page}) p{order}"
    )
}

/// Puts the groups that [`with_groups`] found into the resource.
pub(super) fn put_groups(resource: &mut Resource, row: &QueryResult) -> Result<(), StoreError> {
    let Some(found) = row.try_get::<Option<String>>("", "groups_of")? else { return Ok(()) };
    let mut groups: Vec<(Uuid, String)> =
        serde_json::from_str(&found).map_err(|error| StoreError::Other(format!("the groups of a user cannot be read: {error}")))?;
    if groups.is_empty() {
        return Ok(());
    }
    groups.sort_unstable();
    let shown = groups.into_iter().map(|(id, display)| json!({"value": id, "display": display, "type": "direct"}));
    resource.insert("groups".into(), shown.collect());
    Ok(())
}

/// Adds the members of groups, in one statement for all of them.
pub(super) async fn add_members(
    db: &impl ConnectionTrait,
    store: &Store,
    account: AccountId,
    groups: Vec<(Uuid, &mut Resource)>,
) -> Result<(), StoreError> {
    if groups.is_empty() {
        return Ok(());
    }
    let sql = "SELECT m.group_id AS owner, m.member_id AS id, m.is_group, COALESCE(u.display_name, u.user_id, g.display_name) AS display FROM r \
         JOIN group_member m ON m.account_id = r.account_id AND m.group_id = r.id \
         LEFT JOIN users u ON u.account_id = m.account_id AND u.id = m.member_id \
         LEFT JOIN user_group g ON m.is_group AND g.account_id = m.account_id AND g.id = m.member_id \
         ORDER BY m.group_id, m.member_id";
    let rows = Rows::new(store.dialect()).uuid("account_id", groups.iter().map(|_| account.0)).uuid("id", groups.iter().map(|(id, _)| *id));
    let mut members: HashMap<Uuid, Vec<Value>> = HashMap::new();
    for row in db.query_all_raw(rows.statement(sql)).await? {
        let (owner, id): (Uuid, Uuid) = (row.try_get("", "owner")?, row.try_get("", "id")?);
        let display: Option<String> = row.try_get("", "display")?;
        let kind = if row.try_get::<bool>("", "is_group")? { "Group" } else { "User" };
        members.entry(owner).or_default().push(json!({"value": id, "display": display, "type": kind}));
    }
    for (id, resource) in groups {
        if let Some(values) = members.remove(&id) {
            resource.insert("members".into(), Value::Array(values));
        }
    }
    Ok(())
}
