//! Nothing crosses accounts: what belongs to another account does not exist.

mod swapped;

use crate::harness::{
    Deployment, Scim,
    scim::{GROUP, user},
};
use serde_json::json;

const UNKNOWN: &str = "01890000-0000-7000-8000-00000000abcd";

struct Two {
    _deployment: Deployment,
    here: Scim,
    there: Scim,
    user: String,
    group: String,
}

async fn two() -> Two {
    let deployment = Deployment::small().await;
    let (first, second) = (deployment.account().await, deployment.account().await);
    let address = deployment.gateways[0].address;
    let (here, there) = (first.client(address), second.client(address));
    let user = there.create_user("ada@isolation.test").await;
    let group = there.create_group("Theirs").await;
    Two { _deployment: deployment, here, there, user, group }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_another_account_is_answered_like_one_that_does_not_exist() {
    let two = two().await;
    let before = (two.there.all("/Users").await, two.there.all("/Groups").await);
    let replacement = json!({ "userName": "mine@isolation.test", "displayName": "Mine" });
    let change = json!([{ "op": "Replace", "path": "displayName", "value": "Mine" }]);
    for (endpoint, theirs) in [("/Users", &two.user), ("/Groups", &two.group)] {
        let foreign = format!("{endpoint}/{theirs}");
        let unknown = format!("{endpoint}/{UNKNOWN}");
        let pairs = [
            (two.here.get(&foreign).await, two.here.get(&unknown).await),
            (two.here.put(&foreign, &replacement).await, two.here.put(&unknown, &replacement).await),
            (two.here.patch(&foreign, change.clone()).await, two.here.patch(&unknown, change.clone()).await),
            (two.here.delete(&foreign).await, two.here.delete(&unknown).await),
        ];
        for (foreign, unknown) in pairs {
            assert_eq!((foreign.status, unknown.status), (404, 404), "{foreign:?}");
            let text = String::from_utf8_lossy(&foreign.body).replace(theirs.as_str(), UNKNOWN);
            assert_eq!(text, String::from_utf8_lossy(&unknown.body));
        }
    }
    assert_eq!((two.there.all("/Users").await, two.there.all("/Groups").await), before, "nothing changed there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_another_account_never_becomes_a_member() {
    let two = two().await;
    let group = two.here.create_group("Ours").await;
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "value": two.user }] }]);
    let answer = two.here.patch(&format!("/Groups/{group}"), add).await;
    assert!([200, 204, 400].contains(&answer.status), "{answer:?}");
    assert!(two.here.members(&group).await.is_empty());
    let made =
        two.here.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Also ours", "members": [{ "value": two.user }] })).await;
    assert!(!String::from_utf8_lossy(&made.body).contains("ada@isolation.test"), "{made:?}");
    let theirs = two.there.get(&format!("/Users/{}", two.user)).await.expect_status(200).json();
    assert!(theirs["groups"].as_array().is_none_or(Vec::is_empty), "{theirs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_filter_finds_what_belongs_to_another_account() {
    let two = two().await;
    let filters = [
        "userName eq \"ada@isolation.test\"".to_owned(),
        "userName eq \"nobody\" or userName pr".to_owned(),
        "not (userName eq \"nobody\")".to_owned(),
        "userName co \"\"".to_owned(),
        "userName sw \"a\"".to_owned(),
        "userName eq \"' or 1=1 --\"".to_owned(),
        "userName co \"%\"".to_owned(),
        "userName co \"_\"".to_owned(),
        format!("id eq \"{}\"", two.user),
        format!("id eq \"{UNKNOWN}\" or id pr"),
        "active eq true or active eq false".to_owned(),
    ];
    for filter in &filters {
        let encoded: String = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = two.here.get(&format!("/Users?filter={encoded}")).await;
        assert!([200, 400].contains(&answer.status), "{filter}: {answer:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("ada@isolation.test"), "{filter}: {answer:?}");
    }
    let theirs = two.there.get("/Users?filter=userName+eq+%22ada%40isolation.test%22").await.expect_status(200).json();
    assert_eq!(theirs["totalResults"], 1, "the filter works where the user is");
}

/// Both in one batch: what one account does wrong costs the other nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_two_accounts_fails_one_and_not_the_other() {
    let two = two().await;
    let (here, there) = (&two.here, &two.there);
    let sent = (0..40).map(|number| async move {
        // The same userName again and again there, a new one each time here; all at once, so that they meet in batches.
        let bad = there.post("/Users", &user("ADA@isolation.test"));
        let gone = there.patch(&format!("/Users/{UNKNOWN}"), json!([{ "op": "replace", "path": "title", "value": "x" }]));
        let good = here.post("/Users", &user(&format!("good-{number}@isolation.test")));
        futures::join!(bad, gone, good)
    });
    for (bad, gone, good) in futures::future::join_all(sent).await {
        assert_eq!((bad.status, gone.status, good.status), (409, 404, 201));
    }
    assert_eq!(two.here.all("/Users").await.len(), 41);
    assert_eq!(two.there.all("/Users").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_request_reaches_nothing_of_another_account() {
    let two = two().await;
    let before = (two.there.all("/Users").await, two.there.all("/Groups").await);
    let change = json!({ "Operations": [{ "op": "replace", "path": "displayName", "value": "Mine" }] });
    let (theirs, their_group) = (format!("/Users/{}", two.user), format!("/Groups/{}", two.group));
    let members = json!([{ "value": two.user }, { "value": "bulkId:own" }]);
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        { "method": "PATCH", "path": theirs, "data": change },
        { "method": "PUT", "path": theirs, "data": user("mine@isolation.test") },
        { "method": "DELETE", "path": theirs },
        { "method": "PATCH", "path": their_group, "data": change },
        { "method": "DELETE", "path": their_group },
        { "method": "POST", "path": "/Users", "bulkId": "own", "data": user("own@isolation.test") },
        { "method": "POST", "path": "/Groups", "bulkId": "group", "data": { "schemas": [GROUP], "displayName": "Ours", "members": members } }
    ] });
    let answer = two.here.post("/Bulk", &body).await.expect_status(200).json();
    let statuses: Vec<&str> = answer["Operations"].as_array().expect("results").iter().filter_map(|one| one["status"].as_str()).collect();
    assert_eq!(statuses[..6], ["404", "404", "404", "404", "404", "201"], "{answer}");
    assert!(!answer.to_string().contains("ada@isolation.test"), "{answer}");
    for group in two.here.all("/Groups").await {
        assert!(!two.here.members(group["id"].as_str().expect("an id")).await.contains(&two.user), "{group}");
    }
    assert_eq!((two.there.all("/Users").await, two.there.all("/Groups").await), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_accounts_may_use_the_same_names() {
    let two = two().await;
    let own = two.here.create_user("ada@isolation.test").await;
    assert_ne!(own, two.user);
    let own_group = two.here.create_group("Theirs").await;
    assert_ne!(own_group, two.group);
    two.here.delete(&format!("/Users/{own}")).await.expect_status(204);
    two.there.get(&format!("/Users/{}", two.user)).await.expect_status(200);
}
