//! Groups of a batch.

use super::{AccountKey, Address, address, key_and_id, users::by_address};
use crate::{GroupRow, StoreError, WriteTransaction, row::text, rows::Rows};
use std::collections::HashMap;
use uuid::Uuid;

/// A group to write back.
#[derive(Clone, Debug)]
pub struct GroupUpdate<'a> {
    /// The group as it should be. Its `version` is ignored.
    pub row: &'a GroupRow,
    /// Its version as loaded, when the decision rested on all of it. None when only members were added or removed one by one:
    /// such changes commute, so the row is not compared, its attributes are left as they are, and nobody has to try again.
    pub old_version: Option<i64>,
    /// By how many changes the version grows.
    pub changes: i64,
}

impl WriteTransaction {
    /// The groups at these addresses, without members; those that do not exist are missing from the answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_groups(&self, addresses: &[Address]) -> Result<Vec<GroupRow>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {} FROM r JOIN user_group g ON g.account_id = r.account_id AND g.id = r.id", GroupRow::SELECT);
        self.all(by_address(self, addresses).statement(&sql)).await?.iter().map(GroupRow::read).collect()
    }

    /// Which of these group names (in comparison form) are taken, and by which group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_display_keys(&self, keys: &[AccountKey]) -> Result<HashMap<AccountKey, Uuid>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new(self.dialect)
            .uuid("account_id", keys.iter().map(|(account, _)| account.0))
            .text("key", keys.iter().map(|(_, key)| key.clone()));
        let sql = "SELECT g.account_id, g.display_key AS key, g.id FROM r \
             JOIN user_group g ON g.account_id = r.account_id AND g.display_key = r.key";
        self.all(rows.statement(sql)).await?.iter().map(key_and_id).collect()
    }

    /// Inserts groups, without members.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of the names was taken meanwhile.
    pub async fn insert_groups(&self, groups: &mut [&GroupRow]) -> Result<(), StoreError> {
        if groups.is_empty() {
            return Ok(());
        }
        groups.sort_by_cached_key(|group| (group.account, group.display_key()));
        let rows = attributes(Rows::new(self.dialect), groups)
            .int("version", groups.iter().map(|group| group.version))
            .int("created_ms", groups.iter().map(|group| group.created_ms));
        let sql = "INSERT INTO user_group (account_id, id, display_name, display_key, external_id, resource, version, created_ms, modified_ms) \
             SELECT account_id, id, display_name, display_key, external_id, resource, version, created_ms, modified_ms FROM r WHERE true \
             ON CONFLICT DO NOTHING RETURNING id";
        self.expect("insert groups", groups.len(), rows.statement(sql)).await.map(drop)
    }

    /// Writes groups back and returns their new versions. Taking the row locks in order of id, this is also what makes batches
    /// that change the membership of one group wait for each other's COMMIT.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was deleted, or changed where that matters, or its new name taken.
    pub async fn update_groups(&self, updates: &mut [GroupUpdate<'_>]) -> Result<HashMap<Address, i64>, StoreError> {
        if updates.is_empty() {
            return Ok(HashMap::new());
        }
        updates.sort_unstable_by_key(|update| (update.row.account, update.row.id));
        let groups: Vec<&GroupRow> = updates.iter().map(|update| update.row).collect();
        let rows = attributes(Rows::new(self.dialect), &groups)
            .maybe_int("old_version", updates.iter().map(|update| update.old_version))
            .int("changes", updates.iter().map(|update| update.changes));
        let sql = "UPDATE user_group SET \
             display_name = CASE WHEN r.old_version IS NULL THEN user_group.display_name ELSE r.display_name END, \
             display_key = CASE WHEN r.old_version IS NULL THEN user_group.display_key ELSE r.display_key END, \
             external_id = CASE WHEN r.old_version IS NULL THEN user_group.external_id ELSE r.external_id END, \
             resource = CASE WHEN r.old_version IS NULL THEN user_group.resource ELSE r.resource END, \
             version = user_group.version + r.changes, modified_ms = r.modified_ms \
             FROM r WHERE user_group.account_id = r.account_id AND user_group.id = r.id \
             AND (r.old_version IS NULL OR user_group.version = r.old_version) \
             RETURNING user_group.account_id, user_group.id, user_group.version";
        let written = self.expect("update groups", updates.len(), rows.statement(sql)).await?;
        written.iter().map(|row| Ok((address(row)?, row.try_get("", "version")?))).collect()
    }

    /// Counts a change of each of these groups, whose membership changed as a consequence of something else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_groups(&self, addresses: &[Address], now_ms: i64) -> Result<(), StoreError> {
        if addresses.is_empty() {
            return Ok(());
        }
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let rows = Rows::new(self.dialect)
            .uuid("account_id", sorted.iter().map(|(account, _)| account.0))
            .uuid("id", sorted.iter().map(|(_, id)| *id))
            .int("now_ms", sorted.iter().map(|_| now_ms));
        let sql = "UPDATE user_group SET version = user_group.version + 1, modified_ms = r.now_ms \
             FROM r WHERE user_group.account_id = r.account_id AND user_group.id = r.id RETURNING user_group.id";
        self.all(rows.statement(sql)).await.map(drop)
    }

    /// Deletes groups.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was deleted meanwhile.
    pub async fn delete_groups(&self, addresses: &[Address]) -> Result<(), StoreError> {
        if addresses.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM user_group WHERE (account_id, id) IN (SELECT account_id, id FROM r) RETURNING id";
        self.expect("delete groups", addresses.len(), by_address(self, addresses).statement(sql)).await.map(drop)
    }

    /// Which of these ids are groups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing_groups(&self, addresses: &[Address]) -> Result<Vec<Address>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT g.account_id, g.id FROM r JOIN user_group g ON g.account_id = r.account_id AND g.id = r.id";
        self.all(by_address(self, addresses).statement(sql)).await?.iter().map(address).collect()
    }
}

fn attributes(rows: Rows, groups: &[&GroupRow]) -> Rows {
    rows.uuid("account_id", groups.iter().map(|group| group.account.0))
        .uuid("id", groups.iter().map(|group| group.id))
        .text("display_name", groups.iter().map(|group| group.display_name().to_owned()))
        .text("display_key", groups.iter().map(|group| group.display_key().into_string()))
        .maybe_text("external_id", groups.iter().map(|group| text(&group.resource, "externalId").map(str::to_owned)))
        .json("resource", groups.iter().map(|group| group.rest()))
        .int("modified_ms", groups.iter().map(|group| group.modified_ms))
}
