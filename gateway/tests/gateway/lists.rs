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

async fn search(gateway: &Gateway, path: &str, mut body: Value) -> crate::support::Answer {
    if body.get("schemas").is_none() {
        body["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]);
    }
    gateway.post(&format!("/scim/{path}"), &body).await
}

#[tokio::test]
async fn a_search_by_post_is_the_list_by_get() {
    let gateway = populated(Duration::from_secs(60)).await;
    let body = json!({
        "filter": "title eq \"analyst\"", "attributes": ["userName"], "sortBy": "userName", "sortOrder": "descending", "startIndex": 2, "count": 2
    });
    let posted = search(&gateway, "Users/.search", body).await;
    let query = "Users?filter=title+eq+%22analyst%22&attributes=userName&sortBy=userName&sortOrder=descending&startIndex=2&count=2";
    assert_eq!((posted.status, posted.json()), (200, get(&gateway, query).await));
    assert_eq!(names(&posted.json()), ["dee", "cy"]);
    let groups =
        search(&gateway, "v2/Groups/.search", json!({ "filter": "displayName sw \"OP\"", "excludedAttributes": ["members"] })).await.json();
    assert_eq!((names(&groups), groups["Resources"][0].get("members")), (vec!["Ops"], None));
    assert!(groups["Resources"][0]["meta"]["location"].as_str().unwrap().contains("/scim/v2/Groups/"), "{groups}");
    let (mut cursor, mut met) = (String::new(), Vec::new());
    loop {
        let page = search(&gateway, ".search", json!({ "cursor": cursor, "count": 3, "sortBy": "displayName" })).await.json();
        met.extend(names(&page).into_iter().map(str::to_owned));
        match page.get("nextCursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(met, ["Ada", "bo", "Crew", "cy", "dee", "Eli", "Ops", "admin"]);
}

#[tokio::test]
async fn searches_that_make_no_sense_are_refused() {
    let gateway = populated(Duration::from_secs(60)).await;
    for path in ["Users/.search", "Groups/.search", ".search"] {
        search(&gateway, path, json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"] }))
            .await
            .is_error(400, Some("invalidSyntax"));
        search(&gateway, path, json!({ "filter": "nosuch pr" })).await.is_error(400, Some("invalidFilter"));
        search(&gateway, path, json!({ "sortBy": "nosuch" })).await.is_error(400, Some("invalidPath"));
        search(&gateway, path, json!({ "attributes": ["id"], "excludedAttributes": ["members"] }))
            .await
            .is_error(400, Some("invalidValue"));
        search(&gateway, path, json!({ "cursor": "x" })).await.is_error(400, Some("invalidCursor"));
        gateway.request("POST", &format!("/scim/{path}"), &[], "{").await.is_error(400, Some("invalidSyntax"));
        let wrong = gateway.get(&format!("/scim/{path}")).await;
        assert_eq!(wrong.is_error(405, None).header("allow"), Some("POST"));
    }
    let none = gateway.post("/scim/.search", &json!({ "filter": "id pr" })).await;
    assert!(none.is_error(400, Some("invalidSyntax")).detail().contains("SearchRequest"));
    gateway.raw(b"POST /scim/.search HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}").await.is_error(401, None);
}

#[tokio::test]
async fn the_root_is_all_types_as_one_list() {
    let gateway = populated(Duration::from_secs(60)).await;
    let all = get(&gateway, "?count=200").await;
    assert_eq!(all["totalResults"], 8);
    for (filter, found) in [
        ("displayName+sw+%22c%22", vec!["Crew", "cy"]),
        ("userName+eq+%22bo%22", vec!["bo"]),
        ("meta.resourceType+eq+%22Group%22", vec!["Ops", "Crew"]),
        ("members+pr", vec!["Ops"]),
        ("groups+pr+or+displayName+eq+%22crew%22", vec!["Crew", "cy"]),
    ] {
        let page = get(&gateway, &format!("?filter={filter}&sortBy=meta.resourceType")).await;
        assert_eq!((names(&page), &page["totalResults"]), (found.clone(), &json!(found.len())), "{filter}");
    }
    let page = get(&gateway, "v2/?startIndex=7&count=1&attributes=displayName&sortBy=userName").await;
    assert_eq!((names(&page), &page["totalResults"], &page["startIndex"]), (vec!["Ops"], &json!(8), &json!(7)));
    gateway.get("/scim/?filter=nosuch+pr").await.is_error(400, Some("invalidFilter"));
    gateway.get("/SCIM/?filter=id+pr").await.is_error(404, None);
    gateway.raw(b"GET /scim?filter=id+pr HTTP/1.1\r\nHost: x\r\n\r\n").await.is_error(401, None);
}

/// The projection of §3.9, by plain and by qualified names, on lists as on single resources.
#[tokio::test]
async fn members_and_groups_are_shown_to_those_who_ask_only() {
    let gateway = populated(Duration::from_secs(60)).await;
    let core = "urn:ietf:params:scim:schemas:core:2.0";
    let filtered = "filter=members+pr";
    for (query, shown) in [
        (String::new(), true),
        ("attributes=members".into(), true),
        ("attributes=members.value".into(), true),
        (format!("attributes={core}:Group:members"), true),
        (format!("attributes={core}:Group:MEMBERS.display"), true),
        ("excludedAttributes=members.display".into(), true),
        ("attributes=displayName".into(), false),
        (format!("attributes={core}:Group:displayName"), false),
        ("excludedAttributes=Members".into(), false),
        (format!("excludedAttributes={core}:Group:members"), false),
    ] {
        let page = get(&gateway, &format!("Groups?{filtered}&{query}")).await;
        assert_eq!(page["Resources"][0].get("members").is_some(), shown, "{query}");
        let id = page["Resources"][0]["id"].as_str().unwrap();
        assert_eq!(get(&gateway, &format!("Groups/{id}?{query}")).await.get("members").is_some(), shown, "{query}");
    }
    for (query, shown) in
        [("", true), ("attributes=groups.display", true), ("attributes=userName", false), ("excludedAttributes=groups", false)]
    {
        let page = get(&gateway, &format!("Users?filter=groups.display+eq+%22ops%22&{query}")).await;
        assert_eq!(page["Resources"][0].get("groups").is_some(), shown, "{query}");
    }
    let part = get(&gateway, "Groups?filter=members+pr&attributes=members.display").await;
    assert_eq!(part["Resources"][0]["members"], json!([{ "display": "cy Quill" }]));
}
