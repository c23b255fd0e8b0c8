//! The stream of a page.

use super::browser::Browser;
use crate::support::Gateway;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A stream as far as it has been read.
struct Stream {
    socket: TcpStream,
    seen: String,
}

impl Stream {
    async fn open(gateway: &Gateway, browser: &Browser<'_>, topics: &str) -> Self {
        let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        let head = format!(
            "GET /events?topics={topics} HTTP/1.1\r\nHost: muster.example\r\nAccept: text/event-stream\r\nCookie: {}\r\n\r\n",
            cookies.join("; ")
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        Self { socket, seen: String::new() }
    }

    /// Reads until these words have come, or the end.
    async fn until(&mut self, words: &str) -> &str {
        let read = async {
            let mut chunk = [0; 4096];
            while !self.seen.contains(words) {
                match self.socket.read(&mut chunk).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => self.seen.push_str(&String::from_utf8_lossy(&chunk[..read])),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.expect("in time");
        assert!(self.seen.contains(words), "{words} is missing in {}", self.seen);
        &self.seen
    }

    /// Waits for the end of the connection.
    async fn ends(&mut self) {
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), self.socket.read_to_end(&mut rest)).await.expect("in time");
    }
}

#[tokio::test]
async fn the_panel_turns_green_when_the_directory_comes() {
    let gateway = Gateway::start().await;
    let browser = Browser::administrator(&gateway).await;
    let mut stream = Stream::open(&gateway, &browser, "connection").await;
    let head = stream.until("Waiting").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.to_ascii_lowercase().contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("data: <hx-partial hx-target=\"#live-connection\""), "{head}");
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
    stream.until("Connected").await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_the_gateway() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let mut stream = Stream::open(&gateway, &browser, "connection").await;
    stream.until("Waiting").await;
    let cookies = browser.cookies.clone();
    browser.post("/sign-out", &[]).await.goes_to("/sign-in");
    stream.until("event: over").await;
    // The last chunk: the connection itself may be used again.
    stream.until("\r\n0\r\n\r\n").await;
    browser.cookies = cookies;
    Stream::open(&gateway, &browser, "connection").await.until("401").await;

    let again = Browser::of(&gateway, muster_domain::Role::Viewer).await;
    let mut stream = Stream::open(&gateway, &again, "connection").await;
    stream.until("Waiting").await;
    gateway.shutdown.cancel();
    stream.ends().await;
}

#[tokio::test]
async fn there_are_four_streams_a_session_and_no_unknown_topics() {
    let gateway = Gateway::start().await;
    let browser = Browser::administrator(&gateway).await;
    Stream::open(&gateway, &browser, "nothing").await.until("404").await;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut stream = Stream::open(&gateway, &browser, "connection").await;
        stream.until("Waiting").await;
        open.push(stream);
    }
    Stream::open(&gateway, &browser, "connection").await.until("429").await;
}

#[tokio::test]
async fn a_topic_about_one_of_several_is_asked_for_by_its_id() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let plan = muster_store::conversion::new_plan(&Default::default(), "test");
    let run = muster_store::conversion::create(&gateway.store, gateway.account, plan).await.unwrap();
    let topics = format!("convert.{0},convert-state.{0}.planned", run.id);
    let mut stream = Stream::open(&gateway, &browser, &topics).await;
    stream.until("hx-target=\"#live-convert\"").await;
    let seen = stream.until("#live-convert-state").await;
    // The page was made for another state: its forms are loaded again.
    assert!(seen.contains("Being planned") && seen.contains(&format!("hx-get=\"/configuration/ad/convert/runs/{}\"", run.id)), "{seen}");
    // One that was made for the state of now has them, until the state is another; and so on, also back.
    let mut stream = Stream::open(&gateway, &browser, &format!("convert-state.{0}.planning,convert.{0}", run.id)).await;
    let seen = stream.until("#live-convert\"").await;
    assert!(!seen.contains("#live-convert-state"), "{seen}");
    muster_store::conversion::pause(&gateway.store, &run, "test", "lunch").await.unwrap();
    stream.until("Now: <span class=\"state warning\">Paused").await;
    muster_store::conversion::resume(&gateway.store, &run, "test").await.unwrap();
    stream.until("Now: <span class=\"state warning\">Being planned").await;
    let many = vec!["home"; 40].join(",");
    assert_eq!(browser.get(&format!("/events?topics={many}")).await.status, 404);
}
