//! Every bound at its limit, where a request is taken, and one beyond it, where it is refused (B-02, B-03, B-10, B-13, B-24, B-25).

use crate::harness::{
    Connection, Deployment, Response, Scim,
    client::Answer,
    scim::{ERROR, patch_body, user},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, header::HeaderValue};
use serde_json::{Value, json};

/// A bound: how to make a request of a given size, the last size that is taken, and how the next one is refused.
struct Bound {
    what: &'static str,
    limit: usize,
    request: Box<dyn Fn(usize) -> Request<Full<Bytes>>>,
    refused: (u16, &'static str),
}

fn with_body(client: &Scim, method: &str, path: &str, body: String) -> Request<Full<Bytes>> {
    let mut request = client.request(method, path, Some(&Value::Null));
    *request.body_mut() = Full::new(Bytes::from(body));
    request
}

fn named(size: usize, extra: &str) -> String {
    format!("{{\"userName\":\"size-{size}-{}@bad.test\",{extra}}}", fastrand::u64(..))
}

fn bodies(client: &Scim, bounds: &mut Vec<Bound>) {
    let mut post = |what, limit, refused, body: fn(usize) -> String| {
        let client = client.clone();
        let request = Box::new(move |size| with_body(&client, "POST", "/Users", body(size)));
        bounds.push(Bound { what, limit, request, refused });
    };
    let (syntax, value) = ((400, "invalidSyntax"), (400, "invalidValue"));
    // The body itself is the first level.
    post("levels of JSON", 32, syntax, |size| named(size, &format!("\"x\":{}{}", "[".repeat(size - 1), "]".repeat(size - 1))));
    post("members of an object", 200, (400, "invalidSyntax|invalidValue"), |size| {
        let members: Vec<String> = (1..size).map(|number| format!("\"x{number}\":1")).collect();
        named(size, &members.join(","))
    });
    post("bytes of a text", 8 * 1024, value, |size| named(size, &format!("\"nickName\":\"{}\"", "n".repeat(size))));
    post("characters of a displayName", 512, value, |size| named(size, &format!("\"displayName\":\"{}\"", "\u{e9}".repeat(size))));
    post("characters of a userName", 255, value, |size| format!("{{\"userName\":\"{}\"}}", "\u{fc}".repeat(size)));
    post("elements of a list", 1_000, (400, "invalidValue|tooMany"), |size| {
        let elements: Vec<String> = (0..size).map(|number| format!("{{\"value\":\"e{number}@bad.test\"}}")).collect();
        named(size, &format!("\"emails\":[{}]", elements.join(",")))
    });
    post("bytes of a body", 1024 * 1024, (413, ""), |size| {
        let body = named(size, "\"x\":1");
        let spaces = " ".repeat(size - body.len());
        body + &spaces
    });
}

fn patches(client: &Scim, user: &str, group: &str, bounds: &mut Vec<Bound>) {
    let (sender, path) = (client.clone(), format!("/Users/{user}"));
    let request = Box::new(move |size: usize| {
        let operation = json!({ "op": "replace", "path": "title", "value": "t" });
        with_body(&sender, "PATCH", &path, patch_body(vec![operation; size].into()).to_string())
    });
    bounds.push(Bound { what: "operations of a PATCH", limit: 1_000, request, refused: (413, "") });
    let (sender, path) = (client.clone(), format!("/Groups/{group}"));
    let request = Box::new(move |size: usize| {
        let members: Vec<Value> = (0..size).map(|number| json!({ "value": format!("m{number}") })).collect();
        with_body(&sender, "PATCH", &path, patch_body(json!([{ "op": "add", "path": "members", "value": members }])).to_string())
    });
    bounds.push(Bound { what: "members of an operation", limit: 10_000, request, refused: (413, "") });
}

fn addresses(client: &Scim, bounds: &mut Vec<Bound>) {
    let mut filter = |what, limit, filter: fn(usize) -> String| {
        let client = client.clone();
        let request = Box::new(move |size| client.request("GET", &format!("/Users?filter={}", filter(size).replace(' ', "+")), None));
        bounds.push(Bound { what, limit, request, refused: (400, "invalidFilter") });
    };
    filter("bytes of a filter", 4 * 1024, |size| format!("title%20eq%20%22{}%22", "x".repeat(size - "title eq \"\"".len())));
    filter("comparisons of a filter", 100, |size| vec!["id pr"; size].join(" or "));
    filter("levels of a filter", 64, |size| format!("{}id pr{}", "(".repeat(size), ")".repeat(size)));
    let sender = client.clone();
    let request = Box::new(move |size: usize| {
        let path = "/Users?count=1&x=";
        sender.request("GET", &format!("{path}{}", "x".repeat(size - "/scim".len() - path.len())), None)
    });
    bounds.push(Bound { what: "bytes of an address", limit: 8 * 1024, request, refused: (414, "") });
    let sender = client.clone();
    let request = Box::new(move |size: usize| {
        let mut request = sender.request("GET", "/Users?count=1", None);
        let host: HeaderValue = sender.address().to_string().parse().expect("an address is a header value");
        request.headers_mut().insert("host", host);
        let others: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let padding = "p".repeat(size - others - "x-padding".len() - 4);
        request.headers_mut().insert("x-padding", padding.parse().expect("letters are a header value"));
        request
    });
    bounds.push(Bound { what: "bytes of all headers", limit: 16 * 1024, request, refused: (431, "") });
}

fn complaint(response: &Response, (status, scim_type): (u16, &str)) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let said = body["scimType"].as_str().unwrap_or_default();
    let right = response.status == status && scim_type.split('|').any(|allowed| allowed == said) && body["schemas"] == json!([ERROR]);
    (!right).then(|| format!("{} {}", response.status, String::from_utf8_lossy(&response.body[..response.body.len().min(300)])))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bound_is_where_it_is_said_to_be() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let (user, group) = (client.create_user("ada@bad.test").await, client.create_group("Ops").await);
    let mut bounds = Vec::new();
    bodies(&client, &mut bounds);
    patches(&client, &user, &group, &mut bounds);
    addresses(&client, &mut bounds);
    let mut wrong = Vec::new();
    for bound in &bounds {
        let taken = client.send((bound.request)(bound.limit)).await;
        if taken.status >= 300 {
            wrong.push(format!("{} {}: refused: {}", bound.limit, bound.what, String::from_utf8_lossy(&taken.body)));
        }
        let refused = client.send((bound.request)(bound.limit + 1)).await;
        if let Some(complaint) = complaint(&refused, bound.refused) {
            wrong.push(format!("{} {}: {complaint} instead of {:?}", bound.limit + 1, bound.what, bound.refused));
        }
    }
    deployment.healthy(&client).await;
    assert!(wrong.is_empty(), "{} of {} bounds:\n{}", wrong.len(), bounds.len(), wrong.join("\n"));
}

