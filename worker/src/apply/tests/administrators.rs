//! What a directory can never do to the SCIM administrator and to the last administrator.

use super::{World, on_each};
use muster_domain::{Actor, Change, KeyId, Operation, OperationId, Outcome, OutcomeCode, Role, SecretKey, UserId};
use muster_scim::ResourceType::{Group, User};
use muster_store::keys;
use serde_json::{Value, json};
use uuid::Uuid;

/// A user of this role, made by a command, with one address.
async fn user_of(world: &World, user_id: &str, role: Role) -> Uuid {
    let mut operation = world.create_user(user_id);
    if let Change::Create { role: of, .. } = &mut operation.change {
        *of = role;
    }
    assert_eq!(world.apply_one(&operation).await.status, 201);
    operation.resource_id
}

async fn new_key(world: &World, administrator: Uuid) -> KeyId {
    keys::generate(&world.store, world.account, UserId(administrator), &SecretKey::generate()).await.expect("a key")
}

/// The operation as it comes with a secret key.
fn from_directory(operation: Operation) -> Operation {
    Operation { actor: Actor::Key { key: KeyId::new(), administrator: UserId::new() }, id: OperationId::new(), ..operation }
}

/// Everything that may not be done to a protected user whose user id and address are `name`.
fn attacks(world: &World, id: Uuid, name: &str) -> Vec<(&'static str, Operation)> {
    let patch = |operations: Value| world.patch(User, id, operations);
    let emails = json!([{"value": name, "type": "work", "primary": true}]);
    vec![
        ("delete", world.delete(User, id)),
        ("disable", patch(json!([{"op": "replace", "path": "active", "value": false}]))),
        ("disable, as Entra spells it", patch(json!([{"op": "Replace", "path": "ACTIVE", "value": "False"}]))),
        ("disable without a path", patch(json!([{"op": "replace", "value": {"active": false}}]))),
        ("disable without a path, other case", patch(json!([{"op": "replace", "value": {"aCtIvE": "false"}}]))),
        (
            "disable, with a harmless change before it",
            patch(json!([{"op": "add", "path": "title", "value": "T"}, {"op": "replace", "path": "active", "value": false}])),
        ),
        ("rename", patch(json!([{"op": "replace", "path": "userName", "value": "mallory@x.test"}]))),
        ("rename by case", patch(json!([{"op": "replace", "path": "username", "value": name.to_uppercase()}]))),
        ("rename without a path", patch(json!([{"op": "add", "value": {"userName": "mallory@x.test"}}]))),
        ("address by filter", patch(json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "mallory@x.test"}]))),
        ("address as key", patch(json!([{"op": "replace", "value": {"emails[type eq \"work\"].value": "mallory@x.test"}}]))),
        ("one more address", patch(json!([{"op": "add", "path": "emails", "value": [{"value": "mallory@x.test", "type": "home"}]}]))),
        ("another primary", patch(json!([{"op": "add", "path": "emails", "value": [{"value": "mallory@x.test", "primary": true}]}]))),
        ("no address", patch(json!([{"op": "remove", "path": "emails"}]))),
        ("replaced, disabled", world.replace(User, id, json!({"userName": name, "emails": emails, "active": false}))),
        ("replaced, renamed", world.replace(User, id, json!({"userName": "mallory@x.test", "emails": emails}))),
        ("replaced without the address", world.replace(User, id, json!({"userName": name, "active": true}))),
    ]
}

#[track_caller]
fn refused(what: &str, outcome: &Outcome, names: &str) {
    assert_eq!((outcome.code, outcome.status), (OutcomeCode::Protected, 403), "{what}: {outcome:?}");
    let detail = &outcome.error.as_ref().expect("an error").detail;
    assert!(detail.contains(names), "{what}: {detail}");
}

