//! Asynchronous requests (RFC 9967) end to end: what was acknowledged is done, whatever is lost on the way.

use crate::harness::{
    Deployment, Response, Scim, eventually,
    scim::{id_of, patch_body, request, user},
    services,
};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

const EVENT: &str = "urn:ietf:params:scim:event:misc:asyncresp";

fn deferred(key: &str, method: &str, path: &str, body: Option<&Value>) -> Request<Full<bytes::Bytes>> {
    let mut request = request(key, method, path, body);
    request.headers_mut().insert("prefer", "respond-async".parse().expect("a header value"));
    request
}

#[track_caller]
fn accepted(answer: &Response) -> String {
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
    let (txn, location) = (answer.header("set-txn"), answer.header("location"));
    assert!(!txn.is_empty() && location.ends_with(&format!("/scim/Events/{txn}")), "{answer:?}");
    txn.to_owned()
}

/// Asks until the request has ended.
async fn end(client: &Scim, txn: &str) -> Response {
    eventually("the request ends", || async {
        let answer = client.get(&format!("/Events/{txn}")).await;
        match answer.status {
            202 => None,
            _ => Some(answer.expect_status(200)),
        }
    })
    .await
}

fn event(claims: &Value) -> (&str, &str) {
    let event = &claims["events"][EVENT];
    (event["method"].as_str().unwrap_or_default(), event["status"].as_str().unwrap_or_default())
}

