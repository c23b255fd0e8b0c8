//! Resources of the types an installation adds.
//!
//! Their attributes are the installation's, so none has a column of its own but `externalId`; the resource is kept as it is.

use crate::StoreError;
use muster_domain::AccountId;
use muster_scim::{Resource, ResourceType, render_owned, schema::CustomType};
use sea_orm::QueryResult;
use uuid::Uuid;

/// One of them, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomRow {
    /// The account it belongs to.
    pub account: AccountId,
    /// Its type.
    pub custom: &'static CustomType,
    /// Its id; never changes.
    pub id: Uuid,
    /// The canonical resource.
    pub resource: Resource,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
    /// When it last changed, milliseconds since 1970.
    pub modified_ms: i64,
}

impl CustomRow {
    /// The columns [`CustomRow::read`] needs, of the table called `c`.
    pub(crate) const SELECT: &'static str =
        "c.account_id, c.resource_type, c.id, CAST(c.resource AS text) AS resource, c.version, c.created_ms, c.modified_ms";

    pub(crate) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let name: String = row.try_get("", "resource_type")?;
        let Some(ResourceType::Custom(custom)) = ResourceType::named(&name) else {
            return Err(StoreError::Other(format!("a resource of the type `{name}`, which is not configured, was asked for")));
        };
        let json: String = row.try_get("", "resource")?;
        Ok(Self {
            account: AccountId(row.try_get("", "account_id")?),
            custom,
            id: row.try_get("", "id")?,
            resource: serde_json::from_str(&json)
                .map_err(|error| StoreError::Other(format!("a stored resource cannot be read: {error}")))?,
            version: row.try_get("", "version")?,
            created_ms: row.try_get("", "created_ms")?,
            modified_ms: row.try_get("", "modified_ms")?,
        })
    }

    /// The resource as a client sees it, but for `meta.location`.
    #[must_use]
    pub fn into_rendered(self) -> Resource {
        let rt = ResourceType::Custom(self.custom);
        render_owned(rt, self.id.to_string(), self.resource, self.created_ms, self.modified_ms, self.version, None)
    }
}
