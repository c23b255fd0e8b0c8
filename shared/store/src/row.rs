//! Users and groups as rows: promoted columns for what is filtered and joined, JSON for the rest of the resource.
//!
//! In memory a row holds the whole canonical resource. Written, the attributes that have a column are left out of the JSON; read,
//! they are put back. So each value is stored once, and there is no second copy to disagree with. `active` is the exception: its
//! column says whether somebody may sign in, and a null in the JSON that nobody has said so.

use muster_domain::{AccountId, LoginKey, Role};
use muster_scim::{Resource, primary_email};
use sea_orm::QueryResult;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;

/// Attributes of a user that are stored in columns of their own.
const USER_COLUMNS: [&str; 4] = ["userName", "externalId", "displayName", "active"];
/// Attributes of a group that are stored in columns of their own, or (members) in a table of their own.
const GROUP_COLUMNS: [&str; 3] = ["displayName", "externalId", "members"];

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRow {
    /// Its account.
    pub account: AccountId,
    /// SCIM `id`; never changes.
    pub id: Uuid,
    /// What the user may do on the platform.
    pub role: Role,
    /// The whole canonical resource.
    pub resource: Resource,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last changed, milliseconds since 1970.
    pub modified_ms: i64,
}

/// A group, without its members.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// Its account.
    pub account: AccountId,
    /// SCIM `id`; never changes.
    pub id: Uuid,
    /// The canonical resource, without `members`.
    pub resource: Resource,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it or its membership was last changed, milliseconds since 1970.
    pub modified_ms: i64,
}

/// A comparison form as it stands between line feeds. What is looked up there is looked at again in memory, so two addresses may
/// look the same here.
pub(crate) fn in_a_list(key: &str) -> String {
    key.replace('\n', " ")
}

impl UserRow {
    /// What people sign in with.
    #[must_use]
    pub fn user_id(&self) -> &str {
        text(&self.resource, "userName").unwrap_or_default()
    }

    /// The user id in comparison form; unique within the account.
    #[must_use]
    pub fn login_key(&self) -> LoginKey {
        LoginKey::of(self.user_id())
    }

    /// Whether the user may sign in. A user is active unless the directory says otherwise.
    #[must_use]
    pub fn active(&self) -> bool {
        self.resource.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    pub(crate) fn email(&self) -> Option<&str> {
        primary_email(&self.resource)
    }

    /// The comparison forms of every address but the first one, each between line feeds, so that one can be searched for whole.
    pub(crate) fn other_email_keys(&self) -> Option<String> {
        let primary = self.email().map(LoginKey::of);
        let emails = self.resource.get("emails")?.as_array()?;
        let keys = emails.iter().filter_map(|email| email.get("value")?.as_str()).map(LoginKey::of);
        let others: Vec<String> = keys.filter(|key| Some(key) != primary.as_ref()).map(|key| in_a_list(&key.into_string())).collect();
        if others.is_empty() { None } else { Some(format!("\n{}\n", others.join("\n"))) }
    }

    pub(crate) fn rest(&self) -> String {
        let unsaid = (!self.resource.contains_key("active")).then_some("active");
        rest(&self.resource, &USER_COLUMNS, unsaid)
    }

    /// The columns [`UserRow::read`] needs, of the table called `u`.
    pub(crate) const SELECT: &'static str = "u.account_id, u.id, u.user_id, u.external_id, u.display_name, u.active, u.role, \
        CAST(u.resource AS text) AS resource, u.version, u.created_ms, u.modified_ms";

    pub(crate) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let mut resource = read_rest(row)?;
        resource.insert("userName".into(), Value::String(row.try_get("", "user_id")?));
        put(&mut resource, "externalId", row.try_get("", "external_id")?);
        put(&mut resource, "displayName", row.try_get("", "display_name")?);
        if resource.remove("active").is_none() {
            resource.insert("active".into(), Value::Bool(row.try_get("", "active")?));
        }
        let role: String = row.try_get("", "role")?;
        Ok(Self {
            account: AccountId(row.try_get("", "account_id")?),
            id: row.try_get("", "id")?,
            role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
            resource,
            version: row.try_get("", "version")?,
            created_ms: row.try_get("", "created_ms")?,
            modified_ms: row.try_get("", "modified_ms")?,
        })
    }
}

