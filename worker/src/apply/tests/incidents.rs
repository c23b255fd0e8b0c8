//! Failures of real batches, from the operation to the end of its incident.

use super::{World, on_each};
use muster_domain::{
    Operation, OperationId,
    incident::{Cause, IncidentState, Resolution},
};
use muster_scim::ResourceType;
use muster_store::{
    incidents::{self, Incident, RetryReport},
    log, now_ms,
};
use serde_json::json;
use uuid::Uuid;

async fn incident(world: &World, number: i64) -> Incident {
    while incidents::fold(&world.store, now_ms()).await.expect("fold") > 0 {}
    incidents::by_number(&world.store, world.account, number).await.expect("read").expect("the incident")
}

async fn retry(world: &World, incident: &Incident) -> RetryReport {
    let applier = world.applier.clone();
    let apply = move |operations: Vec<Operation>| {
        let applier = applier.clone();
        async move { applier.apply(operations).await }
    };
    let report = incidents::retry(&world.store, world.account, incident.id, "ada", (u64::MAX, 20_000), apply).await;
    report.expect("retry").expect("the incident")
}

#[tokio::test]
async fn a_failed_creation_succeeds_on_retry_once_the_way_is_clear_and_ends_its_incident() {
    on_each(|world| async move {
        let owner = world.user("jdoe").await;
        let create = |name: &str| world.create(ResourceType::User, json!({"userName": name, "emails": [{"value": "jdoe@acme.com"}]}));
        let (taken, wanted) = (create("JDoe"), create("other"));
        assert_eq!(world.apply_one(&taken).await.status, 409);
        assert_eq!(world.apply_one(&wanted).await.status, 201);
        let found = incident(&world, 1).await;
        assert_eq!((found.cause, found.failures, found.affected), (Cause::MailboxConflict, 1, 1), "{}", world.engine);

        assert_eq!(retry(&world, &found).await, RetryReport { applied: 0, failed: 1, superseded: 0, more: false });
        let found = incident(&world, 1).await;
        assert_eq!((found.failures, found.affected), (2, 1), "{}: it failed again, for the same person", world.engine);

        world.apply_one(&world.delete(ResourceType::User, owner)).await;
        assert_eq!(retry(&world, &found).await, RetryReport { applied: 1, failed: 0, superseded: 0, more: false });
        let made = muster_store::resources::find_user_by_user_id(&world.store, world.account, "jdoe").await.expect("read").expect("jdoe");
        let timeline = log::OperationQuery { resource: Some(made.id.0), ..Default::default() };
        let timeline = log::list(&world.store, world.account, &timeline).await.expect("log").operations;
        assert_eq!(timeline.iter().map(|operation| operation.status).collect::<Vec<_>>(), [201], "{}", world.engine);
        assert_eq!(incidents::settle(&world.store, now_ms()).await.expect("settle"), 1);
        let found = incident(&world, 1).await;
        assert_eq!((found.state, found.resolution), (IncidentState::Resolved, Some(Resolution::Retried)), "{}", world.engine);
        assert!(
            incidents::items(&world.store, world.account, found.id, None, 10).await.expect("items").items.iter().all(|item| item.settled)
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_reads_the_mail_in_the_morning_can_still_retry_what_silence_has_ended() {
    on_each(|world| async move {
        let owner = world.user("jdoe").await;
        let taken = world.create(ResourceType::User, json!({"userName": "JDoe", "emails": [{"value": "jdoe@acme.com"}]}));
        assert_eq!(world.apply_one(&taken).await.status, 409);
        incident(&world, 1).await;
        assert_eq!(incidents::settle(&world.store, now_ms() + 40 * 60 * 1000).await.expect("settle"), 1);
        let found = incident(&world, 1).await;
        assert_eq!((found.state, found.resolution), (IncidentState::Resolved, Some(Resolution::Quiet)), "{}", world.engine);

        world.apply_one(&world.delete(ResourceType::User, owner)).await;
        assert_eq!(retry(&world, &found).await, RetryReport { applied: 1, failed: 0, superseded: 0, more: false }, "{}", world.engine);
        let found = incident(&world, 1).await;
        assert_eq!((found.state, found.failures), (IncidentState::Resolved, 1), "{}: it stays over", world.engine);
        let nothing = RetryReport { applied: 0, failed: 0, superseded: 0, more: false };
        assert_eq!(retry(&world, &found).await, nothing, "{}: once", world.engine);
    })
    .await;
}

#[tokio::test]
async fn a_retry_never_undoes_what_is_newer() {
    on_each(|world| async move {
        let user = world.user("ada").await;
        world.user("bea").await;
        let rename = world.patch(ResourceType::User, user, json!([{"op": "replace", "path": "userName", "value": "bea"}]));
        assert_eq!(world.apply_one(&rename).await.status, 409);
        let newer = world.patch(ResourceType::User, user, json!([{"op": "replace", "path": "userName", "value": "ada.l"}]));
        assert_eq!(world.apply_one(&newer).await.status, 200);
        // And a creation the directory has repeated itself, with success.
        let person = json!({"userName": "bea", "externalId": "42"});
        let repeated = world.create(ResourceType::User, person);
        assert_eq!(world.apply_one(&repeated).await.status, 409);
        let bea = muster_store::resources::find_user_by_user_id(&world.store, world.account, "bea").await.expect("read").expect("bea");
        world.apply_one(&world.patch(ResourceType::User, bea.id.0, json!([{"op": "add", "path": "externalId", "value": "42"}]))).await;
        for number in [1, 2] {
            let found = incident(&world, number).await;
            assert_eq!(retry(&world, &found).await, RetryReport { applied: 0, failed: 0, superseded: 1, more: false }, "{}", world.engine);
        }
        assert_eq!(world.read(ResourceType::User, user).await.expect("ada")["userName"], "ada.l");
    })
    .await;
}

#[tokio::test]
async fn every_failure_of_a_mixed_batch_is_in_an_incident_and_every_success_in_none() {
    on_each(|world| async move {
        world.user("taken").await;
        let mut operations: Vec<Operation> = (0..40)
            .map(|n| match n % 4 {
                0 => world.create_user("taken"),
                1 => world.patch(ResourceType::User, Uuid::now_v7(), json!([{"op": "replace", "path": "active", "value": false}])),
                2 => world.delete(ResourceType::User, Uuid::now_v7()),
                _ => world.create_user(&format!("new{n}@acme.com")),
            })
            .collect();
        operations[39].deadline_ms = 0;
        world.apply(&operations).await;
        while incidents::fold(&world.store, now_ms()).await.expect("fold") > 0 {}
        let page = incidents::list(&world.store, world.account, &incidents::IncidentQuery::default()).await.expect("list");
        let mut counts: Vec<_> = page.incidents.iter().map(|incident| (incident.cause, incident.failures, incident.affected)).collect();
        counts.sort_unstable();
        let expected = [(Cause::DuplicateUser, 10, 1), (Cause::UnknownResource, 10, 10), (Cause::Expired, 1, 1)];
        assert_eq!(counts, expected, "{}: deleting what is not there is no failure", world.engine);
        let mut reached: Vec<OperationId> = Vec::new();
        for incident in &page.incidents {
            let query = log::OperationQuery { incident: Some(incident.id), ..Default::default() };
            reached
                .extend(log::list(&world.store, world.account, &query).await.expect("log").operations.iter().map(|operation| operation.id));
        }
        reached.sort_unstable();
        let failed: Vec<OperationId> = (0..40).filter(|n| n % 4 < 2 || *n == 39).map(|n| operations[n].id).collect();
        assert_eq!(reached, failed, "{}", world.engine);
    })
    .await;
}

#[tokio::test]
async fn the_log_shows_what_a_patch_changed() {
    on_each(|world| async move {
        let user = world.user("ada@acme.com").await;
        let operations = [
            world.patch(ResourceType::User, user, json!([{"op": "replace", "path": "active", "value": false}])),
            world.patch(ResourceType::User, user, json!([{"op": "replace", "path": "userName", "value": "countess@acme.com"}])),
            world.patch(ResourceType::User, user, json!([{"op": "replace", "path": "active", "value": false}])),
        ];
        world.apply(&operations).await;
        let mut changed = Vec::new();
        for operation in &operations {
            let logged = log::get(&world.store, world.account, operation.id).await.expect("log").expect("the operation");
            let detail = logged.detail.expect("a detail");
            assert_eq!(detail.batch_size, 3);
            let timeline = log::OperationQuery { resource: Some(user), ..Default::default() };
            let timeline = log::list(&world.store, world.account, &timeline).await.expect("log").operations;
            let changes: Vec<&str> = timeline.iter().map(|operation| operation.change.as_str()).collect();
            assert_eq!(changes, ["patch", "patch", "patch", "create"], "{}: the newest first, the creation last", world.engine);
            changed.push(detail.changed.iter().map(|c| format!("{} {} {}", c.attribute, c.old, c.new)).collect::<Vec<_>>());
        }
        let expected = [vec!["active true false".to_owned()], vec!["userName \"a***@acme.com\" \"c***@acme.com\"".to_owned()], vec![]];
        assert_eq!(changed, expected, "{}: each operation what it changed itself", world.engine);
    })
    .await;
}
