use crate::support::{Answer, Gateway};
use muster_domain::SecretKey;
use muster_store::keys;
use std::time::{Duration, Instant};

async fn with_authorization(gateway: &Gateway, lines: &str) -> Answer {
    gateway.raw(format!("GET /scim/Users HTTP/1.1\r\nHost: muster.example\r\n{lines}\r\n").as_bytes()).await
}

#[tokio::test]
async fn every_reason_gets_the_same_401() {
    let gateway = Gateway::start().await;
    let (unknown, key) = (SecretKey::generate(), &gateway.key);
    let replaced = SecretKey::generate();
    keys::generate(&gateway.store, gateway.account, gateway.administrator, &replaced).await.unwrap();
    let missing = with_authorization(&gateway, "").await;
    missing.is_error(401, None);
    assert!(missing.header("www-authenticate").unwrap().starts_with("Bearer realm="));
    assert_eq!(missing.header("cache-control"), Some("no-store"));
    let lines = [
        "Authorization: non-token\r\n".to_owned(),
        format!("Authorization: Basic {key}\r\n"),
        format!("Authorization: Bearer {}\r\n", unknown.reveal()),
        format!("Authorization: Bearer {}\r\n", &key[..40]),
        // Voided by the one generated above.
        format!("Authorization: Bearer {key}\r\n"),
        format!("Authorization: Bearer {0}\r\nAuthorization: Bearer {0}\r\n", replaced.reveal()),
    ];
    for line in lines {
        let answer = with_authorization(&gateway, &line).await;
        assert_eq!((answer.status, &answer.body), (401, &missing.body), "{line}");
        assert_eq!(answer.header("www-authenticate"), missing.header("www-authenticate"));
        assert_eq!(answer.header("content-type"), missing.header("content-type"));
    }
    assert_eq!(with_authorization(&gateway, &format!("authorization: bEARER {}\r\n", replaced.reveal())).await.status, 200);
}

#[tokio::test]
async fn a_key_in_the_address_counts_for_nothing() {
    let gateway = Gateway::start().await;
    let path = format!("/scim/Users?access_token={0}&token={0}", gateway.key);
    assert_eq!(gateway.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.status, 401);
}

#[tokio::test]
async fn a_voided_key_is_dead_within_a_second_though_it_was_in_use() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
    let successor = SecretKey::generate();
    keys::generate(&gateway.store, gateway.account, gateway.administrator, &successor).await.unwrap();
    let voided = Instant::now();
    while gateway.get("/scim/Users").await.status != 401 {
        assert!(voided.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(with_authorization(&gateway, &format!("Authorization: Bearer {}\r\n", successor.reveal())).await.status, 200);
}

#[tokio::test]
async fn after_thirty_wrong_keys_wrong_ones_get_429_and_the_right_one_works() {
    let gateway = Gateway::start().await;
    for _ in 0..30 {
        assert_eq!(with_authorization(&gateway, "Authorization: Bearer wrong\r\n").await.status, 401);
    }
    let answer = with_authorization(&gateway, "Authorization: Bearer wrong\r\n").await;
    answer.is_error(429, None);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
    assert_eq!(with_authorization(&gateway, "").await.status, 401, "no key is not a wrong key");
}

#[tokio::test]
async fn nothing_under_the_base_answers_without_a_key() {
    let gateway = Gateway::start().await;
    for path in [
        "/scim",
        "/scim/",
        "/scim/v2",
        "/scim/Users",
        "/scim/v2/Groups/1",
        "/scim/Schemas",
        "/scim/ServiceProviderConfig",
        "/scim/nothing",
        "/scim/Bulk",
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] {
            let answer = gateway.raw(format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
}