impl GroupRow {
    /// The name people know it by.
    #[must_use]
    pub fn display_name(&self) -> &str {
        text(&self.resource, "displayName").unwrap_or_default()
    }

    /// The name in comparison form; unique within the account.
    #[must_use]
    pub fn display_key(&self) -> LoginKey {
        LoginKey::of(self.display_name())
    }

    pub(crate) fn rest(&self) -> String {
        rest(&self.resource, &GROUP_COLUMNS, None)
    }

    /// The columns [`GroupRow::read`] needs, of the table called `g`.
    pub(crate) const SELECT: &'static str = "g.account_id, g.id, g.display_name, g.external_id, CAST(g.resource AS text) AS resource, \
        g.version, g.created_ms, g.modified_ms";

    pub(crate) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let mut resource = read_rest(row)?;
        resource.insert("displayName".into(), Value::String(row.try_get("", "display_name")?));
        put(&mut resource, "externalId", row.try_get("", "external_id")?);
        Ok(Self {
            account: AccountId(row.try_get("", "account_id")?),
            id: row.try_get("", "id")?,
            resource,
            version: row.try_get("", "version")?,
            created_ms: row.try_get("", "created_ms")?,
            modified_ms: row.try_get("", "modified_ms")?,
        })
    }
}

/// A text attribute of a resource.
pub(crate) fn text<'a>(resource: &'a Resource, attribute: &str) -> Option<&'a str> {
    resource.get(attribute).and_then(Value::as_str)
}

fn put(resource: &mut Resource, attribute: &str, value: Option<String>) {
    if let Some(value) = value {
        resource.insert(attribute.into(), Value::String(value));
    }
}

fn read_rest(row: &QueryResult) -> Result<Resource, StoreError> {
    let json: String = row.try_get("", "resource")?;
    serde_json::from_str(&json).map_err(|error| StoreError::Other(format!("a stored resource cannot be read: {error}")))
}

fn rest(resource: &Resource, columns: &[&str], null: Option<&str>) -> String {
    serde_json::to_string(&Rest { resource, columns, null }).expect("a map with text keys is always JSON")
}

/// A resource without the attributes that have columns, written without copying it, and perhaps with a null.
struct Rest<'a> {
    resource: &'a Resource,
    columns: &'a [&'a str],
    null: Option<&'a str>,
}

impl Serialize for Rest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(name) = self.null {
            map.serialize_entry(name, &())?;
        }
        for (name, value) in self.resource {
            if !self.columns.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attributes_with_columns_are_not_stored_twice() {
        let Value::Object(resource) =
            json!({"userName": "ada", "active": true, "title": "Analyst", "emails": [{"value": "A@x.test"}, {"value": "b@x.test"}]})
        else {
            panic!("an object")
        };
        let row = UserRow {
            account: AccountId::new(),
            id: Uuid::now_v7(),
            role: Role::User,
            resource,
            version: 1,
            created_ms: 0,
            modified_ms: 0,
        };
        assert_eq!(row.rest(), r#"{"emails":[{"value":"A@x.test"},{"value":"b@x.test"}],"title":"Analyst"}"#);
        assert_eq!(row.other_email_keys().as_deref(), Some("\nb@x.test\n"));
        assert_eq!(in_a_list("a\nb@x.test"), "a b@x.test");
        let mut unsaid = row;
        unsaid.resource.remove("active");
        unsaid.resource.remove("emails");
        assert_eq!((unsaid.rest().as_str(), unsaid.active()), (r#"{"active":null,"title":"Analyst"}"#, true));
    }
}
