//! Queries that cannot be answered.

use super::{Case, Ground, raw_case};
use crate::harness::Deployment;

fn query(what: &'static str, request: &'static str, scim_type: &'static str, names: &'static str) -> Case {
    raw_case(what, request, "", 400, scim_type, names)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_that_cannot_be_read_are_refused_and_never_ignored() {
    let cases = vec![
        query("no operator", "GET /Users?filter=userName", "invalidFilter", "."),
        query("no value", "GET /Users?filter=userName+eq", "invalidFilter", "."),
        query("an empty filter", "GET /Users?filter=+", "invalidFilter", "."),
        query("an unknown operator", "GET /Users?filter=userName+zz+%22x%22", "invalidFilter", "zz|operator"),
        query("an open quote", "GET /Users?filter=userName+eq+%22x", "invalidFilter", "."),
        query("an open parenthesis", "GET /Users?filter=(userName+eq+%22x%22", "invalidFilter", "."),
        query("half a conjunction", "GET /Users?filter=userName+eq+%22x%22+and", "invalidFilter", "."),
        query("something after the end", "GET /Users?filter=userName+eq+%22x%22+userName", "invalidFilter", "."),
        query("an unknown attribute", "GET /Users?filter=nosuch+eq+%22x%22", "invalidFilter", "nosuch"),
        query("an unknown sub-attribute", "GET /Users?filter=name.nosuch+eq+%22x%22", "invalidFilter", "nosuch"),
        query("an unknown schema", "GET /Users?filter=urn:x:y:2.0:User:attr+eq+%22x%22", "invalidFilter", "."),
        query("order of booleans", "GET /Users?filter=active+gt+true", "invalidFilter", "active|gt|boolean"),
        query("not a boolean", "GET /Users?filter=active+eq+%22perhaps%22", "invalidFilter", "active|boolean"),
        query("an open bracket", "GET /Users?filter=emails%5Btype+eq+%22work%22", "invalidFilter", "."),
        query("a broken percent", "GET /Users?filter=%FF%FE", "invalidFilter", "filter"),
        query("the same for groups", "GET /Groups?filter=nosuch+eq+%22x%22", "invalidFilter", "nosuch"),
        query("two filters", "GET /Users?filter=id+pr&filter=id+pr", "invalidFilter", "filter"),
        query("count is a word", "GET /Users?count=abc", "invalidValue", "count"),
        query("count is a fraction", "GET /Users?count=1.5", "invalidValue", "count"),
        query("startIndex is a word", "GET /Users?startIndex=x", "invalidValue", "startIndex"),
    ];
    Ground::new().await.check(cases).await;
}

/// Filters made to be expensive are refused before they cost anything, whatever their shape.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_as_bombs_are_refused_and_the_process_lives() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let bombs = [
        format!("{}userName+eq+%22x%22{}", "(".repeat(500), ")".repeat(500)),
        format!("{}userName+eq+%22x%22{}", "not(".repeat(300), ")".repeat(300)),
        (0..150).map(|_| "id+pr").collect::<Vec<_>>().join("+or+"),
        format!("userName+eq+%22{}%22", "x".repeat(4_097)),
        "(".repeat(3_000),
        format!("{}{}", "emails%5B".repeat(200), "%5D".repeat(200)),
    ];
    for bomb in &bombs {
        let answer = client.get(&format!("/Users?filter={bomb}")).await;
        assert_eq!((answer.status, answer.json()["scimType"].as_str()), (400, Some("invalidFilter")), "{}…: {answer:?}", &bomb[..40]);
    }
    let long = client.get(&format!("/Users?filter={}", "x".repeat(9_000))).await;
    assert_eq!(long.status, 414, "{long:?}");
    deployment.all_alive();
    client.get("/Users?count=1").await.expect_status(200);
}

/// Numbers out of range are brought into it (RFC 7644 §3.4.2.4), not refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paging_numbers_out_of_range_are_brought_into_it() {
    let (_deployment, client) = Deployment::small_with_client().await;
    client.create_user("ada@bad.test").await;
    for (query, found) in [
        ("count=-1", 0),
        ("count=0", 0),
        ("count=1000000000", 2),
        ("count=99999999999999999999999", 2),
        ("startIndex=0", 2),
        ("startIndex=-5", 2),
        ("startIndex=2", 1),
        ("startIndex=1000000000000", 0),
        ("startIndex=99999999999999999999999", 0),
    ] {
        let page = client.get(&format!("/Users?{query}")).await.expect_status(200).json();
        assert_eq!(page["totalResults"], 2, "{query}: {page}");
        assert_eq!(page["Resources"].as_array().map_or(0, Vec::len), found, "{query}: {page}");
    }
}
