use super::{on_each, version};
use muster_domain::OutcomeCode;
use muster_scim::ResourceType::{Group, User};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn members_are_added_and_removed_in_order_within_a_batch() {
    on_each(|world| async move {
        let (ada, bo, cy) = (world.user("ada").await, world.user("bo").await, world.user("cy").await);
        let ops = world.group("Ops", &[ada]).await;
        let add = |id: Uuid| world.patch(Group, ops, json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": id}]}]));
        let remove = |id: Uuid| world.patch(Group, ops, json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]));
        let outcomes = world.apply(&[add(bo), add(bo), remove(ada), add(cy), remove(cy), remove(cy)]).await;
        let codes: Vec<_> = outcomes.iter().map(|outcome| outcome.code).collect();
        use OutcomeCode::{Applied, Unchanged};
        assert_eq!(codes, [Applied, Unchanged, Applied, Applied, Applied, Unchanged]);
        let versions: Vec<_> = outcomes.iter().map(|outcome| outcome.version).collect();
        assert_eq!(versions, [Some(2), Some(2), Some(3), Some(4), Some(5), Some(5)]);
        assert_eq!(world.members(ops).await, [bo.to_string()]);
        assert_eq!(version(&world.read(Group, ops).await.expect("ops")), "W/\"5\"");
    })
    .await;
}

#[tokio::test]
async fn unknown_members_are_left_out_and_known_ones_kept() {
    on_each(|world| async move {
        let ada = world.user("ada").await;
        let ops = world.group("Ops", &[]).await;
        let value = json!([{"value": "nobody"}, {"value": Uuid::now_v7()}, {"value": ada}]);
        let outcome = world.apply_one(&world.patch(Group, ops, json!([{"op": "add", "path": "members", "value": value}]))).await;
        assert_eq!(outcome.status, 204);
        assert_eq!(world.members(ops).await, [ada.to_string()]);
    })
    .await;
}

#[tokio::test]
async fn adding_who_is_in_already_writes_nothing() {
    on_each(|world| async move {
        let ada = world.user("ada").await;
        let ops = world.group("Ops", &[ada]).await;
        let outcome = world.apply_one(&world.patch(Group, ops, json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]))).await;
        assert_eq!((outcome.code, outcome.version), (OutcomeCode::Unchanged, Some(1)));
        assert_eq!(version(&world.read(Group, ops).await.expect("ops")), "W/\"1\"");
    })
    .await;
}

#[tokio::test]
async fn a_set_replaces_the_membership_and_only_the_difference_is_written() {
    on_each(|world| async move {
        let (ada, bo, cy) = (world.user("ada").await, world.user("bo").await, world.user("cy").await);
        let ops = world.group("Ops", &[ada, bo]).await;
        let set = |ids: &[Uuid]| {
            let value: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
            world.patch(Group, ops, json!([{"op": "replace", "path": "members", "value": value}]))
        };
        assert_eq!(world.apply_one(&set(&[bo, cy])).await.code, OutcomeCode::Applied);
        let mut members = world.members(ops).await;
        members.sort();
        let mut expected = vec![bo.to_string(), cy.to_string()];
        expected.sort();
        assert_eq!(members, expected);
        assert_eq!(world.apply_one(&set(&[cy, bo])).await.code, OutcomeCode::Unchanged);
        assert_eq!(world.apply_one(&set(&[])).await.code, OutcomeCode::Applied);
        assert!(world.members(ops).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn members_are_removed_by_filter() {
    on_each(|world| async move {
        let (ada, bo) = (world.user("ada").await, world.user("bo").await);
        let ops = world.group("Ops", &[ada, bo]).await;
        let path = format!("members[value eq \"{ada}\"]");
        assert_eq!(world.apply_one(&world.patch(Group, ops, json!([{"op": "remove", "path": path}]))).await.status, 204);
        assert_eq!(world.members(ops).await, [bo.to_string()]);
        let path = format!("members[value ne \"{ada}\"]");
        assert_eq!(world.apply_one(&world.patch(Group, ops, json!([{"op": "remove", "path": path}]))).await.status, 204);
        assert!(world.members(ops).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_deleted_user_leaves_its_groups_and_they_are_seen_to_change() {
    on_each(|world| async move {
        let (ada, bo) = (world.user("ada").await, world.user("bo").await);
        let ops = world.group("Ops", &[ada, bo]).await;
        assert_eq!(world.apply_one(&world.delete(User, ada)).await.status, 204);
        assert_eq!(world.members(ops).await, [bo.to_string()]);
        assert_eq!(version(&world.read(Group, ops).await.expect("ops")), "W/\"2\"");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_group_leaves_its_users_alone() {
    on_each(|world| async move {
        let ada = world.user("ada").await;
        let ops = world.group("Ops", &[ada]).await;
        assert_eq!(world.read(User, ada).await.expect("ada")["groups"][0]["display"], json!("Ops"));
        assert_eq!(world.apply_one(&world.delete(Group, ops)).await.status, 204);
        assert_eq!(world.read(Group, ops).await, None);
        assert!(!world.read(User, ada).await.expect("ada").contains_key("groups"));
        // Its name is free again.
        world.group("ops", &[ada]).await;
    })
    .await;
}

#[tokio::test]
async fn group_names_are_unique_whatever_their_case() {
    on_each(|world| async move {
        let ops = world.group("Ops Team", &[]).await;
        world.group("Sales", &[]).await;
        let outcome = world.apply_one(&world.create(Group, json!({"displayName": "ops team"}))).await;
        assert_eq!((outcome.code, outcome.status), (OutcomeCode::Duplicate, 409));
        let outcome = world.apply_one(&world.patch(Group, ops, json!([{"op": "replace", "path": "displayName", "value": "SALES"}]))).await;
        assert_eq!(outcome.status, 409);
        let outcome =
            world.apply_one(&world.patch(Group, ops, json!([{"op": "replace", "path": "displayName", "value": "OPS team"}]))).await;
        assert_eq!(outcome.status, 204, "its own name in another case");
    })
    .await;
}

#[tokio::test]
async fn a_rename_keeps_the_members_and_groups_can_be_members() {
    on_each(|world| async move {
        let ada = world.user("ada").await;
        let inner = world.group("Inner", &[ada]).await;
        let outer = world.group("Outer", &[inner, ada]).await;
        world.apply_one(&world.patch(Group, outer, json!([{"op": "replace", "value": {"displayName": "Renamed"}}]))).await;
        let read = world.read(Group, outer).await.expect("outer");
        let kinds: std::collections::BTreeSet<_> =
            read["members"].as_array().expect("members").iter().map(|m| m["type"].as_str().expect("type")).collect();
        assert_eq!((read["displayName"].as_str(), kinds), (Some("Renamed"), ["Group", "User"].into()));
    })
    .await;
}

#[tokio::test]
async fn a_replaced_group_has_what_the_request_says_and_nothing_else() {
    on_each(|world| async move {
        let (ada, bo) = (world.user("ada").await, world.user("bo").await);
        let ops = world.group("Ops", &[ada]).await;
        let body = json!({"displayName": "Ops", "externalId": "x", "members": [{"value": bo}]});
        let outcome = world.apply_one(&world.replace(Group, ops, body.clone())).await;
        assert_eq!((outcome.status, outcome.version), (200, Some(2)));
        assert_eq!(world.members(ops).await, [bo.to_string()]);
        assert_eq!(world.apply_one(&world.replace(Group, ops, body)).await.code, OutcomeCode::Unchanged);
    })
    .await;
}
