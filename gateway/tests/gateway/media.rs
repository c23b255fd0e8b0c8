use crate::support::Gateway;

const USER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"}"#;

#[tokio::test]
async fn bodies_in_json_are_taken_and_others_refused_with_what_to_send() {
    let gateway = Gateway::start().await;
    for good in [
        &["Content-Type: application/scim+json; charset=utf-8"][..],
        &["Content-Type: application/json"],
        &["Content-Type: APPLICATION/JSON;charset=\"UTF-8\""],
        &[],
    ] {
        assert_eq!(gateway.request("POST", "/scim/Users", good, USER).await.status, 201, "{good:?}");
    }
    for bad in
        ["Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Content-Type: application/x-www-form-urlencoded"]
    {
        let answer = gateway.request("POST", "/scim/Users", &[bad], USER).await;
        assert!(answer.is_error(415, None).detail().contains("Content-Type"), "{bad}");
    }
    let answer = gateway.request("POST", "/scim/Users", &["Content-Encoding: gzip"], USER).await;
    assert!(answer.is_error(415, None).detail().contains("Content-Encoding"));
}

#[tokio::test]
async fn answers_are_scim_json_unless_only_json_is_wanted() {
    let gateway = Gateway::start().await;
    for (accept, answered) in [
        ("application/json", "application/json"),
        ("application/scim+json", "application/scim+json"),
        ("*/*", "application/scim+json"),
        ("text/html", "application/scim+json"),
        ("application/json, text/plain, */*", "application/scim+json"),
    ] {
        let answer = gateway.request("GET", "/scim/Users", &[&format!("Accept: {accept}")], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(answered)), "{accept}");
    }
    let refused = gateway.raw(b"GET /scim/Users HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n").await;
    assert_eq!((refused.status, refused.header("content-type")), (401, Some("application/json")));
}

#[tokio::test]
async fn bodies_that_are_no_json_name_the_place() {
    let gateway = Gateway::start().await;
    for body in ["", "{", "{\"userName\": tre}", "[]", "null", "\"x\"", "{\"userName\":\"\\u0000\"}"] {
        let answer = gateway.request("POST", "/scim/Users", &["Content-Type: application/json"], body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(!answer.detail().is_empty());
    }
    gateway.request("POST", "/scim/Users", &[], "{\"userName\": tre}").await.is_error(400, Some("invalidSyntax"));
}
