//! Who gets mail: the API, and the one click that ends it.

use crate::support::{Answer, Gateway};
use muster_domain::{
    ApiToken, Role,
    notify::{Content, MailKey, TestMail},
};
use muster_store::{
    api_tokens,
    console::audit,
    now_ms,
    outbox::{self, NewMail},
};
use serde_json::Value;
use uuid::Uuid;

async fn api(gateway: &Gateway, token: &ApiToken, method: &str, path: &str, body: &str) -> Answer {
    let head = format!("{method} /api/v1/notifications{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n", token.reveal());
    gateway.raw(format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

async fn token(gateway: &Gateway) -> ApiToken {
    let token = ApiToken::generate();
    let owner = (gateway.administrator, Role::Administrator);
    api_tokens::create(&gateway.store, gateway.account, owner, "test", &token, now_ms() + 60_000).await.unwrap();
    token
}

#[tokio::test]
async fn the_list_is_kept_by_the_api() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let put =
        api(&gateway, &token, "PUT", "/recipients/ops%40acme.test", r#"{"time_zone": "Europe/Berlin", "quiet_hours": "20:00-07:30"}"#)
            .await;
    assert_eq!(put.status, 200);
    let listed = api(&gateway, &token, "GET", "/recipients", "").await.json();
    assert_eq!(
        (listed["recipients"][0]["address"].as_str(), listed["recipients"][0]["source"].as_str()),
        (Some("ops@acme.test"), Some("list"))
    );
    assert!(!listed.to_string().contains("token"), "what ends mails is shown to nobody");
    for (address, body, word) in [
        ("nobody", "", "ada@example.com"),
        ("a@b.test%0D%0ABcc:x@y.test", "", "ada@example.com"),
        ("a@b.test", r#"{"quiet_hours": "late"}"#, "20:00-07:30"),
        ("a@b.test", r#"{"time_zone": "Mars"}"#, "Europe/Berlin"),
        ("a@b.test", r#"{"timezone": "UTC"}"#, "time_zone"),
        ("a@b.test", r#"{"time_zone": 1}"#, "text"),
    ] {
        let refused = api(&gateway, &token, "PUT", &format!("/recipients/{address}"), body).await;
        assert!(refused.status == 400 && refused.detail().contains(word), "{address} {body}: {}", refused.detail());
    }
    assert_eq!(api(&gateway, &token, "DELETE", "/recipients/OPS@acme.test", "").await.status, 204);
    assert_eq!(api(&gateway, &token, "DELETE", "/recipients/ops@acme.test", "").await.status, 404);
    let mails = api(&gateway, &token, "GET", "/mails?limit=5", "").await.json();
    assert_eq!((mails["mails"].as_array().map(Vec::len), &mails["next"]), (Some(0), &Value::Null));
    assert_eq!(api(&gateway, &token, "GET", "/mails?after=x", "").await.status, 400);
    let written = audit::list(&gateway.store, gateway.account, None, 10).await.unwrap();
    let written: Vec<_> = written.iter().map(|one| (one.action.as_str(), one.target.as_str(), one.actor.as_str())).collect();
    let done = [("recipient.remove", "OPS@acme.test", "admin"), ("recipient.add", "ops@acme.test", "admin")];
    assert_eq!(written, done, "the newest first; what was refused, or was not there, is not told");
}

#[tokio::test]
async fn one_click_ends_the_mails_and_looking_does_not() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    api(&gateway, &token, "PUT", "/recipients/ops@acme.test", "").await;
    let mail = NewMail {
        key: MailKey::test(Uuid::now_v7()),
        thread: None,
        content: Content::Test(TestMail { at_ms: 0 }),
        attachment: None,
        immediate: true,
        trace: None,
    };
    outbox::write(&gateway.store, gateway.account, &mail, 0).await.unwrap();
    let lease = outbox::lease(&gateway.store, gateway.account, "ops@acme.test", 0, 1).await.unwrap().unwrap();
    let path = format!("/notifications/unsubscribe/{}", lease.token);
    let ask = async |method: &str, path: &str| {
        let body = "List-Unsubscribe=One-Click";
        let length = if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let body = if method == "GET" { "" } else { body };
        gateway.raw(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{length}\r\n{body}").as_bytes()).await
    };
    let state = async || api(&gateway, &token, "GET", "/recipients", "").await.json()["recipients"][0]["unsubscribed_ms"].is_null();

    let page = ask("GET", &path).await;
    assert!(page.status == 200 && page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(state().await, "a program that follows links ends nothing");
    assert_eq!(ask("POST", &path).await.status, 200);
    assert!(!state().await);
    assert_eq!(ask("POST", &path).await.status, 200, "again is no error");
    assert_eq!(ask("PUT", &path).await.status, 405);
    assert_eq!(ask("POST", &format!("/notifications/unsubscribe/{}", "0".repeat(32))).await.status, 404);
    assert_eq!(ask("POST", "/notifications/unsubscribe/short").await.status, 404);
}
