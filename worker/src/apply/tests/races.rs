//! Several appliers, as several workers would have, on the same rows at the same time.

use super::{World, on_each};
use muster_domain::{Operation, Outcome};
use muster_scim::ResourceType::{Group, User};
use serde_json::json;

/// Gives each operation to one of four workers, in batches, all at once.
async fn at_once(world: &World, operations: Vec<Operation>, batch: usize) -> Vec<Outcome> {
    let mut tasks = tokio::task::JoinSet::new();
    for (index, chunk) in operations.chunks(batch).enumerate() {
        let (applier, chunk) = (world.applier.clone(), chunk.to_vec());
        tasks.spawn(async move { (index, applier.apply(chunk).await) });
    }
    let mut outcomes: Vec<_> = tasks.join_all().await;
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_160_members_added_to_one_group_in_parallel_none_is_lost() {
    on_each(|world| async move {
        let users: Vec<Operation> = (0..160).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        world.apply(&users).await;
        let ops = world.group("Ops", &[]).await;
        let adds = users
            .iter()
            .map(|user| world.patch(Group, ops, json!([{"op": "add", "path": "members", "value": [{"value": user.resource_id}]}])));
        let outcomes = at_once(&world, adds.collect(), 10).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 204), "{outcomes:?}");
        assert_eq!(world.members(ops).await.len(), 160, "{}", world.engine);
        let mut versions: Vec<_> = outcomes.iter().map(|outcome| outcome.version.expect("a version")).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..=161).collect::<Vec<_>>(), "every change has a version of its own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_users_of_one_name_made_in_parallel_one_is_made() {
    on_each(|world| async move {
        let creates = (0..16).map(|i| world.create_user(if i % 2 == 0 { "ada@x.test" } else { "Ada@X.test" })).collect();
        let outcomes = at_once(&world, creates, 1).await;
        let made = outcomes.iter().filter(|outcome| outcome.status == 201).count();
        assert_eq!((made, outcomes.iter().filter(|outcome| outcome.status == 409).count()), (1, 15));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_patches_of_one_user_all_count() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        let patches = (0..40).map(|i| {
            let value = json!([{"value": format!("{i}"), "type": format!("t{i}")}]);
            world.patch(User, ada, json!([{"op": "add", "path": "phoneNumbers", "value": value}]))
        });
        let outcomes = at_once(&world, patches.collect(), 2).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 200), "{outcomes:?}");
        let read = world.read(User, ada).await.expect("ada");
        assert_eq!(read["phoneNumbers"].as_array().expect("phones").len(), 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sets_and_adds_of_one_group_in_parallel_end_in_a_state_some_order_explains() {
    on_each(|world| async move {
        let users: Vec<Operation> = (0..20).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        world.apply(&users).await;
        let ops = world.group("Ops", &[]).await;
        let set = |from: usize| {
            let value: Vec<_> = users[from..from + 10].iter().map(|user| json!({"value": user.resource_id})).collect();
            world.patch(Group, ops, json!([{"op": "replace", "path": "members", "value": value}]))
        };
        let outcomes = at_once(&world, (0..12).map(|i| set(if i % 2 == 0 { 0 } else { 10 })).collect(), 1).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 204), "{outcomes:?}");
        let members: std::collections::BTreeSet<String> = world.members(ops).await.into_iter().collect();
        let half = |from: usize| users[from..from + 10].iter().map(|user| user.resource_id.to_string()).collect();
        assert!(members == half(0) || members == half(10), "a mixture: {members:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_batch_given_to_four_workers_happens_once() {
    on_each(|world| async move {
        let creates: Vec<Operation> = (0..50).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        let four: Vec<Operation> = std::iter::repeat_n(creates.clone(), 4).flatten().collect();
        let outcomes = at_once(&world, four, 50).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 201), "{outcomes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_that_are_deleted_while_they_are_added_are_not_members_afterwards() {
    on_each(|world| async move {
        let users: Vec<Operation> = (0..40).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        world.apply(&users).await;
        let ops = world.group("Ops", &[]).await;
        let adds = users
            .iter()
            .map(|user| world.patch(Group, ops, json!([{"op": "add", "path": "members", "value": [{"value": user.resource_id}]}])));
        let deletes = users.iter().map(|user| world.delete(User, user.resource_id));
        let both = adds.zip(deletes).flat_map(|(add, delete)| [add, delete]).collect();
        let outcomes = at_once(&world, both, 3).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 204), "{outcomes:?}");
        assert!(world.members(ops).await.is_empty(), "{}", world.engine);
    })
    .await;
}
