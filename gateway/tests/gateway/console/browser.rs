//! A browser, as far as the console needs one: cookies, forms, and where it was sent.

use crate::support::{Answer, Gateway, insert_user, named};
use muster_domain::{LinkToken, Role, UserId};
use muster_store::{console::links, now_ms};
use std::collections::BTreeMap;

pub const PASSWORD: &str = "correct horse battery staple";

/// What a browser says of a form it sends from a page of the same site.
const SAME_SITE: &[&str] = &["Sec-Fetch-Site: same-origin", "Origin: https://muster.example"];

pub struct Browser<'g> {
    gateway: &'g Gateway,
    pub cookies: BTreeMap<String, String>,
    /// The token of the forms of the page seen last.
    pub csrf: String,
}

impl<'g> Browser<'g> {
    pub fn new(gateway: &'g Gateway) -> Self {
        Self { gateway, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// Signed in as a new user of this role.
    pub async fn of(gateway: &'g Gateway, role: Role) -> Self {
        let user_id = format!("the-{role}");
        let user = UserId::new();
        insert_user(&gateway.store, gateway.account, user.0, role, named(&user_id)).await;
        give_password(gateway, user).await;
        let mut browser = Self::new(gateway);
        browser.sign_in(&user_id, PASSWORD).await.goes_to("/");
        browser
    }

    /// Signed in as the account's administrator, for whom the key of the gateway was made.
    pub async fn administrator(gateway: &'g Gateway) -> Self {
        give_password(gateway, gateway.administrator).await;
        let mut browser = Self::new(gateway);
        browser.sign_in("admin", PASSWORD).await.goes_to("/");
        browser.get("/profile").await;
        browser
    }

    pub async fn sign_in(&mut self, user_id: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("user_id", user_id), ("password", password)]).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.send("GET", path, &["Accept: text/html"], "").await;
        if let Some(token) = answer.text().split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            token.clone_into(&mut self.csrf);
        }
        answer
    }

    /// Sends a form as the page seen last has it.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf.clone();
        self.post_with(path, &[fields, &[("csrf", token.as_str())]].concat(), SAME_SITE).await
    }

    /// Sends exactly this form, with these headers.
    pub async fn post_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[&str]) -> Answer {
        let body = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
        let headers = [&["Accept: text/html", "Content-Type: application/x-www-form-urlencoded"], headers].concat();
        self.send("POST", path, &headers, &body).await
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: muster.example\r\nUser-Agent: Testbrowser\r\nCookie: {}\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        );
        let answer = self.gateway.raw(request.as_bytes()).await;
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Goes where the answer sends it.
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let to = answer.header("location").unwrap().split('#').next().unwrap().to_owned();
        self.get(&to).await
    }
}

/// The user chooses [`PASSWORD`], with a one-time link.
pub async fn give_password(gateway: &Gateway, user: UserId) {
    let link = LinkToken::generate();
    links::create(&gateway.store, gateway.account, Some(user), &link.hash(), now_ms()).await.unwrap();
    let path = format!("/welcome/{}", link.reveal());
    let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    Browser::new(gateway).post(&path, &fields).await.goes_to("/");
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn goes_to(&self, place: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, Some(place)), "{}", self.text());
        self
    }

    #[track_caller]
    pub fn is_page(&self, status: u16, words: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(self.text().contains(words), "{words} is missing in {}", self.text());
        self
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