/// Long before a bound is reached, nothing may go wrong either: what is far too much is refused like what is a little too much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_far_beyond_every_bound_is_refused_as_well() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    for (what, body, status) in [
        ("100,000 levels", format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)), 400),
        ("a member named 100,000 times", format!("{{{}}}", vec!["\"a\":1"; 100_000].join(",")), 400),
        ("100,000 members", format!("{{{}}}", (0..90_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",")), 400),
        ("a name of 100,000 bytes", format!("{{\"{}\":1}}", "n".repeat(100_000)), 400),
        ("a number of 100,000 digits", format!("{{\"userName\":\"x@bad.test\",\"x\":{}}}", "9".repeat(100_000)), 400),
        ("an exponent beyond every number", "{\"userName\":\"x@bad.test\",\"x\":1e999999999}".to_owned(), 400),
    ] {
        let response = client.send(with_body(&client, "POST", "/Users", body)).await;
        assert_eq!(response.status, status, "{what}: {response:?}");
        assert_eq!(response.json()["schemas"], json!([ERROR]), "{what}");
    }
    // Nobody takes in all of this only to refuse it: the connection may end before the answer is read.
    match Connection::to(client.address()).send(with_body(&client, "POST", "/Users", " ".repeat(32 * 1024 * 1024))).await {
        Answer::Response(response) => assert_eq!(response.status, 413, "{response:?}"),
        Answer::NotSent(_) | Answer::Unknown(_) => {}
    }
    deployment.healthy(&client).await;
    client.post("/Users", &user("fine@bad.test")).await.expect_status(201);
}