#[tokio::test]
async fn the_scim_administrator_cannot_be_touched_however_it_is_spelled() {
    on_each(|world| async move {
        user_of(&world, "boss@x.test", Role::Administrator).await;
        let manager = user_of(&world, "manager@x.test", Role::UserManager).await;
        new_key(&world, manager).await;
        let before = world.read(User, manager).await;
        for (what, attack) in attacks(&world, manager, "manager@x.test") {
            refused(what, &world.apply_one(&from_directory(attack)).await, "choose another SCIM administrator");
        }
        let all: Vec<Operation> =
            attacks(&world, manager, "manager@x.test").into_iter().map(|(_, attack)| from_directory(attack)).collect();
        world.apply(&all).await.iter().for_each(|outcome| refused("in one batch", outcome, "SCIM administrator"));
        assert_eq!(world.read(User, manager).await, before, "{}: not even the version changed", world.engine);
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_cannot_be_touched_and_one_of_two_can() {
    on_each(|world| async move {
        let last = user_of(&world, "last@x.test", Role::Administrator).await;
        let manager = user_of(&world, "manager@x.test", Role::UserManager).await;
        new_key(&world, manager).await;
        for (what, attack) in attacks(&world, last, "last@x.test") {
            refused(what, &world.apply_one(&from_directory(attack)).await, "make another user administrator first");
        }
        let second = user_of(&world, "second@x.test", Role::Administrator).await;
        assert_eq!(world.apply_one(&from_directory(world.delete(User, last))).await.status, 204, "there is another one");
        refused("the other one", &world.apply_one(&from_directory(world.delete(User, second))).await, "last active administrator");
    })
    .await;
}

#[tokio::test]
async fn an_inactive_administrator_does_not_count() {
    on_each(|world| async move {
        let last = user_of(&world, "last@x.test", Role::Administrator).await;
        let idle = user_of(&world, "idle@x.test", Role::Administrator).await;
        let set = |id, active: bool| from_directory(world.patch(User, id, json!([{"op": "replace", "path": "active", "value": active}])));
        assert_eq!(world.apply_one(&set(idle, false)).await.status, 200);
        refused("disable", &world.apply_one(&set(last, false)).await, "last active administrator");
        let outcomes = world.apply(&[set(idle, true), set(last, false), set(idle, false)]).await;
        assert_eq!(
            outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(),
            [200, 200, 403],
            "who is let in again counts at once"
        );
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_of_it_is_fine() {
    on_each(|world| async move {
        let boss = user_of(&world, "boss@x.test", Role::Administrator).await;
        new_key(&world, boss).await;
        let emails = json!([{"value": "boss@x.test", "type": "work", "primary": true}]);
        let fine = [
            world.patch(User, boss, json!([{"op": "replace", "path": "displayName", "value": "The Boss"}])),
            world.patch(User, boss, json!([{"op": "replace", "path": "active", "value": "True"}])),
            world.patch(User, boss, json!([{"op": "replace", "path": "userName", "value": "boss@x.test"}])),
            world.patch(User, boss, json!([{"op": "replace", "path": "emails[type eq \"work\"].display", "value": "B"}])),
            world.replace(User, boss, json!({"userName": "boss@x.test", "emails": emails, "title": "T"})),
            world.patch(User, boss, json!([])),
        ];
        for operation in fine {
            let outcome = world.apply_one(&from_directory(operation)).await;
            assert_eq!(outcome.status, 200, "{outcome:?}");
        }
        let group = world.group("Ops", &[boss]).await;
        assert_eq!(world.apply_one(&from_directory(world.delete(Group, group))).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn a_command_may_and_a_voided_key_protects_nobody() {
    on_each(|world| async move {
        let (first, second) =
            (user_of(&world, "first@x.test", Role::Administrator).await, user_of(&world, "second@x.test", Role::Administrator).await);
        new_key(&world, first).await;
        new_key(&world, second).await;
        let rename = world.patch(User, first, json!([{"op": "replace", "path": "userName", "value": "f@x.test"}]));
        assert_eq!(world.apply_one(&from_directory(rename)).await.status, 200, "the first is SCIM administrator no more");
        assert_eq!(world.apply_one(&world.delete(User, first)).await.status, 204);
        assert_eq!(world.apply_one(&world.delete(User, second)).await.status, 204, "{}: a command may", world.engine);
    })
    .await;
}

#[tokio::test]
async fn of_two_administrators_disabled_in_one_batch_one_stays() {
    on_each(|world| async move {
        let (first, second) =
            (user_of(&world, "first@x.test", Role::Administrator).await, user_of(&world, "second@x.test", Role::Administrator).await);
        let outcomes = world.apply(&[from_directory(world.delete(User, first)), from_directory(world.delete(User, second))]).await;
        assert_eq!(outcomes[0].status, 204);
        refused("the second", &outcomes[1], "last active administrator");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_administrators_disabled_by_workers_at_once_one_stays() {
    on_each(|world| async move {
        for round in 0..12 {
            let mut administrators = Vec::new();
            for number in 0..4 {
                administrators.push(user_of(&world, &format!("a{number}-{round}@x.test"), Role::Administrator).await);
            }
            let mut tasks = tokio::task::JoinSet::new();
            for id in administrators {
                let disable = if id.as_bytes()[15].is_multiple_of(2) {
                    world.delete(User, id)
                } else {
                    world.patch(User, id, json!([{"op": "replace", "path": "active", "value": false}]))
                };
                let (applier, disable) = (world.applier.clone(), from_directory(disable));
                tasks.spawn(async move { (id, applier.apply(vec![disable]).await.pop().expect("an outcome")) });
            }
            let outcomes = tasks.join_all().await;
            let stayed: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.status == 403).collect();
            assert_eq!(stayed.len(), 1, "{}: {outcomes:?}", world.engine);
            assert_eq!(world.apply_one(&world.delete(User, stayed[0].0)).await.status, 204);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_is_either_disabled_or_made_scim_administrator() {
    on_each(|world| async move {
        user_of(&world, "boss@x.test", Role::Administrator).await;
        for round in 0..12 {
            let manager = user_of(&world, &format!("m{round}@x.test"), Role::UserManager).await;
            let (applier, delete) = (world.applier.clone(), from_directory(world.delete(User, manager)));
            let deleting = tokio::spawn(async move { applier.apply(vec![delete]).await.pop().expect("an outcome").status });
            let made = keys::generate(&world.store, world.account, UserId(manager), &SecretKey::generate()).await;
            let deleted = deleting.await.expect("no panic");
            assert_eq!((made.is_ok(), made.is_err()), (deleted == 403, deleted == 204), "{}: {made:?}, {deleted}", world.engine);
        }
    })
    .await;
}
