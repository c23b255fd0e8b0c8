//! A browser, as far as signing in needs one: it follows redirects, keeps cookies where they belong, and fills in the provider's forms.

use crate::harness::{Answer, Connection, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, header};
use std::net::SocketAddr;
use url::Url;

/// More steps are a circle.
const STEPS: usize = 25;

struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
}

/// Where a sign-in ended.
#[derive(Debug)]
pub enum End {
    /// At the platform, with this address.
    Platform(Url),
    /// On a page of ours.
    Page(Response),
}

pub struct Browser {
    /// The address of the platform: nobody listens there, so the browser stops when it is sent there.
    platform: String,
    cookies: Vec<Cookie>,
}

impl Browser {
    pub fn new(platform: &str) -> Self {
        Self { platform: platform.to_owned(), cookies: Vec::new() }
    }

    /// Begins at this address, and is `name` for whoever asks.
    pub async fn sign_in(&mut self, address: &str, name: &str) -> End {
        let (mut address, mut form) = (Url::parse(address).unwrap(), None);
        for _ in 0..STEPS {
            if address.as_str().starts_with(&self.platform) {
                return End::Platform(address);
            }
            let response = self.send(&address, form.take()).await;
            if matches!(response.status, 302 | 303) {
                address = address.join(response.header("location")).unwrap();
                continue;
            }
            let body = String::from_utf8_lossy(&response.body);
            if response.status != 200 || !address.path().starts_with("/interaction/") {
                return End::Page(response);
            }
            let login = body.contains("name=\"login\"");
            form = Some(if login { format!("prompt=login&login={name}&password=x") } else { "prompt=consent".to_owned() });
        }
        panic!("it goes in a circle: {address}");
    }

    async fn send(&mut self, address: &Url, form: Option<String>) -> Response {
        let host = format!("{}:{}", address.host_str().unwrap(), address.port().unwrap());
        let socket: SocketAddr = host.parse().unwrap();
        let sent = self.cookies.iter().filter(|cookie| cookie.host == host && address.path().starts_with(&cookie.path));
        let cookies = sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ");
        let path = address[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, cookies);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Full::new(Bytes::from(form.unwrap_or_default()))).unwrap();
        let Answer::Response(response) = Connection::to(socket).send(request).await else { panic!("no answer from {address}") };
        for set in response.headers.get_all(header::SET_COOKIE) {
            self.keep(&host, set.to_str().unwrap());
        }
        response
    }

    fn keep(&mut self, host: &str, set: &str) {
        let mut parts = set.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path =
            parts.find_map(|part| part.to_ascii_lowercase().starts_with("path=").then(|| part[5..].to_owned())).unwrap_or("/".to_owned());
        self.cookies.retain(|cookie| (cookie.host.as_str(), cookie.path.as_str(), cookie.name.as_str()) != (host, path.as_str(), name));
        // Every cookie that is taken back here is emptied as well.
        if !value.is_empty() {
            self.cookies.push(Cookie { host: host.to_owned(), path, name: name.to_owned(), value: value.to_owned() });
        }
    }
}
