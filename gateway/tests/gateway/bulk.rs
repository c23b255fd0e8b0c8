use crate::support::{Answer, Gateway};
use serde_json::{Value, json};

async fn bulk(gateway: &Gateway, body: Value) -> Answer {
    gateway.post("/scim/v2/Bulk", &body).await
}

fn post(bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data})
}

fn statuses(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let body = answer.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    body["Operations"].as_array().unwrap().iter().map(|operation| operation["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_operation_has_its_own_answer_in_the_form_of_rfc_7644_3_7_3() {
    let gateway = Gateway::start().await;
    let there = format!("/Users/{}", gateway.administrator);
    let answer = bulk(
        &gateway,
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
            post("a", json!({"userName": "a"})),
            {"method": "put", "path": there, "version": "W/\"7\"", "bulkId": "b", "data": {"userName": "b"}},
            {"method": "PATCH", "path": there, "version": "W/\"6\"", "data": {"Operations": []}},
            {"method": "DELETE", "path": there},
            {"method": "DELETE", "path": "/Me"},
            post("c", json!({"userName": "taken"})),
            post("d", json!({"userName": "broken"})),
        ]}),
    )
    .await;
    assert_eq!(statuses(&answer), ["200", "200", "412", "204", "204", "409", "500"], "{}", answer.json());
    let body = answer.json();
    let [a, b, c, d, _, f, g] = body["Operations"].as_array().unwrap().as_slice() else { panic!("seven") };
    let location = a["location"].as_str().unwrap();
    assert!(location.starts_with("https://muster.example/scim/v2/Users/"), "{location}");
    assert_eq!(*a, json!({"method": "POST", "bulkId": "a", "version": "W/\"7\"", "location": location, "status": "200"}));
    assert_eq!((b["method"].as_str(), b["bulkId"].as_str(), b["version"].as_str()), (Some("PUT"), Some("b"), Some("W/\"7\"")));
    let whole = format!("https://muster.example/scim/v2{there}");
    assert_eq!((c["location"].as_str(), c["response"]["status"].as_str()), (Some(whole.as_str()), Some("412")));
    assert_eq!(*d, json!({"method": "DELETE", "location": whole, "status": "204"}));
    assert_eq!((f.get("location"), f["response"]["scimType"].as_str()), (None, Some("uniqueness")));
    assert!(g["response"]["detail"].as_str().unwrap().contains("request id"), "{g}");
    assert_eq!(gateway.delivered.lock().unwrap().len(), 7, "all of them went to a worker");
}

