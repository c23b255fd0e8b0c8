//! The pages about users, groups, provisioning, notifications and the system, as a browser without scripts sees them.

mod groups;
mod log;
mod people;
mod roles;
mod sample;
mod system;

use crate::support::Gateway;
use muster_domain::{AccountId, Role, SessionToken, UserId};
use muster_scim::Resource;
use muster_store::{
    UserRow,
    console::sessions::{self, NewSession},
    now_ms,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

/// Somebody who is signed in.
pub struct Browser<'g> {
    gateway: &'g Gateway,
    cookie: String,
    pub user_id: String,
}

/// A page, or what came instead of one.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub location: Option<String>,
    pub kind: String,
    pub text: String,
}

pub fn object(json: Value) -> Resource {
    match json {
        Value::Object(resource) => resource,
        other => panic!("not an object: {other}"),
    }
}

pub fn user_row(account: AccountId, user_id: &str, role: Role) -> UserRow {
    let resource = object(json!({ "userName": user_id, "active": true }));
    UserRow { account, id: Uuid::now_v7(), role, resource, version: 1, created_ms: 1_000, modified_ms: 2_000 }
}

/// Somebody of this account and role, signed in.
pub async fn signed_in<'g>(gateway: &'g Gateway, account: AccountId, role: Role) -> Browser<'g> {
    let user_id = format!("the-{role}");
    let row = user_row(account, &user_id, role);
    let tx = gateway.store.begin().await.unwrap();
    tx.insert_users(&mut [&row]).await.unwrap();
    tx.commit().await.unwrap();
    let token = SessionToken::generate();
    let new = NewSession { user: UserId(row.id), hash: token.hash(), peer: "127.0.0.1", agent: "test", now_ms: now_ms() };
    sessions::begin(&gateway.store, account, &new).await.unwrap();
    Browser { gateway, cookie: format!("__Host-muster-session={}", token.reveal()), user_id }
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Seen {
        self.send(&self.text(path)).await
    }

    /// The request for a page.
    pub fn text(&self, path: &str) -> String {
        let cookie = &self.cookie;
        format!("GET {path} HTTP/1.1\r\nHost: muster.example\r\nAccept: text/html\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
    }

    /// A page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let seen = self.get(path).await;
        assert_eq!(seen.status, 200, "{path}: {}", seen.text);
        assert!(seen.kind.starts_with("text/html"), "{path}: {}", seen.kind);
        assert!(!seen.text.contains("<script>") && !seen.text.contains(" style="), "{path}: something inline");
        seen.text
    }

    /// Sends a form as a page of ours would, with the token of the page it is on.
    pub async fn submit(&self, on: &str, to: &str, fields: &str) -> Seen {
        let page = self.get(on).await.text;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
        assert!(!csrf.is_empty(), "{on} has no form: {page}");
        self.post(to, &format!("csrf={csrf}&{fields}")).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Seen {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: muster.example\r\nAccept: text/html\r\nOrigin: https://muster.example\r\nCookie: {}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        ))
        .await
    }

    async fn send(&self, request: &str) -> Seen {
        let mut stream = TcpStream::connect(self.gateway.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let header = |name: &str| {
            let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
            lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let body = if header("transfer-encoding").is_some() { unchunked(&bytes[end + 4..]) } else { bytes[end + 4..].to_vec() };
        Seen {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            location: header("location"),
            kind: header("content-type").unwrap_or_default(),
            text: String::from_utf8(body).unwrap(),
        }
    }
}

/// Takes the chunks of a body together; a transfer that broke off is a failure.
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("the size of a chunk");
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
}

/// Every address of a page that begins like this, in order.
pub fn links<'p>(page: &'p str, start: &str) -> Vec<&'p str> {
    let hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs.filter(|href| href.starts_with(start)).collect()
}

/// The way on (`next`) or back (`prev`), as a browser reads it.
pub fn way(page: &str, rel: &str) -> Option<String> {
    let tag = page.split("<a ").skip(1).find(|tag| tag.split('>').next().is_some_and(|tag| tag.contains(&format!("rel=\"{rel}\""))))?;
    let href = tag.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

/// The rows of every page from this one to the last, each by its address.
pub async fn walk(browser: &Browser<'_>, path: &str, row: &str) -> Vec<String> {
    let rows = |page: &str| links(page, row).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (mut forth, mut page) = (Vec::new(), browser.page(path).await);
    loop {
        forth.extend(rows(&page));
        let Some(next) = way(&page, "next") else { return forth };
        page = browser.page(&next).await;
    }
}
