//! What a batch writes, and in which order.

use super::{
    custom,
    decide::Decision,
    world::{Link, World},
};
use muster_domain::{AccountId, OperationId, detail::AttributeChange};
use muster_scim::ResourceType;
use muster_store::{
    GroupRow, StoreError, UserRow, WriteTransaction,
    batch::{Address, GroupUpdate, Membership, NewAlias},
};
use std::collections::HashMap;

/// What the batch leaves to be written.
#[derive(Default)]
pub(super) struct Writes {
    /// `(account whose administrators change, the version that was decided on)`
    administrator_changes: Vec<(AccountId, i64)>,
    new_users: Vec<UserRow>,
    changed_users: Vec<(i64, UserRow)>,
    aliases: Vec<NewAlias>,
    gone_users: Vec<Address>,
    new_groups: Vec<GroupRow>,
    /// `(group, old version to be checked or none, how many changes)`
    changed_groups: Vec<(GroupRow, Option<i64>, i64)>,
    gone_groups: Vec<Address>,
    user_joins: Vec<Membership>,
    group_joins: Vec<Membership>,
    leaves: Vec<Membership>,
    custom: custom::Writes,
    /// The creations that gave a directory a user who exists.
    pub links: HashMap<OperationId, Link>,
    pub changes: HashMap<OperationId, Vec<AttributeChange>>,
}

/// What the world's operations leave to be written.
pub(super) fn writes(world: &mut World<'_>) -> Writes {
    let mut writes = Writes {
        administrator_changes: world.administrator_changes(),
        custom: world.custom.writes(),
        links: std::mem::take(&mut world.links),
        changes: std::mem::take(&mut world.changes),
        ..Writes::default()
    };
    for (address, user) in &world.users {
        match (world.loaded_user(address), user) {
            (None, Some(row)) => writes.new_users.push(row.clone()),
            (Some(old), Some(row)) => writes.changed_users.push((old.version, row.clone())),
            (Some(_), None) => writes.gone_users.push(*address),
            (None, None) => {}
        }
    }
    writes.aliases = writes.links.values().map(|link| link.alias.clone()).collect();
    for (address, group) in &world.groups {
        match (world.loaded_group(address), group) {
            (None, Some(state)) => writes.new_groups.push(GroupRow { version: state.row.version + state.changes, ..state.row.clone() }),
            (Some(old), Some(state)) => {
                writes.changed_groups.push((state.row.clone(), state.checked.then_some(old.version), state.changes))
            }
            (Some(_), None) => writes.gone_groups.push(*address),
            (None, None) => {}
        }
    }
    for (membership, member) in &world.memberships {
        let members = match (*member, world.known_kind((membership.account, membership.member))) {
            (false, _) => &mut writes.leaves,
            (true, Some(ResourceType::Group)) => &mut writes.group_joins,
            (true, _) => &mut writes.user_joins,
        };
        members.push(*membership);
    }
    writes
}

/// Writes in the order that keeps two batches from deadlocking (see [`muster_store::batch`]).
pub(super) async fn write(tx: &WriteTransaction, writes: Writes, decisions: &mut [Decision], now: i64) -> Result<(), StoreError> {
    tx.count_administrator_changes(&writes.administrator_changes).await?;
    let gone: Vec<Address> = writes.gone_users.iter().chain(&writes.gone_groups).copied().collect();
    let left: Vec<Address> = tx.groups_of(&gone).await?.into_iter().map(|(member, group, _)| (member.0, group)).collect();
    tx.touch_groups(&left, now).await?;

    let mut updates: Vec<GroupUpdate<'_>> = writes
        .changed_groups
        .iter()
        .map(|(row, old_version, changes)| GroupUpdate { row, old_version: *old_version, changes: *changes })
        .collect();
    let versions = tx.update_groups(&mut updates).await?;
    let changes: HashMap<Address, i64> = writes.changed_groups.iter().map(|(row, _, changes)| ((row.account, row.id), *changes)).collect();
    for decision in decisions.iter_mut() {
        if let Some((group, nth)) = decision.group_version
            && let (Some(version), Some(changes)) = (versions.get(&group), changes.get(&group))
        {
            decision.outcome.version = Some(version - changes + nth);
        }
    }
    tx.delete_groups(&writes.gone_groups).await?;
    tx.empty_groups(&writes.gone_groups).await?;

    tx.delete_users(&writes.gone_users).await?;
    tx.leave_groups(&gone).await?;
    let mut changed: Vec<(i64, &UserRow)> = writes.changed_users.iter().map(|(version, row)| (*version, row)).collect();
    tx.update_users(&mut changed).await?;
    tx.insert_users(&mut writes.new_users.iter().collect::<Vec<_>>()).await?;
    tx.insert_groups(&mut writes.new_groups.iter().collect::<Vec<_>>()).await?;

    tx.put_aliases(&writes.aliases).await?;
    tx.delete_members(&writes.leaves).await?;
    tx.insert_members(ResourceType::User, &writes.user_joins).await?;
    tx.insert_members(ResourceType::Group, &writes.group_joins).await?;
    writes.custom.write(tx).await
}
