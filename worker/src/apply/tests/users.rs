use super::{on_each, version};
use muster_domain::OutcomeCode;
use muster_scim::{ResourceType, ScimType};
use serde_json::json;

#[tokio::test]
async fn a_created_user_reads_back_as_the_answer_said() {
    on_each(|world| async move {
        let body = json!({"userName": "Ada@northwind.test", "externalId": "x-1", "displayName": "Ada", "name": {"givenName": "Ada"},
            "emails": [{"value": "Ada@northwind.test", "type": "work", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Harbour"}});
        let operation = world.create(ResourceType::User, body);
        let outcome = world.apply_one(&operation).await;
        assert_eq!((outcome.code, outcome.status, outcome.version), (OutcomeCode::Applied, 201, Some(1)));
        let read = world.read(ResourceType::User, operation.resource_id).await;
        assert_eq!(read, outcome.resource, "{}", world.engine);
        assert_eq!(read.expect("there")["active"], json!(true));
    })
    .await;
}

#[tokio::test]
async fn a_user_id_is_taken_whatever_its_case() {
    on_each(|world| async move {
        world.user("ada@northwind.test").await;
        let outcome = world.apply_one(&world.create_user("ADA@Northwind.TEST")).await;
        assert_eq!((outcome.code, outcome.status), (OutcomeCode::Duplicate, 409));
        let error = outcome.error.expect("an error");
        assert_eq!(error.scim_type, Some(ScimType::Uniqueness));
        assert!(error.detail.contains("userName"), "{}", error.detail);
    })
    .await;
}

#[tokio::test]
async fn one_batch_makes_one_user_of_one_name() {
    on_each(|world| async move {
        let operations: Vec<_> = (0..16).map(|i| world.create_user(if i % 2 == 0 { "ada@x.test" } else { "ADA@x.test" })).collect();
        let outcomes = world.apply(&operations).await;
        assert_eq!(outcomes[0].status, 201, "the first one wins");
        assert!(outcomes[1..].iter().all(|outcome| outcome.status == 409));
    })
    .await;
}

#[tokio::test]
async fn operations_on_one_user_apply_in_order_and_the_user_is_written_once() {
    on_each(|world| async move {
        let id = world.user("ada@x.test").await;
        let title = |title: &str| world.patch(ResourceType::User, id, json!([{"op": "replace", "path": "title", "value": title}]));
        let outcomes = world.apply(&[title("A"), title("B"), title("B"), title("C")]).await;
        let versions: Vec<_> = outcomes.iter().map(|outcome| outcome.version).collect();
        assert_eq!(versions, [Some(2), Some(3), Some(3), Some(4)]);
        assert_eq!(outcomes[2].code, OutcomeCode::Unchanged);
        let read = world.read(ResourceType::User, id).await.expect("there");
        assert_eq!((read["title"].as_str(), version(&read).as_str()), (Some("C"), "W/\"4\""));
    })
    .await;
}

#[tokio::test]
async fn create_patch_delete_and_create_again_in_one_batch_leaves_the_last() {
    on_each(|world| async move {
        let first = world.create_user("ada@x.test");
        let patch = world.patch(ResourceType::User, first.resource_id, json!([{"op": "add", "path": "title", "value": "T"}]));
        let delete = world.delete(ResourceType::User, first.resource_id);
        let second = world.create_user("Ada@x.test");
        let late = world.patch(ResourceType::User, first.resource_id, json!([{"op": "add", "path": "title", "value": "U"}]));
        let outcomes = world.apply(&[first.clone(), patch, delete, second.clone(), late]).await;
        assert_eq!(outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(), [201, 200, 204, 201, 404]);
        assert_eq!(world.read(ResourceType::User, first.resource_id).await, None);
        assert!(world.read(ResourceType::User, second.resource_id).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_rename_frees_the_old_name_and_takes_the_new_one() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        world.user("bo@x.test").await;
        let to = |name: &str| world.patch(ResourceType::User, ada, json!([{"op": "Replace", "path": "userName", "value": name}]));
        let outcomes =
            world.apply(&[to("bo@x.test"), to("new@x.test"), world.create_user("ada@x.test"), world.create_user("NEW@x.test")]).await;
        assert_eq!(outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(), [409, 200, 201, 409]);
    })
    .await;
}

#[tokio::test]
async fn a_chain_of_renames_in_one_batch_ends_where_it_should() {
    on_each(|world| async move {
        let (a, b) = (world.user("a@x.test").await, world.user("b@x.test").await);
        let to = |id, name: &str| world.patch(ResourceType::User, id, json!([{"op": "replace", "path": "userName", "value": name}]));
        let outcomes = world.apply(&[to(a, "c@x.test"), to(b, "a@x.test"), to(a, "b@x.test")]).await;
        assert_eq!(outcomes.iter().map(|outcome| outcome.status).collect::<Vec<_>>(), [200, 200, 200]);
        assert_eq!(world.read(ResourceType::User, a).await.expect("a")["userName"], json!("b@x.test"));
        assert_eq!(world.read(ResourceType::User, b).await.expect("b")["userName"], json!("a@x.test"));
    })
    .await;
}

#[tokio::test]
async fn a_replacement_without_active_does_not_let_a_leaver_in_again() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        world.apply_one(&world.patch(ResourceType::User, ada, json!([{"op": "replace", "path": "active", "value": "False"}]))).await;
        let outcome = world.apply_one(&world.replace(ResourceType::User, ada, json!({"userName": "ada@x.test", "title": "T"}))).await;
        assert_eq!(outcome.status, 200);
        let read = world.read(ResourceType::User, ada).await.expect("there");
        assert_eq!((&read["active"], &read["title"]), (&json!(false), &json!("T")));
        assert!(!read.contains_key("emails"), "a replacement replaces");
    })
    .await;
}

/// RFC 7644 §3.5.2.2: what is removed is unassigned, and shown no more. Who is not said to be inactive may sign in.
#[tokio::test]
async fn active_can_be_removed_and_then_nobody_says_anything_of_it() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        let remove = world.patch(ResourceType::User, ada, json!([{"op": "remove", "path": "active"}]));
        let outcome = world.apply_one(&remove).await;
        assert_eq!((outcome.status, outcome.version), (200, Some(2)));
        assert!(!outcome.resource.expect("the user").contains_key("active"));
        assert_eq!(
            world.apply_one(&world.patch(ResourceType::User, ada, json!([{"op": "remove", "path": "active"}]))).await.version,
            Some(2)
        );
        world.apply_one(&world.replace(ResourceType::User, ada, json!({"userName": "ada@x.test", "title": "T"}))).await;
        let read = world.read(ResourceType::User, ada).await.expect("there");
        assert_eq!((read.get("active"), &read["title"]), (None, &json!("T")));
        world.apply_one(&world.patch(ResourceType::User, ada, json!([{"op": "add", "path": "active", "value": "False"}]))).await;
        assert_eq!(world.read(ResourceType::User, ada).await.expect("there")["active"], json!(false));
    })
    .await;
}

#[tokio::test]
async fn if_match_decides() {
    on_each(|world| async move {
        let ada = world.user("ada@x.test").await;
        let mut patch = world.patch(ResourceType::User, ada, json!([{"op": "add", "path": "title", "value": "T"}]));
        patch.if_match = Some(vec![7]);
        let outcome = world.apply_one(&patch).await;
        assert_eq!((outcome.code, outcome.status), (OutcomeCode::VersionMismatch, 412));
        let again = muster_domain::Operation { id: muster_domain::OperationId::new(), if_match: Some(vec![7, 1]), ..patch };
        assert_eq!(world.apply_one(&again).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    on_each(|world| async move {
        let nobody = uuid::Uuid::now_v7();
        let statuses = world
            .apply(&[
                world.delete(ResourceType::User, nobody),
                world.patch(ResourceType::User, nobody, json!([])),
                world.replace(ResourceType::User, nobody, json!({"userName": "n"})),
                world.delete(ResourceType::Group, nobody),
            ])
            .await;
        assert!(statuses.iter().all(|outcome| outcome.status == 404 && outcome.code == OutcomeCode::NotFound));
    })
    .await;
}