async fn every_kind_of_write_ends_in_an_event(deployment: Deployment) {
    let account = deployment.account().await;
    let client = &deployment.clients(&account.key)[0];
    let send = async |method: &str, path: &str, body: Option<Value>| {
        let txn = accepted(&client.send(deferred(&account.key, method, path, body.as_ref())).await);
        let claims = end(client, &txn).await.json();
        assert_eq!((claims["txn"].as_str(), claims.get("sub")), (Some(txn.as_str()), None));
        assert!(claims["iss"].is_string() && claims["aud"].is_string() && claims["jti"].is_string() && claims["iat"].is_u64(), "{claims}");
        claims
    };
    let made = send("POST", "/Users", Some(user("ada@deferred.test"))).await;
    assert_eq!((event(&made), made["sub_id"]["format"].as_str()), (("POST", "201"), Some("scim")));
    assert_eq!(made["events"][EVENT]["version"], "W/\"1\"");
    let ada = made["sub_id"]["uri"].as_str().expect("a path").to_owned();
    assert_eq!(client.get(&ada).await.expect_status(200).json()["userName"], "ada@deferred.test");
    let title = patch_body(json!([{ "op": "add", "path": "title", "value": "Guide" }]));
    assert_eq!(event(&send("PATCH", &ada, Some(title)).await), ("PATCH", "200"));
    assert_eq!(event(&send("PUT", &ada, Some(user("ada@deferred.test"))).await), ("PUT", "200"));
    let again = send("POST", "/Users", Some(user("ADA@deferred.test"))).await;
    assert_eq!((event(&again), again["events"][EVENT]["response"]["scimType"].as_str()), (("POST", "409"), Some("uniqueness")));
    assert_eq!(event(&send("DELETE", &ada, None).await), ("DELETE", "204"));
    assert_eq!(event(&send("DELETE", &ada, None).await), ("DELETE", "404"));
    assert_eq!(event(&send("DELETE", "/Me", None).await), ("DELETE", "403"));
    client.get(&ada).await.expect_status(404);

    let operations = json!([
        { "method": "POST", "path": "/Users", "bulkId": "bo", "data": user("bo@deferred.test") },
        { "method": "GET", "path": "/Users" },
        { "method": "POST", "path": "/Users", "bulkId": "twice", "data": user("bo@deferred.test") },
    ]);
    let txn = accepted(&client.send(deferred(&account.key, "POST", "/Bulk", Some(&json!({ "Operations": operations })))).await);
    let list = end(client, &txn).await.json();
    let events: Vec<_> = list["Resources"].as_array().expect("a list").iter().map(event).collect();
    assert_eq!(events, [("POST", "201"), ("GET", "400"), ("POST", "409")]);
    for (index, bulk_id) in [Some("bo"), None, Some("twice")].into_iter().enumerate() {
        let one = client.get(&format!("/Events/{txn}:{index}")).await.expect_status(200).json();
        assert_eq!((one["txn"].as_str(), one["events"][EVENT]["bulkId"].as_str()), (Some(format!("{txn}:{index}").as_str()), bulk_id));
    }
    let mut token = client.request("GET", &format!("/Events/{txn}:0"), None);
    token.headers_mut().insert("accept", "application/secevent+jwt".parse().expect("a header value"));
    let token = client.send(token).await.expect_status(200);
    assert_eq!(token.header("content-type"), "application/secevent+jwt");
    assert_eq!(token.body.iter().filter(|byte| **byte == b'.').count(), 2);

    let stranger = deployment.account().await.client(client.address());
    stranger.get(&format!("/Events/{txn}")).await.expect_status(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_write_ends_in_an_event_on_sqlite() {
    every_kind_of_write_ends_in_an_event(Deployment::small().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_write_ends_in_an_event_in_production() {
    if services("every_kind_of_write_ends_in_an_event_in_production") {
        every_kind_of_write_ends_in_an_event(Deployment::full().await).await;
    }
}

/// Acknowledges writes while nobody applies any, then lets `fault` strike before workers come back.
async fn outlives(mut deployment: Deployment, fault: impl AsyncFn(&mut Deployment)) {
    let account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let group = clients[0].create_group("Everybody").await;
    for worker in &mut deployment.workers {
        worker.kill();
    }
    let mut waiting = Vec::new();
    for number in 0..30 {
        let body = user(&format!("u{number}@deferred.test"));
        let client = &clients[number % clients.len()];
        waiting.push(accepted(&client.send(deferred(&account.key, "POST", "/Users", Some(&body))).await));
    }
    let bulk = json!({ "Operations": [
        { "method": "POST", "path": "/Users", "bulkId": "late", "data": user("late@deferred.test") },
        { "method": "PATCH", "path": format!("/Groups/{group}"),
          "data": patch_body(json!([{ "op": "add", "path": "members", "value": [{ "value": "bulkId:late" }] }])) },
    ] });
    let bulk = accepted(&clients[0].send(deferred(&account.key, "POST", "/Bulk", Some(&bulk))).await);
    fault(&mut deployment).await;
    deployment.workers = (1..=2).map(|number| deployment.installation.worker(&format!("worker-{number}"))).collect();
    for gateway in &mut deployment.gateways {
        gateway.ready().await;
    }
    for txn in &waiting {
        assert_eq!(event(&end(&clients[0], txn).await.json()), ("POST", "201"));
    }
    let list = end(&clients[0], &bulk).await.json();
    assert_eq!(list["Resources"].as_array().expect("a list").iter().map(event).collect::<Vec<_>>(), [("POST", "201"), ("PATCH", "204")]);
    assert_eq!(clients[0].all("/Users").await.len(), 32, "the administrator, and each of the others once");
    let late = clients[0].get("/Users?filter=userName+eq+%22late@deferred.test%22").await.expect_status(200).json();
    assert_eq!(clients[0].members(&group).await, [id_of(&late["Resources"][0])]);
    deployment.all_alive();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_flushed_redis_and_its_gateways() {
    if !services("what_was_acknowledged_outlives_a_flushed_redis_and_its_gateways") {
        return;
    }
    outlives(Deployment::full().await, async |deployment| {
        // The gateways could push again what they still remember.
        for gateway in &mut deployment.gateways {
            gateway.process.kill();
        }
        let redis = deployment.redis.as_ref().expect("there is a Redis");
        assert_eq!(redis.command(&["FLUSHALL"]).await, "OK");
        for (number, node) in deployment.gateways.iter_mut().enumerate() {
            node.process = deployment.installation.start_again("gateway", &format!("gateway-{}", number + 1), node.address);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_its_workers() {
    if !services("what_was_acknowledged_outlives_its_workers") {
        return;
    }
    outlives(Deployment::full().await, async |deployment| {
        // Workers that come up, take what is there, and are killed with it in their hands.
        for round in 0..3 {
            let mut doomed = deployment.installation.worker("doomed");
            crate::harness::sleep_ms(150 + 100 * round).await;
            doomed.kill();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_only_process_there_is() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = deployment.clients(&account.key).remove(0);
    let mut waiting = Vec::new();
    for number in 0..20 {
        let body = user(&format!("u{number}@deferred.test"));
        waiting.push(accepted(&client.send(deferred(&account.key, "POST", "/Users", Some(&body))).await));
    }
    let node = &mut deployment.gateways[0];
    node.process.kill();
    node.process = deployment.installation.start_again("serve", "serve", node.address);
    node.ready().await;
    for txn in &waiting {
        assert_eq!(event(&end(&client, txn).await.json()), ("POST", "201"));
    }
    assert_eq!(client.all("/Users").await.len(), 21);
}
