//! Requests that are wrong before their body is read.

use super::{Ground, raw_case};
use crate::harness::{
    Deployment,
    raw::raw,
    scim::{patch_body, user},
};
use hyper::header::HeaderValue;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_do_not_exist_are_404_whatever_is_sent_there() {
    let cases = vec![
        raw_case("no such user", "GET /Users/01890000-0000-7000-8000-00000000abcd", "", 404, "", "01890000|not found|no user|(?i)user"),
        raw_case("an id that is none", "GET /Users/42", "", 404, "", "42|(?i)user"),
        raw_case(
            "a very long id",
            "GET /Users/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "",
            404,
            "",
            "(?i)user",
        ),
        raw_case("DELETE of nobody", "DELETE /Users/01890000-0000-7000-8000-00000000abcd", "", 404, "", "(?i)user"),
        raw_case(
            "PATCH of nobody",
            "PATCH /Users/01890000-0000-7000-8000-00000000abcd",
            patch_body(json!([])).to_string(),
            404,
            "",
            "(?i)user",
        ),
        raw_case("PUT of nobody", "PUT /Users/01890000-0000-7000-8000-00000000abcd", user("x@bad.test").to_string(), 404, "", "(?i)user"),
        raw_case("no such group", "GET /Groups/01890000-0000-7000-8000-00000000abcd", "", 404, "", "(?i)group"),
        raw_case("a user is no group", "GET /Groups/{user}", "", 404, "", "(?i)group"),
        raw_case("a group is no user", "DELETE /Users/{group}", "", 404, "", "(?i)user"),
        raw_case("no such endpoint", "GET /Nothing", "", 404, "", "."),
        raw_case("POST to no endpoint", "POST /Nothing", "{}", 404, "", "."),
        raw_case("no such schema", "GET /Schemas/urn:nothing", "", 404, "", "urn:nothing|(?i)schema"),
        raw_case("PUT of all users", "PUT /Users", "{}", 405, "", "GET|POST"),
        raw_case("DELETE of all users", "DELETE /Users", "", 405, "", "GET|POST"),
        raw_case("POST to a user", "POST /Users/{user}", "{}", 405, "", "GET|PATCH"),
        raw_case("POST to a description", "POST /Schemas", "{}", 405, "", "GET"),
    ];
    Ground::new().await.check(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_is_not_allowed_is_told_which_are() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let answer = account.client(deployment.gateways[0].address).delete("/Users").await.expect_status(405);
    let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST") && !allowed.contains(&"DELETE"), "{allowed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_types_that_cannot_be_read_are_415_and_the_usual_ones_are_fine() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let post = |header: &'static str, value: &'static str, name: &'static str| {
        let mut request = client.request("POST", "/Users", Some(&user(name)));
        request.headers_mut().insert(header, HeaderValue::from_static(value));
        client.send(request)
    };
    for (header, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/xml"),
        ("content-type", "application/scim+json; charset=utf-16"),
        ("content-encoding", "gzip"),
    ] {
        assert_eq!(post(header, value, "refused@bad.test").await.status, 415, "{header}: {value}");
    }
    for (number, value) in ["application/json", "application/scim+json", "Application/SCIM+JSON; charset=UTF-8"].into_iter().enumerate() {
        let name = ["one@bad.test", "two@bad.test", "three@bad.test"][number];
        assert_eq!(post("content-type", value, name).await.status, 201, "{value}");
    }
    let mut bare = client.request("POST", "/Users", Some(&user("bare@bad.test")));
    bare.headers_mut().remove("content-type");
    client.send(bare).await.expect_status(201);
    for accept in ["*/*", "text/html", "application/json", "image/png, */*;q=0.1"] {
        let mut request = client.request("GET", "/Users?count=1", None);
        request.headers_mut().insert("accept", HeaderValue::from_static(accept));
        assert_eq!(client.send(request).await.status, 200, "{accept}");
    }
    assert_eq!(client.all("/Users").await.len(), 5, "the administrator and those that were accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_on_another_version_than_expected_is_412() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let path = format!("/Users/{}", client.create_user("ada@bad.test").await);
    let first = client.get(&path).await.expect_status(200);
    let etag = first.header("etag").to_owned();
    assert!(!etag.is_empty(), "{first:?}");
    let send = |method: &'static str, value: &str, display: &str| {
        let body = patch_body(json!([{ "op": "replace", "path": "displayName", "value": display }]));
        let mut request = client.request(method, &path, (method == "PATCH").then_some(&body));
        request.headers_mut().insert("if-match", value.parse().expect("a header value"));
        client.send(request)
    };
    assert_eq!(send("PATCH", &etag, "Second").await.status, 200);
    assert_eq!(send("PATCH", &etag, "Stale").await.status, 412);
    assert_eq!(send("DELETE", &etag, "").await.status, 412);
    assert_eq!(client.get(&path).await.expect_status(200).json()["displayName"], "Second");
    assert_eq!(send("PATCH", "*", "Third").await.status, 200);
    assert_eq!(send("DELETE", "*", "").await.status, 204);
    client.get(&path).await.expect_status(404);
}

/// Requests that two readers could understand differently end the connection; none reaches a user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ambiguous_and_oversized_requests_are_refused_on_the_wire() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let address = deployment.gateways[0].address;
    let client = account.client(address);
    let authorization = format!("Authorization: Bearer {}\r\nContent-Type: application/scim+json", account.key);
    let smuggled = format!(
        "POST /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: 31\r\n\r\n{{\"userName\":\"smuggled@bad.test\"}}"
    );
    let requests = [
        (
            "length and chunks",
            format!(
                "POST /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
        ),
        (
            "two lengths",
            format!("POST /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}    "),
        ),
        (
            "a length that is no number",
            format!("POST /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nContent-Length: +5\r\n\r\n{{}}   "),
        ),
        (
            "chunks of no number",
            format!("POST /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
        ),
        ("no HTTP", "hello there\r\n\r\n".to_owned()),
        (
            "a header as large as a book",
            format!("GET /scim/Users HTTP/1.1\r\nHost: x\r\n{authorization}\r\nX-Large: {}\r\n\r\n", "x".repeat(64 * 1024)),
        ),
    ];
    for (what, request) in &requests {
        let (status, text) = raw(address, request.as_bytes()).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {text}");
    }
    deployment.all_alive();
    let users = client.all("/Users").await;
    assert_eq!(users.len(), 1, "{users:?}");
}
