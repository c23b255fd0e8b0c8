//! What there is to see: operations, a failure, a group, another account.

use super::{object, user_row};
use crate::support::Gateway;
use muster_domain::{AccountId, Actor, Change, KeyId, Operation, OperationId, Outcome, OutcomeCode, Role, UserId};
use muster_scim::{ResourceType, ScimError};
use muster_store::{
    GroupRow, UserRow, accounts,
    batch::{LogEntry, Membership},
    incidents, now_ms,
};
use serde_json::json;
use uuid::Uuid;

/// What an account has.
pub struct Sample {
    pub account: AccountId,
    pub user: UserRow,
    pub group: Uuid,
    pub applied: OperationId,
    pub failed: OperationId,
    pub incident: i64,
}

pub async fn insert(gateway: &Gateway, users: &[UserRow]) {
    for users in users.chunks(500) {
        let tx = gateway.store.begin().await.unwrap();
        tx.insert_users(&mut users.iter().collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

pub async fn insert_group(gateway: &Gateway, account: AccountId, name: &str, members: &[Uuid]) -> Uuid {
    let resource = object(json!({ "displayName": name }));
    let group = GroupRow { account, id: Uuid::now_v7(), resource, version: 1, created_ms: 1_000, modified_ms: 2_000 };
    let tx = gateway.store.begin().await.unwrap();
    tx.insert_groups(&mut [&group]).await.unwrap();
    let members: Vec<Membership> = members.iter().map(|member| Membership { account, group: group.id, member: *member }).collect();
    tx.insert_members(ResourceType::User, &members).await.unwrap();
    tx.commit().await.unwrap();
    group.id
}

/// An operation as a directory asks for it.
pub fn operation(account: AccountId, resource_id: Uuid, change: Change) -> Operation {
    Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Key { key: KeyId::new(), administrator: UserId::new() },
        resource_type: ResourceType::User,
        resource_id,
        change,
        if_match: None,
        accepted_ms: now_ms(),
        deadline_ms: now_ms() + 60_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

pub fn creation(user_id: &str) -> Change {
    Change::Create { resource: object(json!({ "userName": user_id })), role: Role::User }
}

pub async fn log(gateway: &Gateway, operations: &[Operation], outcome: &Outcome) {
    let entries: Vec<LogEntry<'_>> = operations.iter().map(|operation| LogEntry { operation, outcome, changed: &[] }).collect();
    let tx = gateway.store.begin().await.unwrap();
    tx.log_operations(&entries, now_ms()).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn done() -> Outcome {
    Outcome::done(OutcomeCode::Applied, 201, Some(1), None)
}

/// Gives an account one of each.
pub async fn fill(gateway: &Gateway, account: AccountId) -> Sample {
    let mut user = user_row(account, "ada@acme.test", Role::User);
    user.resource.extend(object(json!({
        "displayName": "Ada <b>Lovelace</b>", "externalId": "x-1", "emails": [{"value": "ada@acme.test", "type": "work", "primary": true}]
    })));
    insert(gateway, std::slice::from_ref(&user)).await;
    let group = insert_group(gateway, account, "Analysts", &[user.id]).await;
    let applied = operation(account, user.id, Change::Replace { resource: user.resource.clone() });
    log(gateway, std::slice::from_ref(&applied), &done()).await;
    let failed = operation(account, Uuid::now_v7(), creation("jdoe@acme.test"));
    let taken = Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName: another user signs in as `jdoe@acme.test`"));
    log(gateway, std::slice::from_ref(&failed), &taken).await;
    incidents::fold(&gateway.store, now_ms()).await.unwrap();
    let page = incidents::list(&gateway.store, account, &incidents::IncidentQuery::default()).await.unwrap();
    Sample { account, user, group, applied: applied.id, failed: failed.id, incident: page.incidents[0].number }
}

/// Another customer of the platform.
pub async fn another(gateway: &Gateway) -> AccountId {
    accounts::create(&gateway.store, "globex", "Globex").await.unwrap().id
}
