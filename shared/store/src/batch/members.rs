//! Members of a batch.
//!
//! Membership is a table of its own, so adding one member to a group of 100,000 costs one row. There is no foreign key from it:
//! members are users or groups. Instead, inserting takes the lock a foreign-key check would take (`FOR KEY SHARE`) on the row of
//! the member, so that a member that is being deleted at that moment is waited for and then not inserted.

use super::{Address, users::by_address};
use crate::{Dialect, StoreError, WriteTransaction, rows::Rows};
use muster_domain::AccountId;
use muster_scim::ResourceType;
use sea_orm::QueryResult;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// One member of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Membership {
    /// The account of both.
    pub account: AccountId,
    /// The group.
    pub group: Uuid,
    /// The user or group that is in it.
    pub member: Uuid,
}

/// All members of some groups.
pub type Members = HashMap<Address, HashSet<Uuid>>;

impl WriteTransaction {
    /// Which of these memberships exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing_memberships(&self, asked: &[Membership]) -> Result<HashSet<Membership>, StoreError> {
        if asked.is_empty() {
            return Ok(HashSet::new());
        }
        let sql = "SELECT m.account_id, m.group_id, m.member_id FROM r JOIN group_member m \
             ON m.account_id = r.account_id AND m.group_id = r.group_id AND m.member_id = r.member_id";
        self.all(relation(self.dialect, asked).statement(sql)).await?.iter().map(membership).collect()
    }

    /// All members of these groups. For the few operations that cannot be decided without them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_members(&self, groups: &[Address]) -> Result<Members, StoreError> {
        let mut members: Members = groups.iter().map(|address| (*address, HashSet::new())).collect();
        if groups.is_empty() {
            return Ok(members);
        }
        let sql =
            "SELECT m.account_id, m.group_id, m.member_id FROM r JOIN group_member m ON m.account_id = r.account_id AND m.group_id = r.id";
        for row in self.all(by_address(self, groups).statement(sql)).await? {
            let found = membership(&row)?;
            members.entry((found.account, found.group)).or_default().insert(found.member);
        }
        Ok(members)
    }

    /// The groups each of these is a member of: `(member, group, the group's display name)`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn groups_of(&self, members: &[Address]) -> Result<Vec<(Address, Uuid, String)>, StoreError> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT m.account_id, m.member_id, g.id, g.display_name FROM r \
             JOIN group_member m ON m.account_id = r.account_id AND m.member_id = r.id \
             JOIN user_group g ON g.account_id = m.account_id AND g.id = m.group_id";
        let rows = self.all(by_address(self, members).statement(sql)).await?;
        rows.iter()
            .map(|row| {
                let member = (AccountId(row.try_get("", "account_id")?), row.try_get("", "member_id")?);
                Ok((member, row.try_get("", "id")?, row.try_get("", "display_name")?))
            })
            .collect()
    }

    /// Puts members of one kind into groups. Those that are in it already, and those that no longer exist, are passed over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_members(&self, kind: ResourceType, members: &[Membership]) -> Result<(), StoreError> {
        if members.is_empty() {
            return Ok(());
        }
        let (table, is_group) = match kind {
            ResourceType::User => ("users", "false"),
            ResourceType::Group => ("user_group", "true"),
            // Nothing else is ever a member.
            ResourceType::Custom(_) => return Ok(()),
        };
        // What a foreign key would do: a member that is being deleted is waited for, and then not there.
        let lock = match self.dialect {
            Dialect::Postgres => "FOR KEY SHARE OF t",
            Dialect::Sqlite => "",
        };
        let sql = format!(
            "INSERT INTO group_member (account_id, group_id, member_id, is_group) \
             SELECT c.account_id, c.group_id, c.member_id, {is_group} FROM (\
               SELECT r.account_id, r.group_id, r.member_id FROM r JOIN {table} t ON t.account_id = r.account_id AND t.id = r.member_id \
               ORDER BY r.account_id, r.member_id {lock}\
             ) c WHERE true ON CONFLICT DO NOTHING"
        );
        self.all(relation(self.dialect, members).statement(&sql)).await.map(drop)
    }

    /// Takes members out of groups. Those that are not in it are passed over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_members(&self, members: &[Membership]) -> Result<(), StoreError> {
        if members.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM group_member WHERE (account_id, group_id, member_id) IN (SELECT account_id, group_id, member_id FROM r)";
        self.all(relation(self.dialect, members).statement(sql)).await.map(drop)
    }

    /// Empties these groups, which are being deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn empty_groups(&self, groups: &[Address]) -> Result<(), StoreError> {
        if groups.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM group_member WHERE (account_id, group_id) IN (SELECT account_id, id FROM r)";
        self.all(by_address(self, groups).statement(sql)).await.map(drop)
    }

    /// Takes these users or groups, which are being deleted, out of every group, and returns the groups they were in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leave_groups(&self, members: &[Address]) -> Result<Vec<Address>, StoreError> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "DELETE FROM group_member WHERE (account_id, member_id) IN (SELECT account_id, id FROM r) \
             RETURNING account_id, group_id AS id";
        self.all(by_address(self, members).statement(sql)).await?.iter().map(super::address).collect()
    }
}

fn relation(dialect: Dialect, members: &[Membership]) -> Rows {
    let mut sorted = members.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Rows::new(dialect)
        .uuid("account_id", sorted.iter().map(|m| m.account.0))
        .uuid("group_id", sorted.iter().map(|m| m.group))
        .uuid("member_id", sorted.iter().map(|m| m.member))
}

fn membership(row: &QueryResult) -> Result<Membership, StoreError> {
    Ok(Membership {
        account: AccountId(row.try_get("", "account_id")?),
        group: row.try_get("", "group_id")?,
        member: row.try_get("", "member_id")?,
    })
}
