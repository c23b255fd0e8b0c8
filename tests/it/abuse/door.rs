//! Every address and every method without a key, and what a stranger's headers are worth.

use crate::harness::{
    Deployment, Installation, Scim,
    raw::raw,
    scim::{ERROR, user},
};
use hyper::header::HeaderValue;
use serde_json::json;

const MANY: usize = 450;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_and_method_without_a_key_is_the_same_401() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let ada = client.create_user("ada@abuse.test").await;
    let group = client.create_group("Ops").await;
    let before = (client.all("/Users").await, client.all("/Groups").await);
    let addresses = [
        "",
        "/",
        "/Users",
        "/Users/{user}",
        "/Users/.search",
        "/Groups",
        "/Groups/{group}",
        "/Groups/.search",
        "/Bulk",
        "/Me",
        "/.search",
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/Schemas",
        "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
        "/openapi.json",
        "/Nothing",
        "/Users/{user}/nothing",
        "/asyncResponses/1",
        "/v2/Users",
        "/v2/Me",
    ];
    let mut first = None;
    for address in addresses {
        let address = address.replace("{user}", &ada).replace("{group}", &group);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let mut request = client.request(method, &address, Some(&user("stranger@abuse.test")));
            request.headers_mut().remove("authorization");
            let answer = client.send(request).await;
            assert_eq!(answer.status, 401, "{method} {address}: {answer:?}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {address}");
            assert_eq!(answer.header("cache-control"), "no-store", "{method} {address}");
            if method != "HEAD" {
                assert_eq!(answer.json()["schemas"], json!([ERROR]), "{method} {address}");
                let first = first.get_or_insert_with(|| answer.body.clone());
                assert_eq!(answer.body, *first, "{method} {address}");
            }
        }
    }
    assert_eq!((client.all("/Users").await, client.all("/Groups").await), before);
    deployment.healthy(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_any_other_form_is_none() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let (client, key) = (account.client(deployment.gateways[0].address), &account.key);
    let stranger = Scim::new(client.address(), "nothing");
    for header in ["x-api-key", "x-auth-token", "proxy-authorization", "cookie", "x-forwarded-authorization", "authentication"] {
        for value in [key.clone(), format!("Bearer {key}"), format!("token={key}")] {
            let mut request = stranger.request("GET", "/Users", None);
            request.headers_mut().remove("authorization");
            request.headers_mut().insert(header, value.parse().expect("a header value"));
            assert_eq!(stranger.send(request).await.status, 401, "{header}: …");
        }
    }
    let upper = key.to_uppercase();
    for value in [
        format!("Bearer {key}, Bearer {key}"),
        format!("Bearer {key} x"),
        format!("Bearer\u{a0}{key}"),
        format!("Bearer \"{key}\""),
        format!("Bearer {key}="),
        format!("Bearer {upper}"),
        format!("Bearer{key}"),
        format!("Token {key}"),
        format!("Digest {key}"),
    ] {
        let mut request = stranger.request("GET", "/Users", None);
        request.headers_mut().insert("authorization", HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        assert_eq!(stranger.send(request).await.status, 401, "{}", value.replace(key.as_str(), "…"));
    }
    let mut twice = stranger.request("GET", "/Users", None);
    twice.headers_mut().append("authorization", format!("Bearer {key}").parse().expect("a header value"));
    assert_eq!(stranger.send(twice).await.status, 401, "two Authorization headers");
    deployment.healthy(&client).await;
}

/// `Host` and the headers of proxies are the client's word: they neither appear in an answer nor change who it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_proxies_are_believed_in_nothing() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let ada = client.create_user("ada@abuse.test").await;
    let lines = "Host: evil.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: evil\r\nForwarded: host=evil.test\r\n\
                 X-Original-URL: /scim/Groups\r\nX-Rewrite-URL: /scim/Groups\r\nX-HTTP-Method-Override: DELETE\r\nX-Method-Override: DELETE\r\n";
    let key = format!("Authorization: Bearer {}\r\nConnection: close\r\n", account.key);
    let (status, text) = raw(client.address(), format!("GET /scim/Users/{ada} HTTP/1.1\r\n{lines}{key}\r\n").as_bytes()).await;
    assert_eq!(status, Some(200), "{text}");
    assert!(text.contains(&ada) && !text.contains("evil"), "{text}");
    let body = user("bo@abuse.test").to_string();
    let post = format!("POST /scim/Users HTTP/1.1\r\n{lines}{key}Content-Length: {}\r\n\r\n{body}", body.len());
    let (status, text) = raw(client.address(), post.as_bytes()).await;
    assert_eq!(status, Some(201), "{text}");
    assert!(!text.contains("evil"), "{text}");
    // Wrong keys are counted by where they come from, not by where they say they come from.
    let mut refused = 0;
    for number in 0..80 {
        let mut request = Scim::new(client.address(), &format!("muster_{number:049}")).request("GET", "/Users", None);
        request.headers_mut().insert("x-forwarded-for", format!("10.0.0.{number}").parse().expect("a header value"));
        let status = client.send(request).await.status;
        assert!([401, 429].contains(&status), "{status}");
        refused += usize::from(status == 429);
    }
    assert!(refused > 0, "eighty wrong keys, each said to come from elsewhere, were all looked at");
    deployment.healthy(&client).await;
}

/// However many are asked for, a page has a bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_count_makes_a_page_of_everything() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    import(&deployment.installation, &account.slug, MANY).await;
    for query in ["", "?count=1000000000", "?count=99999999999999999999", "?count=201", "?startIndex=1&count=100000&filter=userName+pr"] {
        let page = client.get(&format!("/Users{query}")).await.expect_status(200).json();
        let shown = page["Resources"].as_array().map_or(0, Vec::len);
        assert_eq!(page["totalResults"], MANY + 1, "{query}");
        assert!((1..=200).contains(&shown) && page["itemsPerPage"] == shown, "{query}: {shown}");
    }
}

async fn import(installation: &Installation, slug: &str, count: usize) {
    let rows: String = (0..count).map(|number| format!("many-{number},many-{number}@abuse.test\n")).collect();
    let file = installation.path().join("many.csv");
    std::fs::write(&file, format!("user_id,email\n{rows}")).expect("the file can be written");
    installation.json(&["user", "import", "--account", slug, "--csv", file.to_str().expect("a path")]).await;
}
