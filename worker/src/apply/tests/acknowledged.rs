//! Operations whose clients were told that they will be applied (RFC 9967): nothing ends them but being applied.

use super::{World, on_each};
use crate::sweep::once;
use muster_domain::{BulkPart, Operation, Outcome, OutcomeCode};
use muster_queue::{OPERATIONS, Queue, QueueSettings};
use muster_scim::ResourceType::User;
use muster_store::{
    async_requests::{self, Part},
    now_ms, operations,
};
use uuid::Uuid;

/// A request that was acknowledged so long ago.
async fn acknowledge(world: &World, operations: &mut [Operation], ago_ms: i64) -> Uuid {
    let request = Uuid::now_v7();
    for operation in operations.iter_mut() {
        (operation.request_id, operation.acknowledged, operation.accepted_ms) = (request, true, now_ms() - ago_ms);
    }
    let part = |operation: &Operation| Part { method: "POST".into(), bulk_id: None, operation: Some(operation.id), error: None };
    let parts: Vec<Part> = operations.iter().map(part).collect();
    assert!(async_requests::insert(&world.store, world.account, request, &parts, operations, 1_000).await.expect("stored"));
    request
}

async fn queue() -> Queue {
    Queue::connect(QueueSettings::default()).await.expect("a queue in the process")
}

async fn depth(queue: &Queue) -> u64 {
    let status = queue.status().await.expect("it answers");
    status.queues.iter().find(|one| one.name == OPERATIONS).expect("it is there").depth
}

