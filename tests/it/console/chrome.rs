//! Chromium, driven over the WebDriver protocol (<https://www.w3.org/TR/webdriver2/>).

use crate::harness::{Answer, Connection, eventually, ports::free_port, process::Process, sleep_ms, wait::PATIENCE};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What an element is called in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What is known of a page whose live parts stand still.
const STREAM: &str = "const at = document.querySelector('[hx-sse\\\\:connect]'); const sse = at?._htmx?.sse; \
    return { visible: document.visibilityState, there: !!at, stream: sse && { attempt: sse.attempt, status: sse.status, reads: !!sse.reader, \
      waits: !!sse.delayCanceller, aborted: sse.abortController?.signal?.aborted } }";

/// One browser with a profile of its own.
pub struct Chrome {
    address: SocketAddr,
    session: String,
    // Dropped after the session was ended.
    _driver: Process,
    _directory: TempDir,
}

impl Chrome {
    /// Starts one, with JavaScript or without.
    pub async fn start(scripts: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("muster-chrome-").tempdir().expect("a scratch directory");
        let port = free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let driver = Process::start("chromedriver", directory.path(), &mut command);
        let profile = directory.path().join("profile");
        let blocked = if scripts { 1 } else { 2 };
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", "--window-size=1280,900",
                "--force-color-profile=srgb", format!("--user-data-dir={}", profile.display()),
            ],
            "prefs": { "profile.managed_default_content_settings.javascript": blocked },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = eventually("chromedriver starts a browser", || async {
            let answer = send(address, "POST", "/session", Some(&wanted)).await?;
            if let Some(error) = answer["error"].as_str() {
                panic!("no browser: {error}: {}", answer["message"]);
            }
            answer["sessionId"].as_str().map(str::to_owned)
        })
        .await;
        Self { address, session, _driver: driver, _directory: directory }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/session/{}{path}", self.session);
        send(self.address, method, &path, body).await.unwrap_or_else(|| panic!("chromedriver does not answer {method} {path}"))
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.ask("POST", "/url", Some(&json!({ "url": url }))).await;
    }

    /// Loads it again.
    pub async fn reload(&self) {
        self.ask("POST", "/refresh", Some(&json!({}))).await;
    }

    /// Where the browser is.
    pub async fn url(&self) -> String {
        self.ask("GET", "/url", None).await.as_str().unwrap_or_default().to_owned()
    }

    async fn find(&self, css: &str) -> Option<String> {
        let found = self.ask("POST", "/element", Some(&json!({ "using": "css selector", "value": css }))).await;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    /// The element, once it is there.
    pub async fn wait_for(&self, css: &str) -> String {
        eventually(css, || self.find(css)).await
    }

    /// Whether there is such an element.
    pub async fn has(&self, css: &str) -> bool {
        self.find(css).await.is_some()
    }

    /// The text of an element as somebody reads it.
    pub async fn text(&self, css: &str) -> String {
        let element = self.wait_for(css).await;
        self.ask("GET", &format!("/element/{element}/text"), None).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element says this.
    #[track_caller]
    pub fn until_text(&self, css: &str, words: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let end = Instant::now() + PATIENCE;
            loop {
                let text = match self.find(css).await {
                    Some(element) => self.ask("GET", &format!("/element/{element}/text"), None).await,
                    None => Value::Null,
                };
                if text.as_str().is_some_and(|text| text.contains(words)) {
                    return;
                }
                if Instant::now() > end {
                    let stream = self.run(STREAM).await;
                    panic!("{css} says {text} and not {words}; the page complains of {:?}; {stream} ({place})", self.complaints().await);
                }
                sleep_ms(25).await;
            }
        }
    }

    /// Types into a field.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.wait_for(css).await;
        self.ask("POST", &format!("/element/{element}/clear"), Some(&json!({}))).await;
        let typed = self.ask("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text }))).await;
        assert!(typed.is_null(), "{css}: {typed}");
    }

    /// Clicks.
    pub async fn click(&self, css: &str) {
        let element = self.wait_for(css).await;
        let clicked = self.ask("POST", &format!("/element/{element}/click"), Some(&json!({}))).await;
        assert!(clicked.is_null(), "{css}: {clicked}");
    }

    /// Presses keys where the focus is, one after the other, once the page has its scripts.
    pub async fn press(&self, keys: &str) {
        self.wait_for("html.scripted").await;
        let press = |key: char| ["keyDown", "keyUp"].map(|what| json!({ "type": what, "value": key }));
        let keys: Vec<Value> = keys.chars().flat_map(press).collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": keys }] });
        self.ask("POST", "/actions", Some(&actions)).await;
    }

    /// The text of the element that has the focus.
    pub async fn focused(&self) -> String {
        let element = self.ask("GET", "/element/active", None).await;
        let element = element[ELEMENT].as_str().expect("something has the focus").to_owned();
        self.ask("GET", &format!("/element/{element}/text"), None).await.as_str().unwrap_or_default().to_owned()
    }

    /// The page as it stands.
    pub async fn source(&self) -> String {
        self.ask("GET", "/source", None).await.as_str().unwrap_or_default().to_owned()
    }

    /// Fails when a page has complained since the last time: scripts that fail, files that are missing, and whatever the content security
    /// policy had to stop. Refused forms are part of a test and not of this.
    #[track_caller]
    pub fn content(&self) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let complaints = self.complaints().await;
            assert!(complaints.is_empty(), "{complaints:#?} ({place})");
        }
    }

    /// What pages have complained of since the last time.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", Some(&json!({ "type": "browser" }))).await;
        let log = log.as_array().unwrap_or_else(|| panic!("no log: {log}"));
        let bad = log.iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] }))).await
    }

    /// Runs a script that calls back with what it has found.
    pub async fn run_async(&self, script: &str) -> Value {
        self.ask("POST", "/execute/async", Some(&json!({ "script": script, "args": [] }))).await
    }

    /// Shows the page as on a desk or a telephone, in a theme.
    pub async fn look_like(&self, wide: bool, theme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.developer("Emulation.setEmulatedMedia", media).await;
        let (width, height) = if wide { (1280, 900) } else { (390, 844) };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": !wide });
        self.developer("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Ends [`Self::look_like`].
    pub async fn look_as_usual(&self) {
        self.developer("Emulation.clearDeviceMetricsOverride", json!({})).await;
        self.developer("Emulation.setEmulatedMedia", json!({ "features": [] })).await;
    }

    /// Photographs the page, wide and narrow, light and dark, if anybody wants to see it.
    pub async fn shots(&self, name: &str) {
        let Ok(directory) = std::env::var("MUSTER_TEST_SHOTS") else { return };
        for (size, wide) in [("wide", true), ("narrow", false)] {
            for theme in ["light", "dark"] {
                self.look_like(wide, theme).await;
                let shot = self.developer("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true })).await;
                let picture = shot["data"].as_str().expect("a picture").to_owned();
                let file = format!("{directory}/{name}-{size}-{theme}.png");
                std::fs::write(&file, STANDARD.decode(picture).expect("base64")).unwrap_or_else(|error| panic!("{file}: {error}"));
            }
        }
        self.look_as_usual().await;
    }

    async fn developer(&self, command: &str, parameters: Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", Some(&json!({ "cmd": command, "params": parameters }))).await
    }
}

/// Ends the browser, which would outlive its driver.
impl Drop for Chrome {
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let request = format!("DELETE /session/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.session, self.address);
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read(&mut [0; 256]);
    }
}

/// What a command of the protocol says; none when nobody listens.
async fn send(address: SocketAddr, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
    let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json; charset=utf-8");
    let request = request.body(Full::new(bytes)).expect("a request");
    match Connection::to(address).send(request).await {
        Answer::Response(response) => Some(response.json()["value"].clone()),
        Answer::NotSent(_) => None,
        Answer::Unknown(error) => panic!("chromedriver: {error}"),
    }
}
