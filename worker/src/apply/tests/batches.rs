use super::on_each;
use muster_domain::{AccountId, Change, Operation, OperationId, OutcomeCode};
use muster_scim::{ResourceType::User, patch::PatchRequest};
use muster_store::{now_ms, operations, resources};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn an_operation_that_is_delivered_again_has_one_effect_and_the_same_answer() {
    on_each(|world| async move {
        let create = world.create_user("ada@x.test");
        let first = world.apply_one(&create).await;
        let again = world.apply(&[create.clone(), world.create_user("bo@x.test"), create.clone()]).await;
        assert_eq!(again[0], first);
        assert_eq!(again[1].status, 201, "its neighbour is applied");
        assert_eq!(again[2], first);
        let refused = world.create_user("ADA@x.test");
        let first = world.apply_one(&refused).await;
        world.apply_one(&world.delete(User, create.resource_id)).await;
        assert_eq!(world.apply_one(&refused).await, first, "a refusal stands, although the name is free now");
    })
    .await;
}

#[tokio::test]
async fn one_operation_twice_in_one_batch_has_one_effect() {
    on_each(|world| async move {
        let create = world.create_user("ada@x.test");
        let outcomes = world.apply(&[create.clone(), create]).await;
        assert_eq!(outcomes[0].status, 201);
        assert_eq!(outcomes[0], outcomes[1]);
    })
    .await;
}

#[tokio::test]
async fn an_operation_past_its_deadline_does_nothing_and_its_neighbours_are_applied() {
    on_each(|world| async move {
        let late = Operation { deadline_ms: now_ms() - 1, ..world.create_user("late@x.test") };
        let outcomes = world.apply(&[late.clone(), world.create_user("ada@x.test")]).await;
        assert_eq!((outcomes[0].code, outcomes[0].status), (OutcomeCode::Expired, 503));
        assert_eq!(outcomes[1].status, 201);
        assert_eq!(world.read(User, late.resource_id).await, None);
    })
    .await;
}

#[tokio::test]
async fn after_the_fence_no_worker_can_apply_the_operation() {
    on_each(|world| async move {
        let create = world.create_user("ada@x.test");
        assert_eq!(operations::expire(&world.store, &create).await.expect("fence"), None);
        let outcome = world.apply_one(&create).await;
        assert_eq!(outcome.code, OutcomeCode::Expired);
        assert_eq!(world.read(User, create.resource_id).await, None);
        let other = world.create_user("ada@x.test");
        let applied = world.apply_one(&other).await;
        assert_eq!(
            operations::expire(&world.store, &other).await.expect("fence"),
            Some(applied),
            "a worker was first: its outcome is the answer"
        );
    })
    .await;
}

#[tokio::test]
async fn a_value_the_database_refuses_fails_alone() {
    on_each(|world| async move {
        // A NUL cannot be stored as text. The gateway refuses it; here it stands for anything unexpected.
        let mut poison = world.create_user("poison@x.test");
        if let Change::Create { resource, .. } = &mut poison.change {
            resource.insert("title".into(), json!("a\u{0}b"));
        }
        let mut operations: Vec<Operation> = (0..40).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        operations.insert(17, poison);
        let outcomes = world.apply(&operations).await;
        for (index, outcome) in outcomes.iter().enumerate() {
            if index != 17 {
                assert_eq!(outcome.status, 201, "{} {index}", world.engine);
            } else if world.engine == "postgres" {
                assert_eq!((outcome.code, outcome.status), (OutcomeCode::Failed, 500));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn accounts_do_not_see_each_other_in_a_batch() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        let elsewhere = |operation: Operation, account| Operation { account, id: OperationId::new(), ..operation };
        let other = muster_store::accounts::create(&world.store, "other", "Other").await.expect("account").id;
        let same_name = elsewhere(world.create_user("ada@x.test"), other);
        let foreign_patch = elsewhere(world.patch(User, ada, json!([{"op": "add", "path": "title", "value": "x"}])), other);
        let foreign_delete = elsewhere(world.delete(User, ada), other);
        let outcomes = world.apply(&[same_name, foreign_patch, foreign_delete]).await;
        assert_eq!(outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(), [201, 404, 404]);
        let include = resources::Include::default();
        let read = resources::get(&world.store, other, User, ada, include).await.expect("read");
        assert_eq!(read, None);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_512_is_applied_like_a_batch_of_one() {
    on_each(|world| async move {
        let operations: Vec<Operation> = (0..512).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        let outcomes = world.apply(&operations).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == 201));
        let everybody = resources::Selection { resource_type: User, filter: None, sort: None, include: resources::Include::default() };
        let paging = resources::Paging::Index { start: 1, count: 10 };
        let query = resources::ListQuery { selections: vec![everybody], paging };
        let page = resources::list(&world.store, world.account, &query).await.expect("list");
        assert_eq!((page.total, page.resources.len()), (Some(512), 10));
    })
    .await;
}

#[tokio::test]
async fn an_empty_patch_changes_nothing() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        let patch = world.operation(User, ada, Change::Patch { patch: PatchRequest { operations: Vec::new() } });
        let outcome = world.apply_one(&patch).await;
        assert_eq!((outcome.code, outcome.status, outcome.version), (OutcomeCode::Unchanged, 200, Some(1)));
        let _: (AccountId, Uuid) = (world.account, ada);
    })
    .await;
}

#[tokio::test]
async fn past_its_deadline_after_an_attempt_of_unknown_end_the_log_decides() {
    on_each(|world| async move {
        let committed = world.create_user("ada@x.test");
        let applied = world.apply_one(&committed).await;
        assert_eq!(world.applier.end_late(&committed).await, Some(applied), "it had been committed: the client hears so");
        let lost = world.create_user("bo@x.test");
        let ended = world.applier.end_late(&lost).await.expect("the log can be asked");
        assert_eq!((ended.code, ended.status), (OutcomeCode::Expired, 503));
        assert_eq!(world.apply_one(&lost).await.code, OutcomeCode::Expired, "and it is never applied after that");
        assert_eq!(world.read(User, lost.resource_id).await, None);
    })
    .await;
}
