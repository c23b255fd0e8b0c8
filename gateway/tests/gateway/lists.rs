//! Pages of lists: ordered, by number and by cursor, as GET and as POST.

use crate::support::Gateway;
use muster_domain::Role;
use muster_scim::{Resource, ResourceType};
use muster_store::{GroupRow, UserRow};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A gateway over the administrator, five people and two groups.
async fn populated(cursor_age: Duration) -> Gateway {
    let gateway = Gateway::start_with(|settings| settings.limits.cursor_age = cursor_age).await;
    let (account, role) = (gateway.account, Role::User);
    let object = |value: Value| -> Resource { value.as_object().unwrap().clone() };
    let users: Vec<UserRow> = ["cy", "Ada", "bo", "Eli", "dee"]
        .iter()
        .map(|name| {
            let resource = object(json!({ "userName": name, "displayName": format!("{name} Quill"), "title": "Analyst", "active": true }));
            UserRow { account, id: Uuid::now_v7(), role, resource, version: 1, created_ms: 0, modified_ms: 0 }
        })
        .collect();
    let groups: Vec<GroupRow> = ["Ops", "Crew"]
        .iter()
        .map(|name| GroupRow {
            account,
            id: Uuid::now_v7(),
            resource: object(json!({ "displayName": name })),
            version: 1,
            created_ms: 0,
            modified_ms: 0,
        })
        .collect();
    let transaction = gateway.store.begin().await.unwrap();
    transaction.insert_users(&mut users.iter().collect::<Vec<_>>()).await.unwrap();
    transaction.insert_groups(&mut groups.iter().collect::<Vec<_>>()).await.unwrap();
    let member = muster_store::batch::Membership { account, group: groups[0].id, member: users[0].id };
    transaction.insert_members(ResourceType::User, &[member]).await.unwrap();
    transaction.commit().await.unwrap();
    gateway
}

async fn get(gateway: &Gateway, query: &str) -> Value {
    let answer = gateway.get(&format!("/scim/{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json()
}

/// The names on a page: user names, or display names where there are none.
fn names(page: &Value) -> Vec<&str> {
    let all = page["Resources"].as_array().unwrap();
    assert_eq!(page["itemsPerPage"], all.len(), "{page}");
    all.iter().map(|resource| resource.get("userName").unwrap_or(&resource["displayName"]).as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_have_the_order_the_client_asks_for() {
    let gateway = populated(Duration::from_secs(60)).await;
    assert_eq!(names(&get(&gateway, "Users?sortBy=userName").await), ["Ada", "admin", "bo", "cy", "dee", "Eli"]);
    assert_eq!(names(&get(&gateway, "Users?sortBy=USERNAME&sortOrder=Descending&count=2").await), ["Eli", "dee"]);
    // The administrator has no title: last when ascending, first when descending.
    assert_eq!(names(&get(&gateway, "Users?sortBy=title&startIndex=6").await), ["admin"]);
    assert_eq!(names(&get(&gateway, "Users?sortBy=title&sortOrder=descending&count=1").await), ["admin"]);
    let refused = gateway.get("/scim/Users?sortBy=name").await;
    assert!(refused.is_error(400, Some("invalidPath")).detail().contains("name.formatted"));
    assert_eq!(gateway.get("/scim/ServiceProviderConfig").await.json()["sort"]["supported"], true);
}

#[tokio::test]
async fn a_walk_by_cursor_meets_everybody_and_can_go_back() {
    let gateway = populated(Duration::from_secs(60)).await;
    let first = get(&gateway, "Users?cursor&count=4&sortBy=userName").await;
    assert_eq!(names(&first), ["Ada", "admin", "bo", "cy"]);
    assert_eq!((&first["totalResults"], first.get("previousCursor"), first.get("startIndex")), (&json!(6), None, None));
    let next = first["nextCursor"].as_str().unwrap();
    // The number may be left out, and what is shown may change.
    let second = get(&gateway, &format!("Users?cursor={next}&sortBy=userName&attributes=userName")).await;
    assert_eq!((names(&second), second.get("nextCursor"), second.get("totalResults")), (vec!["dee", "Eli"], None, None));
    let back = get(&gateway, &format!("Users?cursor={}&count=4&sortBy=userName", second["previousCursor"].as_str().unwrap())).await;
    assert_eq!((names(&back), back.get("previousCursor")), (names(&first), None));
    let onward = get(&gateway, &format!("Users?cursor={}&count=4&sortBy=userName", back["nextCursor"].as_str().unwrap())).await;
    assert_eq!(names(&onward), names(&second));
    let total = get(&gateway, "Users?cursor=&count=0").await;
    assert_eq!((&total["totalResults"], total.get("nextCursor")), (&json!(6), None));
}

#[tokio::test]
async fn cursors_are_refused_by_name() {
    let gateway = populated(Duration::from_secs(60)).await;
    let page = gateway.get("/scim/Users?cursor&count=2").await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    for (query, scim_type) in [
        ("Users?cursor=not-issued-by-us&count=2".to_owned(), "invalidCursor"),
        (format!("Groups?cursor={cursor}&count=2"), "invalidCursor"),
        (format!("Users?cursor={cursor}&count=2&sortBy=title"), "invalidCursor"),
        (format!("Users?cursor={cursor}&count=2&filter=title+pr"), "invalidCursor"),
        (format!("Users?cursor={cursor}&count=3"), "invalidCount"),
        (format!("Users?cursor={cursor}&count=0"), "invalidCount"),
        ("Users?cursor&count=201".to_owned(), "invalidCount"),
        ("Users?cursor&count=many".to_owned(), "invalidCount"),
        ("Users?cursor&startIndex=2".to_owned(), "invalidValue"),
        ("Users?cursor&cursor".to_owned(), "invalidValue"),
    ] {
        gateway.get(&format!("/scim/{query}")).await.is_error(400, Some(scim_type));
    }
    assert_eq!(gateway.get(&format!("/scim/Users?cursor={cursor}&count=2&startIndex=1")).await.status, 200);
    let brief = populated(Duration::ZERO).await;
    let page = brief.get("/scim/Users?cursor&count=2").await.json();
    brief.get(&format!("/scim/Users?cursor={}", page["nextCursor"].as_str().unwrap())).await.is_error(400, Some("expiredCursor"));
    brief.get(&format!("/scim/Users?cursor={cursor}")).await.is_error(400, Some("invalidCursor"));
}