#[tokio::test]
async fn past_its_deadline_it_is_left_alone_and_applied_when_it_comes_again() {
    on_each(|world| async move {
        let mut operations = [world.create_user("ada@x.test")];
        acknowledge(&world, &mut operations, 0).await;
        let late = Operation { deadline_ms: now_ms() - 1, ..operations[0].clone() };
        let outcomes = world.apply(&[late.clone(), world.create_user("bo@x.test")]).await;
        assert_eq!((outcomes[0].code, outcomes[1].status), (OutcomeCode::Expired, 201));
        assert_eq!(operations::outcome(&world.store, world.account, late.id).await.expect("the log"), None, "nothing was decided");
        assert_eq!(world.apply_one(&operations[0]).await.status, 201, "{}", world.engine);
        assert_eq!(world.apply_one(&late).await.code, OutcomeCode::Expired, "nobody waits for it, and nothing happens");
        assert!(world.read(User, late.resource_id).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn what_is_due_is_enqueued_again_and_what_is_applied_is_done() {
    on_each(|world| async move {
        let (queue, account) = (queue().await, world.account);
        let sender = queue.operation_sender();
        let mut young = [world.create_user("young@x.test")];
        acknowledge(&world, &mut young, 1_000).await;
        let mut old = [world.create_user("old@x.test"), world.create_user("older@x.test")];
        for operation in &mut old {
            operation.bulk = Some(Box::<BulkPart>::default());
        }
        let request = acknowledge(&world, &mut old, 13_000).await;
        once(&world.store, &queue, &sender).await.expect("a look");
        assert_eq!(depth(&queue).await, 1, "{}: the old one, as one message", world.engine);
        once(&world.store, &queue, &sender).await.expect("a look");
        assert_eq!(depth(&queue).await, 1, "it is not looked after again at once");
        let later = now_ms() + 60_000;
        let due = async_requests::take_due(&world.store, later, 10).await.expect("due");
        assert_eq!(due.iter().map(|due| due.operations.len()).sum::<usize>(), 3, "some day it is, and the young one too");
        assert!(world.apply(&old).await.iter().all(|outcome| outcome.status == 201));
        let due = async_requests::take_due(&world.store, later + 600_000, 10).await.expect("due");
        assert_eq!(due.iter().map(|due| due.operations[0].id).collect::<Vec<_>>(), [young[0].id], "what is applied is done");
        let found = async_requests::find(&world.store, account, request).await.expect("a look").expect("it is kept");
        assert_eq!(found.parts.iter().map(|part| part.operation).collect::<Vec<_>>(), [Some(old[0].id), Some(old[1].id)]);
        let other = muster_store::accounts::create(&world.store, "other", "Other").await.expect("account").id;
        assert_eq!(async_requests::find(&world.store, other, request).await.expect("a look"), None, "nothing crosses accounts");
        assert_eq!(async_requests::forget(&world.store, now_ms() + 1).await.expect("forgotten"), 1);
        assert_eq!(async_requests::find(&world.store, account, request).await.expect("a look"), None);
    })
    .await;
}

#[tokio::test]
async fn what_was_ended_otherwise_is_finished_by_the_sweeper() {
    on_each(|world| async move {
        let queue = queue().await;
        let mut operations = [world.create_user("ada@x.test")];
        acknowledge(&world, &mut operations, 13_000).await;
        let set_aside = Outcome::failed(OutcomeCode::SetAside, 500);
        operations::record(&world.store, &operations[0], &set_aside).await.expect("recorded");
        once(&world.store, &queue, &queue.operation_sender()).await.expect("a look");
        assert_eq!(depth(&queue).await, 0, "{}", world.engine);
        assert!(async_requests::take_due(&world.store, now_ms() + 600_000, 10).await.expect("due").is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_given_up_has_an_outcome_and_is_not_enqueued_again() {
    on_each(|world| async move {
        let queue = queue().await;
        let mut promised = [world.create_user("ada@x.test")];
        acknowledge(&world, &mut promised, 13_000).await;
        assert_eq!(world.applier.set_aside(&promised[0]).await.code, OutcomeCode::Expired, "too young to be given up by itself");
        let done = world.create_user("bo@x.test");
        assert_eq!(world.apply_one(&done).await.status, 201);
        let message = [promised[0].clone(), done.clone()];
        assert_eq!(operations::give_up(&world.store, &message).await.expect("recorded"), 1, "what was done stays done");
        assert_eq!(operations::give_up(&world.store, &message).await.expect("recorded"), 0, "the second time there is nothing to do");
        once(&world.store, &queue, &queue.operation_sender()).await.expect("a look");
        assert_eq!(depth(&queue).await, 0, "{}", world.engine);
        assert_eq!(world.apply_one(&promised[0]).await.code, OutcomeCode::SetAside);
        assert_eq!(world.read(User, promised[0].resource_id).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sweepers_share_what_is_due() {
    on_each(|world| async move {
        let queue = queue().await;
        for number in 0..40 {
            acknowledge(&world, &mut [world.create_user(&format!("u{number}@x.test"))], 13_000).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (store, queue) = (world.store.clone(), queue.clone());
            tasks.spawn(async move { once(&store, &queue, &queue.operation_sender()).await });
        }
        for looked in tasks.join_all().await {
            looked.expect("a look");
        }
        assert_eq!(depth(&queue).await, 40, "{}: each of them once", world.engine);
    })
    .await;
}

#[tokio::test]
async fn an_account_is_promised_no_more_than_its_share() {
    on_each(|world| async move {
        let mut operations = [world.create_user("ada@x.test")];
        acknowledge(&world, &mut operations, 0).await;
        acknowledge(&world, &mut [world.create_user("bo@x.test")], 0).await;
        let more = world.create_user("cleo@x.test");
        let insert = async |account, most| {
            async_requests::insert(&world.store, account, Uuid::now_v7(), &[], std::slice::from_ref(&more), most).await.expect("an answer")
        };
        let other = muster_store::accounts::create(&world.store, "other", "Other").await.expect("account").id;
        assert!(!insert(world.account, 2).await, "{}: two wait already", world.engine);
        assert!(insert(other, 2).await, "another account has its own share");
        world.apply(&operations).await;
        assert!(insert(world.account, 2).await, "what is applied waits no more");
    })
    .await;
}

#[tokio::test]
async fn what_stops_its_workers_is_not_given_up_at_once() {
    on_each(|world| async move {
        let mut operations = [world.create_user("ada@x.test")];
        acknowledge(&world, &mut operations, 60_000).await;
        assert_eq!(world.applier.set_aside(&operations[0]).await.code, OutcomeCode::Expired, "it is enqueued again");
        assert_eq!(world.apply_one(&operations[0]).await.status, 201, "{}: and is applied", world.engine);
        let mut poison = [world.create_user("bo@x.test")];
        acknowledge(&world, &mut poison, 600_000).await;
        assert_eq!(world.applier.set_aside(&poison[0]).await.code, OutcomeCode::SetAside, "some day it is enough");
        assert_eq!(world.apply_one(&poison[0]).await.code, OutcomeCode::SetAside);
        let plain = world.create_user("cleo@x.test");
        assert_eq!(world.applier.set_aside(&plain).await.code, OutcomeCode::SetAside);
    })
    .await;
}

#[tokio::test]
async fn what_was_set_aside_and_is_replayed_has_one_effect() {
    on_each(async |world: World| {
        let (poison, done) = (world.create_user("ada@acme.test"), world.create_user("grace@acme.test"));
        assert_eq!(world.applier.set_aside(&poison).await.code, OutcomeCode::SetAside);
        assert_eq!(world.apply_one(&poison).await.code, OutcomeCode::SetAside, "delivered again, it stays what it is");
        assert_eq!(world.apply_one(&done).await.status, 201);
        // Replaying takes back what was set aside, and nothing else.
        let both = [poison.clone(), done.clone()];
        assert_eq!(operations::reopen(&world.store, &both).await.expect("reopened"), 1);
        for (operation, times) in [(&poison, 2), (&done, 1)] {
            for _ in 0..times {
                let outcome = world.apply_one(operation).await;
                assert_eq!((outcome.code, outcome.status, outcome.version), (OutcomeCode::Applied, 201, Some(1)), "{}", world.engine);
            }
        }
        let refused = async |operations: &[Operation]| match operations::reopen(&world.store, operations).await {
            Err(muster_store::StoreError::Conflict(why)) => why,
            other => panic!("{}: {other:?}", world.engine),
        };
        assert!(refused(&both).await.contains("has an outcome already"));
        // What something newer has overtaken would undo that.
        let delete = || Operation { id: muster_domain::OperationId::new(), change: muster_domain::Change::Delete, ..done.clone() };
        let (old, new) = (delete(), delete());
        assert_eq!(world.applier.set_aside(&old).await.code, OutcomeCode::SetAside);
        assert_eq!(world.apply_one(&new).await.status, 204);
        assert!(refused(std::slice::from_ref(&old)).await.contains("has been changed since"));
        assert_eq!(world.apply_one(&old).await.code, OutcomeCode::SetAside, "and nothing has changed");
        let globex = muster_store::accounts::create(&world.store, "globex", "Globex").await.expect("an account").id;
        let other = Operation { account: globex, ..world.create_user("eve@acme.test") };
        assert_eq!(world.applier.set_aside(&other).await.code, OutcomeCode::SetAside);
        let foreign = Operation { account: world.account, ..other.clone() };
        assert_eq!(operations::reopen(&world.store, &[foreign]).await.expect("not this account's"), 0);
        assert_eq!(operations::reopen(&world.store, &[other]).await.expect("its own"), 1);
    })
    .await;
}
