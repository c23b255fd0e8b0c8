use crate::support::{Answer, Gateway, exchange};
use muster_domain::SecretKey;
use muster_gateway::{GatewaySettings, run};
use muster_queue::{Queue, QueueSettings};
use muster_store::{Store, StoreSettings};
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Nothing listens there.
const NOWHERE: &str = "127.0.0.1:1";

async fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    exchange(&mut stream, format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()).await
}

async fn gateway_on(database: &str, queue: &str) -> SocketAddr {
    let settings = StoreSettings { url: database.to_owned(), ..StoreSettings::default() };
    let store = Store::connect(&settings).await.unwrap();
    if database.starts_with("postgres://") {
        assert!(store.ping().await.is_err());
    }
    let settings = QueueSettings { url: queue.to_owned(), ..QueueSettings::default() };
    let queue = Queue::connect(settings).await.unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let settings = GatewaySettings::new("127.0.0.1:0".parse().unwrap(), "http://x", "1.2.3");
    tokio::spawn(async move { run(settings, store, queue, CancellationToken::new(), |address| tell.send(address).unwrap()).await });
    told.await.unwrap()
}

#[tokio::test]
async fn probes_need_no_key() {
    let gateway = Gateway::start().await;
    let live = get(gateway.address, "/livez", "").await;
    assert_eq!((live.status, live.header("content-type")), (200, Some("application/json")));
    let ready = get(gateway.address, "/readyz", "").await;
    let expected = json!({ "status": "ready", "checks": { "database": "ok", "migrations": "ok", "queue": "ok" } });
    assert_eq!((ready.status, ready.json()), (200, expected));
    assert_eq!(get(gateway.address, "/version", "").await.json()["version"], "1.2.3");
}

#[tokio::test]
async fn a_database_that_is_down_is_named_and_keys_are_neither_right_nor_wrong() {
    let address = gateway_on(&format!("postgres://x@{NOWHERE}/x"), "local").await;
    assert_eq!(get(address, "/livez", "").await.status, 200);
    let ready = get(address, "/readyz", "").await;
    assert_eq!((ready.status, &ready.json()["checks"]["queue"]), (503, &"ok".into()));
    assert!(ready.json()["checks"]["database"].as_str().unwrap().contains("database"));
    let answer = get(address, "/scim/Users", &format!("Authorization: Bearer {}\r\n", SecretKey::generate().reveal())).await;
    answer.is_error(503, None);
    assert!(answer.header("retry-after").is_some());
    assert!(!answer.detail().contains(NOWHERE));
    get(address, "/scim/Users", "Authorization: Bearer mistyped\r\n").await.is_error(401, None);
}

#[tokio::test]
async fn a_database_without_its_migrations_is_not_ready() {
    let directory = tempfile::tempdir().unwrap();
    let address = gateway_on(&format!("sqlite://{}", directory.path().join("new.db").display()), "local").await;
    let ready = get(address, "/readyz", "").await;
    assert_eq!((ready.status, &ready.json()["checks"]["database"]), (503, &"ok".into()));
    assert!(ready.json()["checks"]["migrations"].as_str().unwrap().contains("muster migrate"));
}

#[tokio::test]
async fn a_queue_that_is_down_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", directory.path().join("new.db").display());
    let address = gateway_on(&database, &format!("redis://{NOWHERE}")).await;
    let ready = get(address, "/readyz", "").await;
    assert_eq!(ready.status, 503);
    assert!(ready.json()["checks"]["queue"].as_str().unwrap().contains("queue"), "{}", ready.json());
}
