use crate::support::Gateway;
use serde_json::json;

#[tokio::test]
async fn me_is_the_scim_administrator_at_its_permanent_address() {
    let gateway = Gateway::start().await;
    for base in ["/scim", "/scim/v2"] {
        let me = gateway.get(&format!("{base}/Me")).await;
        let location = format!("https://muster.example{base}/Users/{}", gateway.administrator);
        assert_eq!((me.status, me.json()["id"].as_str()), (200, Some(gateway.administrator.to_string().as_str())));
        assert_eq!(me.json()["meta"]["location"], location);
        assert_eq!(me.header("location"), Some(location.as_str()));
        let same = gateway.get(&format!("{base}/Users/{}", gateway.administrator)).await;
        assert_eq!(me.json(), same.json());
    }
    assert_eq!(gateway.get("/scim/Me?attributes=userName").await.json()["userName"], "admin");
    assert_eq!(gateway.request("HEAD", "/scim/Me", &[], "").await.status, 200);
}

#[tokio::test]
async fn writes_to_me_are_writes_to_that_user() {
    let gateway = Gateway::start().await;
    let location = format!("https://muster.example/scim/Users/{}", gateway.administrator);
    let body = json!({"userName": "admin", "displayName": "Me"}).to_string();
    let replaced = gateway.request("PUT", "/scim/Me", &["If-Match: W/\"7\""], &body).await;
    assert_eq!((replaced.status, replaced.json()["id"].as_str()), (200, Some(gateway.administrator.to_string().as_str())));
    assert_eq!(replaced.header("location"), Some(location.as_str()));
    assert_eq!(replaced.header("etag"), Some("W/\"7\""));
    gateway.request("PUT", "/scim/Me", &["If-Match: W/\"6\""], &body).await.is_error(412, None);
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "T"}]}).to_string();
    let patched = gateway.request("PATCH", "/scim/Me", &[], &patch).await;
    assert_eq!((patched.status, patched.header("location")), (200, Some(location.as_str())));
    assert_eq!(gateway.request("DELETE", "/scim/Me", &[], "").await.status, 204);
}

#[tokio::test]
async fn what_me_does_not_take_is_refused_and_nobody_is_me_without_a_key() {
    let gateway = Gateway::start().await;
    let posted = gateway.post("/scim/Me", &json!({"userName": "x"})).await;
    assert_eq!((posted.is_error(405, None).status, posted.header("allow")), (405, Some("GET, HEAD, PUT, PATCH, DELETE")));
    let options = gateway.request("OPTIONS", "/scim/Me", &[], "").await;
    assert_eq!((options.is_error(405, None).status, options.header("allow")), (405, Some("GET, HEAD, PUT, PATCH, DELETE")));
    assert_eq!(gateway.raw(b"GET /scim/Me HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 401);
    assert_eq!(gateway.get("/scim/me").await.status, 404);
    assert_eq!(gateway.get("/scim/Me/x").await.status, 404);
}
