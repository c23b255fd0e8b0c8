//! Resources of the installation's own types in a batch.
//!
//! A unique value is a row of `custom_key`. Those that go are deleted before those that come are inserted, so that two resources of
//! one batch can trade theirs.

use crate::{CustomRow, StoreError, WriteTransaction, row::text, rows::Rows};
use muster_domain::AccountId;
use std::collections::HashMap;
use uuid::Uuid;

/// Where such a resource is: its account, the name of its type, its id.
pub type CustomAddress = (AccountId, &'static str, Uuid);
/// A unique value: the account, the name of the type, the attribute, the comparison form.
pub type CustomKey = (AccountId, &'static str, &'static str, String);

impl WriteTransaction {
    /// The resources at these addresses; those that do not exist are missing from the answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_customs(&self, addresses: &[CustomAddress]) -> Result<Vec<CustomRow>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {} FROM r JOIN custom_resource c ON c.account_id = r.account_id AND c.resource_type = r.resource_type AND c.id = r.id",
            CustomRow::SELECT
        );
        self.all(self.customs_at(addresses).statement(&sql)).await?.iter().map(CustomRow::read).collect()
    }

    /// Which of these unique values are taken, and by which resource.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_custom_keys(&self, keys: &[CustomKey]) -> Result<HashMap<CustomKey, Uuid>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.custom_keys(keys.iter()).int("nth", (0..).take(keys.len()));
        let sql = "SELECT r.nth, k.resource_id FROM r JOIN custom_key k ON k.account_id = r.account_id \
             AND k.resource_type = r.resource_type AND k.attribute = r.attribute AND k.key = r.key";
        let found = self.all(rows.statement(sql)).await?;
        let mut owners = HashMap::with_capacity(found.len());
        for row in &found {
            let nth: i64 = row.try_get("", "nth")?;
            let key = usize::try_from(nth).ok().and_then(|nth| keys.get(nth)).expect("the number of a row that was sent");
            owners.insert(key.clone(), row.try_get("", "resource_id")?);
        }
        Ok(owners)
    }

    /// Gives up unique values.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was given up meanwhile.
    pub async fn delete_custom_keys(&self, keys: &mut [(CustomKey, Uuid)]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        let rows = self.custom_keys(keys.iter().map(|(key, _)| key)).uuid("resource_id", keys.iter().map(|(_, id)| *id));
        let sql = "DELETE FROM custom_key WHERE (account_id, resource_type, attribute, key, resource_id) \
             IN (SELECT account_id, resource_type, attribute, key, resource_id FROM r) RETURNING resource_id";
        self.expect("delete unique values", keys.len(), rows.statement(sql)).await.map(drop)
    }

    /// Takes unique values.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was taken meanwhile.
    pub async fn insert_custom_keys(&self, keys: &mut [(CustomKey, Uuid)]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        let rows = self.custom_keys(keys.iter().map(|(key, _)| key)).uuid("resource_id", keys.iter().map(|(_, id)| *id));
        let sql = "INSERT INTO custom_key (account_id, resource_type, attribute, key, resource_id) \
             SELECT account_id, resource_type, attribute, key, resource_id FROM r WHERE true ON CONFLICT DO NOTHING RETURNING resource_id";
        self.expect("insert unique values", keys.len(), rows.statement(sql)).await.map(drop)
    }

    /// Inserts resources.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them is there already.
    pub async fn insert_customs(&self, resources: &mut [&CustomRow]) -> Result<(), StoreError> {
        if resources.is_empty() {
            return Ok(());
        }
        resources.sort_unstable_by_key(|row| (row.account, row.custom.name, row.id));
        let rows = self
            .custom_values(resources)
            .int("version", resources.iter().map(|row| row.version))
            .int("created_ms", resources.iter().map(|row| row.created_ms));
        let sql = "INSERT INTO custom_resource (account_id, resource_type, id, external_id, resource, version, created_ms, modified_ms) \
             SELECT account_id, resource_type, id, external_id, resource, version, created_ms, modified_ms FROM r WHERE true \
             ON CONFLICT DO NOTHING RETURNING id";
        self.expect("insert resources", resources.len(), rows.statement(sql)).await.map(drop)
    }

    /// Writes resources back, each with the version it had.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was changed or deleted meanwhile.
    pub async fn update_customs(&self, resources: &mut [(i64, &CustomRow)]) -> Result<(), StoreError> {
        if resources.is_empty() {
            return Ok(());
        }
        resources.sort_unstable_by_key(|(_, row)| (row.account, row.custom.name, row.id));
        let changed: Vec<&CustomRow> = resources.iter().map(|(_, row)| *row).collect();
        let rows = self
            .custom_values(&changed)
            .int("old_version", resources.iter().map(|(version, _)| *version))
            .int("version", changed.iter().map(|row| row.version));
        let sql = "UPDATE custom_resource SET external_id = r.external_id, resource = r.resource, version = r.version, \
             modified_ms = r.modified_ms FROM r WHERE custom_resource.account_id = r.account_id \
             AND custom_resource.resource_type = r.resource_type AND custom_resource.id = r.id \
             AND custom_resource.version = r.old_version RETURNING custom_resource.id";
        self.expect("update resources", resources.len(), rows.statement(sql)).await.map(drop)
    }

    /// Deletes resources, each in the version it had.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was changed or deleted meanwhile: its unique values may not be those that go.
    pub async fn delete_customs(&self, addresses: &mut [(CustomAddress, i64)]) -> Result<(), StoreError> {
        if addresses.is_empty() {
            return Ok(());
        }
        addresses.sort_unstable();
        let plain: Vec<CustomAddress> = addresses.iter().map(|(address, _)| *address).collect();
        let rows = self.customs_at(&plain).int("version", addresses.iter().map(|(_, version)| *version));
        let sql = "DELETE FROM custom_resource WHERE (account_id, resource_type, id, version) \
             IN (SELECT account_id, resource_type, id, version FROM r) RETURNING id";
        self.expect("delete resources", addresses.len(), rows.statement(sql)).await.map(drop)
    }

    fn customs_at(&self, addresses: &[CustomAddress]) -> Rows {
        Rows::new(self.dialect)
            .uuid("account_id", addresses.iter().map(|(account, ..)| account.0))
            .text("resource_type", addresses.iter().map(|(_, name, _)| (*name).to_owned()))
            .uuid("id", addresses.iter().map(|(.., id)| *id))
    }

    fn custom_keys<'a>(&self, keys: impl Iterator<Item = &'a CustomKey> + Clone) -> Rows {
        Rows::new(self.dialect)
            .uuid("account_id", keys.clone().map(|(account, ..)| account.0))
            .text("resource_type", keys.clone().map(|(_, name, ..)| (*name).to_owned()))
            .text("attribute", keys.clone().map(|(_, _, attribute, _)| (*attribute).to_owned()))
            .text("key", keys.map(|(.., key)| key.clone()))
    }

    fn custom_values(&self, resources: &[&CustomRow]) -> Rows {
        let json = |row: &&CustomRow| serde_json::to_string(&row.resource).expect("a map with text keys is always JSON");
        Rows::new(self.dialect)
            .uuid("account_id", resources.iter().map(|row| row.account.0))
            .text("resource_type", resources.iter().map(|row| row.custom.name.to_owned()))
            .uuid("id", resources.iter().map(|row| row.id))
            .maybe_text("external_id", resources.iter().map(|row| text(&row.resource, "externalId").map(str::to_owned)))
            .json("resource", resources.iter().map(json))
            .int("modified_ms", resources.iter().map(|row| row.modified_ms))
    }
}
