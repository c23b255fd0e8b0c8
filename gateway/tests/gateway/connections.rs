use crate::support::{Gateway, exchange};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn closed_after(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.expect("closed in time").ok();
    began.elapsed()
}

#[tokio::test]
async fn slow_headers_and_silence_end_a_connection() {
    let gateway = Gateway::start_with(|settings| {
        (settings.limits.header_read, settings.limits.idle) = (Duration::from_millis(300), Duration::from_millis(800));
    })
    .await;
    let mut silent = TcpStream::connect(gateway.address).await.unwrap();
    assert!(closed_after(&mut silent).await < Duration::from_millis(700));
    let mut slow = TcpStream::connect(gateway.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost").await.unwrap();
    assert!(closed_after(&mut slow).await < Duration::from_millis(700));
    let mut idle = TcpStream::connect(gateway.address).await.unwrap();
    let request = gateway.text("GET", "/scim/Users", &[], "");
    for _ in 0..2 {
        assert_eq!(exchange(&mut idle, request.as_bytes()).await.status, 200);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(closed_after(&mut idle).await < Duration::from_millis(700));
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let gateway = Gateway::start().await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let both = gateway.text("GET", "/version", &[], "") + &gateway.text("GET", "/livez", &[], "");
    stream.write_all(both.as_bytes()).await.unwrap();
    let mut seen = String::new();
    while !(seen.contains("1.2.3") && seen.contains("alive")) {
        let mut some = [0; 1024];
        let n = stream.read(&mut some).await.unwrap();
        assert_ne!(n, 0);
        seen.push_str(&String::from_utf8_lossy(&some[..n]));
    }
    assert!(seen.find("1.2.3") < seen.find("alive"));
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_room() {
    let gateway = Gateway::start_with(|settings| settings.limits.connections = 1).await;
    let mut first = TcpStream::connect(gateway.address).await.unwrap();
    let request = gateway.text("GET", "/livez", &[], "");
    assert_eq!(exchange(&mut first, request.as_bytes()).await.status, 200);
    let mut second = TcpStream::connect(gateway.address).await.unwrap();
    second.write_all(request.as_bytes()).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), second.read_u8()).await.is_err());
    drop(first);
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), second.read_u8()).await.unwrap().unwrap(), b'H');
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_closes_what_is_idle() {
    let gateway = Gateway::start_with(|settings| (settings.wait_ms, settings.apply_ms) = (900, 100)).await;
    let mut idle = TcpStream::connect(gateway.address).await.unwrap();
    assert_eq!(exchange(&mut idle, gateway.text("GET", "/livez", &[], "").as_bytes()).await.status, 200);
    let mut busy = TcpStream::connect(gateway.address).await.unwrap();
    let body = json!({ "userName": "silent" }).to_string();
    let request = gateway.text("POST", "/scim/Users", &[], &body);
    busy.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    gateway.shutdown.cancel();
    assert!(closed_after(&mut idle).await < Duration::from_millis(300));
    assert!(TcpStream::connect(gateway.address).await.is_err(), "no longer listening");
    let mut answer = Vec::new();
    busy.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 503"), "{}", String::from_utf8_lossy(&answer));
    gateway.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off() {
    let gateway = Gateway::start_with(|settings| settings.limits.drain = Duration::from_millis(300)).await;
    let mut busy = TcpStream::connect(gateway.address).await.unwrap();
    busy.write_all(gateway.text("POST", "/scim/Users", &[], &json!({ "userName": "silent" }).to_string()).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    gateway.shutdown.cancel();
    let began = Instant::now();
    gateway.running.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn http2_by_prior_knowledge_is_understood() {
    let gateway = Gateway::start().await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    // The preface in two pieces, then an empty SETTINGS frame; the server answers with its own SETTINGS.
    stream.write_all(b"PRI * HTT").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"P/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "a SETTINGS frame");
}