#[tokio::test]
async fn what_is_wrong_with_an_operation_fails_it_alone_and_what_refers_to_it() {
    let gateway = Gateway::start().await;
    let answer = bulk(
        &gateway,
        json!({"Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "G", "members": [{"value": "bulkId:u"}]}},
            post("u", json!({"displayName": "no name"})),
            {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"Operations": []}},
            post("fine", json!({"userName": "fine"})),
            {"method": "GET", "path": "/Users"},
            {"method": "POST", "path": "/Users", "data": {"userName": "nameless"}},
            {"method": "POST", "path": "/Users/1", "bulkId": "x", "data": {"userName": "x"}},
            {"method": "PUT", "path": "/Users", "data": {"userName": "x"}},
            {"method": "DELETE", "path": "/Users/1"},
            {"method": "DELETE", "path": "/Devices/1"},
            {"method": "PUT", "path": format!("/Users/{}", gateway.administrator)},
            {"method": "DELETE", "path": "/Users/bulkId:nobody"},
            {"method": "POST", "path": "/Bulk", "bulkId": "y", "data": {}},
        ]}),
    )
    .await;
    let expected = ["409", "400", "409", "200", "400", "400", "400", "400", "404", "404", "400", "400", "400"];
    assert_eq!(statuses(&answer), expected, "{}", answer.json());
    assert_eq!(gateway.delivered.lock().unwrap().len(), 1);
    for operation in answer.json()["Operations"].as_array().unwrap() {
        assert!(operation["status"] == "200" || operation["response"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

#[tokio::test]
async fn fail_on_errors_ends_the_answer_too() {
    let gateway = Gateway::start().await;
    let request = |most: u32| {
        let wrong = json!({"method": "DELETE", "path": "/Users/nobody"});
        let operations = json!([
            post("a", json!({"userName": "a"})),
            wrong,
            post("b", json!({"userName": "b"})),
            wrong,
            post("c", json!({"userName": "c"}))
        ]);
        json!({"failOnErrors": most, "Operations": operations})
    };
    assert_eq!(statuses(&bulk(&gateway, request(1)).await), ["200", "404"]);
    assert_eq!(statuses(&bulk(&gateway, request(2)).await), ["200", "404", "200", "404"]);
    assert_eq!(statuses(&bulk(&gateway, request(3)).await), ["200", "404", "200", "404", "200"]);
}

#[tokio::test]
async fn limits_hold_exactly_and_are_advertised() {
    let gateway = Gateway::start_with(|settings| {
        settings.scim.bulk_operations = 3;
        settings.scim.bulk_bytes = 4096;
        settings.limits.body_bytes = 1024;
    })
    .await;
    let config = gateway.get("/scim/ServiceProviderConfig").await.json();
    assert_eq!(config["bulk"], json!({"supported": true, "maxOperations": 3, "maxPayloadSize": 4096}));
    let many = |count: usize| json!({"Operations": (0..count).map(|i| post(&i.to_string(), json!({"userName": "u"}))).collect::<Vec<_>>()});
    assert_eq!(statuses(&bulk(&gateway, many(3)).await).len(), 3);
    assert!(bulk(&gateway, many(4)).await.is_error(413, None).detail().contains("at most 3"));
    let padded = |bytes: usize| {
        let body = json!({"Operations": [post("a", json!({"userName": "a"}))]}).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    assert_eq!(statuses(&gateway.request("POST", "/scim/Bulk", &[], &padded(4096)).await), ["200"]);
    gateway.request("POST", "/scim/Bulk", &[], &padded(4097)).await.is_error(413, None);
    gateway.request("POST", "/scim/Users", &[], &padded(4096)).await.is_error(413, None);
    gateway.request("POST", "/scim/Bulk", &[], "[]").await.is_error(400, Some("invalidSyntax"));
    assert_eq!(statuses(&bulk(&gateway, json!({"Operations": []})).await), [""; 0]);
    let get = gateway.get("/scim/Bulk").await;
    assert_eq!((get.is_error(405, None).status, get.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_bulk_without_an_outcome_is_a_503_and_never_happens() {
    let gateway = Gateway::start_with(|settings| (settings.wait_ms, settings.apply_ms) = (700, 100)).await;
    let request = json!({"Operations": [post("a", json!({"userName": "silent"})), post("b", json!({"userName": "b"}))]});
    let answer = bulk(&gateway, request).await;
    answer.is_error(503, None);
    assert!(answer.header("retry-after").is_some());
    let ids = gateway.delivered.lock().unwrap().clone();
    for id in ids {
        let outcome = muster_store::operations::outcome(&gateway.store, gateway.account, id).await.unwrap().unwrap();
        assert_eq!(outcome.code, muster_domain::OutcomeCode::Expired);
    }
}

#[tokio::test]
async fn hostile_bulk_requests_are_refused_and_change_nothing() {
    let gateway = Gateway::start().await;
    let deep = format!(
        "{{\"Operations\":[{{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"a\",\"data\":{}{}}}]}}",
        "[".repeat(40),
        "]".repeat(40)
    );
    for body in [
        deep.as_str(),
        "{\"Operations\":[],\"Operations\":[]}",
        "{\"Operations\":[{\"method\":\"POST\",\"bulkId\":\"a\\u0000\",\"path\":\"/Users\",\"data\":{\"userName\":\"a\"}}]}",
        "{\"Operations\":[{\"method\":{}}]}",
        "{\"Operations\":[[]]}",
        "{\"failOnErrors\":1e30,\"Operations\":[]}",
        "{\"Operations\":{}}",
        "null",
        "",
    ] {
        let answer = gateway.request("POST", "/scim/Bulk", &[], body).await;
        assert_eq!(answer.status, 400, "{body}: {}", String::from_utf8_lossy(&answer.body));
    }
    let odd = [
        "/Us%65rs/1",
        "/Users/../Groups/1",
        "/scim/Users/1",
        "https://x.test/Users/1",
        "/Users/1?x=y",
        "/Users/bulkId:",
        "/users/1",
        "",
        "//",
        "/Users;x/1",
    ];
    let operations: Vec<Value> = odd.iter().map(|path| json!({"method": "DELETE", "path": path})).collect();
    let answer = bulk(&gateway, json!({"Operations": operations})).await;
    assert!(statuses(&answer).iter().all(|status| status == "404" || status == "400"), "{}", answer.json());
    let mut circle: Vec<Value> = (0..300)
        .map(|i| {
            json!({"method": "POST", "path": "/Groups", "bulkId": i.to_string(), "data": {"displayName": i.to_string(),
            "members": (0..300).map(|j| json!({"value": format!("bulkId:{j}")})).collect::<Vec<_>>()}})
        })
        .collect();
    circle.push(json!({"method": "POST", "path": "/Users", "bulkId": "wrong", "data": {}}));
    circle[0]["data"]["members"] = json!([{"value": "bulkId:wrong"}]);
    let answer = bulk(&gateway, json!({"Operations": circle})).await;
    assert!(statuses(&answer)[..300].iter().all(|status| status == "409"), "everything hangs on the one that is wrong");
    assert!(gateway.delivered.lock().unwrap().is_empty());
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
}
