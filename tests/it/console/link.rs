//! How the first administrator gets in, and everybody after that.

use super::{PASSWORD, first_link};
use crate::harness::{Account, Answer, Connection, Deployment, Response, account::create_user};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::json;
use std::net::SocketAddr;

async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Response {
    match Connection::to(address).send(request).await {
        Answer::Response(response) => response,
        other => panic!("{other:?}"),
    }
}

async fn get(address: SocketAddr, path: &str, cookie: &str) -> Response {
    let request = Request::get(path).header("accept", "text/html").header("cookie", cookie);
    send(address, request.body(Full::default()).expect("a request")).await
}

async fn post(address: SocketAddr, path: &str, form: &str) -> Response {
    let request = Request::post(path)
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    send(address, request.body(Full::new(Bytes::from(form.to_owned()))).expect("a request")).await
}

fn chosen(user_id: &str) -> String {
    let password = PASSWORD.replace(' ', "+");
    format!("user_id={user_id}&email={user_id}%40acme.test&new_password={password}&new_password_again={password}")
}

fn cookie(response: &Response) -> String {
    response.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_a_bare_start_makes_one_administrator() {
    let deployment = Deployment::small().await;
    let address = deployment.gateways[0].address;
    let link = first_link(&deployment).await;
    let path = link.strip_prefix(&format!("http://{address}")).expect("a link to this service").to_owned();
    get(address, &path, "").await.expect_status(200);
    let made = post(address, &path, &chosen("ada")).await.expect_status(303);
    assert_eq!(made.header("location"), "/configuration/auth/scim");
    let page = get(address, "/profile", &cookie(&made)).await.expect_status(200);
    assert!(String::from_utf8_lossy(&page.body).contains("Administrator"));
    get(address, &path, "").await.expect_status(410);
    post(address, &path, &chosen("eve")).await.expect_status(410);
    let refused = deployment.installation.run(&["console", "link", "--account", "default"]).await;
    assert_eq!(refused.status.code(), Some(6), "{}", String::from_utf8_lossy(&refused.stderr));

    // She is a user like any other: made by an operation, found by a directory.
    let key = Account::new_key(&deployment.installation, "default", "ada").await;
    let client = crate::harness::Scim::new(address, &key);
    assert_eq!(client.all("/Users").await[0]["userName"], "ada");
    let operations = deployment.installation.json(&["ops", "list", "--account", "default"]).await;
    assert!(operations.to_string().contains("\"console\""), "{operations}");

    let audit = deployment.installation.json(&["audit", "list", "--account", "default"]).await;
    let actions: Vec<&str> = audit.as_array().expect("a list").iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["secret_key.generated", "sign_in", "administrator.created"]);
    let verified = deployment.installation.json(&["audit", "verify", "--account", "default"]).await;
    assert_eq!((&verified["entries"], &verified["broken"]), (&json!(3), &json!(null)));
    let anchor = format!("3:{}", verified["last_hash"].as_str().expect("a hash"));
    deployment.installation.json(&["audit", "verify", "--account", "default", "--expect", &anchor]).await;
    let other = deployment.installation.run(&["audit", "verify", "--account", "default", "--expect", "3:00ff"]).await;
    assert_eq!(other.status.code(), Some(8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_disabled_by_the_directory_is_out_at_once() {
    let (deployment, client) = Deployment::small_with_client().await;
    let (address, installation) = (deployment.gateways[0].address, &deployment.installation);
    let accounts = installation.json(&["account", "list"]).await;
    let slug = accounts.as_array().expect("a list").iter().filter_map(|account| account["slug"].as_str()).find(|slug| *slug != "default");
    let slug = slug.expect("an account").to_owned();
    create_user(installation, &slug, "vera", "viewer").await;
    let user = installation.run(&["console", "link", "--account", &slug, "--user", "nobody"]).await;
    assert_eq!(user.status.code(), Some(5));
    create_user(installation, &slug, "uwe", "user").await;
    let ordinary = installation.run(&["console", "link", "--account", &slug, "--user", "uwe"]).await;
    assert_eq!(ordinary.status.code(), Some(8), "{}", String::from_utf8_lossy(&ordinary.stderr));
    let link = installation.json(&["console", "link", "--account", &slug, "--user", "vera"]).await;
    let link = link["link"].as_str().expect("a link").to_owned();
    let path = &link[link.find("/welcome/").expect("a path")..];
    let made = post(address, path, &chosen("")).await.expect_status(303);
    let cookie = cookie(&made);
    get(address, "/", &cookie).await.expect_status(200);
    get(address, "/configuration/auth/scim", &cookie).await.expect_status(200);

    let users = client.get("/Users?filter=userName%20eq%20%22vera%22").await.expect_status(200).json();
    let id = users["Resources"][0]["id"].as_str().expect("an id").to_owned();
    client.patch(&format!("/Users/{id}"), json!([{ "op": "replace", "path": "active", "value": false }])).await.expect_status(200);
    assert_eq!(get(address, "/", &cookie).await.expect_status(303).header("location"), "/sign-in");
}
