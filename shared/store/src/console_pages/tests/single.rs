//! One user, and the state of provisioning.

use super::user;
use crate::{
    batch::LogEntry,
    console_pages::{overview, person},
    incidents, keys, now_ms,
    testing::{World, object, on_each},
};
use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Role, SecretKey, UserId};
use muster_scim::{Resource, ResourceType, ScimError};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

fn operation(world: &World) -> Operation {
    let now = now_ms();
    Operation {
        id: OperationId::new(),
        account: world.account,
        actor: Actor::Command,
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Create { resource: Resource::from_iter([("userName".to_owned(), "x".into())]), role: Role::User },
        if_match: None,
        accepted_ms: now,
        deadline_ms: now + 60_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

#[tokio::test]
async fn a_user_is_shown_with_role_groups_and_aliases() {
    on_each(|world| async move {
        let ada = user(&world, "ada@acme.test", Some("ada@acme.test"), true, Role::UserManager, None);
        let group = world.group(object(json!({ "displayName": "Sales" })), 0, 0);
        world.insert(std::slice::from_ref(&ada), std::slice::from_ref(&group), &[(group.id, ada.id)]).await;
        let id = UserId(ada.id);
        let sql = "INSERT INTO alias (account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, hits, last_used_ms) \
             VALUES ($1, 'ada', $2, 'Ada', $3, 5, 6, 7, 8)";
        let values = [world.account.0.into(), ada.id.into(), Uuid::now_v7().into()];
        world.store.writer().execute_raw(world.store.statement(sql, values)).await.expect("an alias");

        let shown = person(&world.store, world.account, id).await.expect("a read").expect("a user");
        assert_eq!((shown.user_id.as_str(), shown.role, shown.active), ("ada@acme.test", Role::UserManager, true));
        assert!(!shown.scim_administrator);
        assert_eq!(shown.resource["groups"][0]["display"], "Sales");
        let [alias] = shown.aliases.as_slice() else { panic!("one alias") };
        assert_eq!((alias.old_id.as_str(), alias.expires_ms, alias.hits, alias.last_used_ms), ("Ada", 5, 7, Some(8)));
        keys::generate(&world.store, world.account, id, &SecretKey::generate()).await.expect("a key");
        assert!(person(&world.store, world.account, id).await.expect("a read").expect("a user").scim_administrator);

        assert!(person(&world.store, AccountId::new(), id).await.expect("a read").is_none(), "another account");
        assert!(person(&world.store, world.account, UserId::new()).await.expect("a read").is_none());
    })
    .await;
}

#[tokio::test]
async fn the_overview_counts_a_day_and_what_is_not_over() {
    on_each(|world| async move {
        let empty = overview(&world.store, world.account, now_ms()).await.expect("an overview");
        assert_eq!((empty.operations, empty.failed, empty.unresolved), (0, 0, 0));

        let (good, bad, other) = (operation(&world), operation(&world), operation(&world));
        let done = Outcome::done(OutcomeCode::Applied, 201, Some(1), None);
        let taken = Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName is taken"));
        let tx = world.store.begin().await.expect("begin");
        for (operation, outcome) in [(&good, &done), (&bad, &taken), (&other, &done)] {
            tx.log_operations(&[LogEntry { operation, outcome, changed: &[] }], now_ms()).await.expect("logged");
        }
        tx.commit().await.expect("commit");
        incidents::fold(&world.store, now_ms()).await.expect("folded");

        let now = overview(&world.store, world.account, now_ms()).await.expect("an overview");
        assert_eq!((now.operations, now.failed, now.open, now.unresolved), (3, 1, 1, 1));
        let incident = incidents::by_number(&world.store, world.account, 1).await.expect("a read").expect("an incident");
        incidents::acknowledge(&world.store, world.account, incident.id, "ada").await.expect("acknowledged");
        let later = overview(&world.store, world.account, now_ms() + 25 * 60 * 60 * 1000).await.expect("an overview");
        assert_eq!((later.operations, later.failed, later.open, later.unresolved), (0, 0, 0, 1));
        let foreign = overview(&world.store, AccountId::new(), now_ms()).await.expect("an overview");
        assert_eq!((foreign.operations, foreign.unresolved), (0, 0));
    })
    .await;
}
