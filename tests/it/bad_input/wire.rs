//! Requests that are wrong as HTTP, or that two readers could understand differently (B-19, B-20, B-23, B-24).

use crate::harness::{Account, Deployment, raw::raw};
use serde_json::Value;
use std::net::SocketAddr;

/// 30,000 spaces and a new user, compressed with gzip: one byte for 300. A bomb is made the same way.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x0d, 0x80, 0x30, 0x10, 0x00, 0x40, 0x2b, 0xcd, 0x0b,
    0x40, 0x00, 0x13, 0x0a, 0xf0, 0xd0, 0x86, 0x1f, 0x1b, 0x12, 0x5a, 0x26, 0x82, 0x77, 0x4c, 0x30, 0xde, 0x5d, 0x29, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xff, 0x78, 0xe2, 0x1e, 0x79, 0xed, 0xb5, 0x67, 0xac, 0xd1, 0xce, 0xde, 0xb6, 0x56, 0x8f, 0x65, 0xe6, 0x98,
    0xf1, 0x7e, 0x45, 0xb4, 0xa7, 0x96, 0x4c, 0x75, 0x00, 0x00,
];

/// Writes requests by hand, with the key of an account.
struct Wire {
    address: SocketAddr,
    head: String,
}

impl Wire {
    fn new(account: &Account, address: SocketAddr) -> Self {
        Self { address, head: format!("Host: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/scim+json\r\n", account.key) }
    }

    fn post(&self, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
        [format!("POST /scim/Users HTTP/1.1\r\n{}{headers}\r\n", self.head).as_bytes(), body.as_ref()].concat()
    }

    fn get(&self, line: &str, headers: &str) -> Vec<u8> {
        format!("{line}\r\n{}{headers}\r\n", self.head).into_bytes()
    }

    /// A whole request that would make a user, to hide behind another.
    fn smuggled(&self) -> String {
        let body = "{\"userName\":\"smuggled@bad.test\"}";
        format!("POST /scim/Users HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}", self.head, body.len())
    }
}

async fn ground() -> (Deployment, Account, Wire) {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let wire = Wire::new(&account, deployment.gateways[0].address);
    (deployment, account, wire)
}

/// Every one ends with 4xx (or 501) or a closed connection, what follows it on the wire is not read as a request, and no user is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_hides_behind_a_request_that_is_framed_wrongly() {
    let (mut deployment, account, wire) = ground().await;
    let smuggled = wire.smuggled();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let behind = |headers: &str, body: &str| wire.post(headers, format!("{body}{smuggled}"));
    let requests = [
        ("length, then chunks", behind(&format!("Content-Length: 6\r\n{chunked}"), "0\r\n\r\n")),
        ("chunks, then length", behind(&format!("{chunked}Content-Length: 4\r\n"), "0\r\n\r\n")),
        ("an unknown coding", behind("Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n", "5c\r\n")),
        ("identity", behind("Transfer-Encoding: identity\r\n", "")),
        ("chunked is not the last", behind("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")),
        ("two codings", behind(&format!("{chunked}Transfer-Encoding: x\r\n"), "0\r\n\r\n")),
        ("a space before the colon", behind("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")),
        ("a folded line", behind("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")),
        ("a tab in the name", behind("Transfer\tEncoding: chunked\r\n", "0\r\n\r\n")),
        ("two lengths", behind("Content-Length: 2\r\nContent-Length: 3\r\n", "{} ")),
        ("a list of lengths", behind("Content-Length: 2, 3\r\n", "{} ")),
        ("a signed length", behind("Content-Length: +2\r\n", "{}")),
        ("a negative length", behind("Content-Length: -1\r\n", "")),
        ("a length in hexadecimal", behind("Content-Length: 0x2\r\n", "{}")),
        ("a length beyond every number", behind("Content-Length: 99999999999999999999999\r\n", "{}")),
        ("a chunk beyond every number", behind(chunked, "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")),
        ("a negative chunk", behind(chunked, "-2\r\n{}\r\n0\r\n\r\n")),
        ("a chunk of no number", behind(chunked, "zz\r\n{}\r\n0\r\n\r\n")),
        ("a chunk longer than it says", behind(chunked, "2\r\n{\"userName\":\"long@bad.test\"}\r\n0\r\n\r\n")),
        ("a space in a chunk's size", behind(chunked, "2 2\r\n{}\r\n0\r\n\r\n")),
        ("two hosts", behind("Host: elsewhere.test\r\nContent-Length: 2\r\nConnection: close\r\n", "{}")),
        ("NUL in a header", behind("X: a\0b\r\nContent-Length: 2\r\n", "{}")),
        (
            "HTTP/1.0 with chunks",
            String::from_utf8(behind(chunked, "0\r\n\r\n")).expect("text").replacen("HTTP/1.1", "HTTP/1.0", 1).into_bytes(),
        ),
    ];
    for (what, request) in &requests {
        let (status, text) = raw(wire.address, request).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {text}");
        assert!(!text.contains("201 Created"), "{what}: {text}");
    }
    let client = account.client(wire.address);
    assert_eq!(client.all("/Users").await.len(), 1, "nobody was made");
    deployment.healthy(&client).await;
}

/// RFC 9112 §6.3 lets a server go by the chunks alone, if the connection ends after that answer: whatever the proxy in front took
/// for the next request is not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_length_and_chunks_the_connection_ends() {
    let (_deployment, account, wire) = ground().await;
    let body = "{\"userName\":\"both@bad.test\"}";
    let framed = format!("{:x}\r\n{body}\r\n0\r\n\r\n{}", body.len(), wire.smuggled());
    let (status, text) = raw(wire.address, &wire.post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", framed)).await;
    assert!(matches!(status, Some(201 | 400)), "{text}");
    assert!(text.to_ascii_lowercase().contains("connection: close"), "{text}");
    let users = account.client(wire.address).all("/Users").await;
    assert!(users.iter().all(|user| user["userName"] != "smuggled@bad.test"), "{users:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_bodies_are_refused_unread() {
    let (mut deployment, account, wire) = ground().await;
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "x-gzip"] {
        let headers = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", GZIP.len());
        let (status, text) = raw(wire.address, &wire.post(&headers, GZIP)).await;
        assert_eq!(status, Some(415), "{coding}: {text}");
        assert!(text.contains("Content-Encoding"), "{text}");
    }
    let unsaid = format!("Content-Length: {}\r\n", GZIP.len());
    let (status, text) = raw(wire.address, &wire.post(&unsaid, GZIP)).await;
    assert_eq!((status, text.contains("invalidSyntax")), (Some(400), true), "{text}");
    let chunks = [format!("{:x}\r\n", GZIP.len()).as_bytes(), GZIP, b"\r\n0\r\n\r\n"].concat();
    let (status, text) = raw(wire.address, &wire.post("Transfer-Encoding: gzip, chunked\r\n", chunks)).await;
    assert!(matches!(status, Some(400 | 415 | 501)), "{text}");
    deployment.healthy(&account.client(wire.address)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_are_not_there_are_refused_with_those_that_are() {
    let (mut deployment, account, wire) = ground().await;
    for (method, path, allowed) in [
        ("TRACE", "/scim/Users", "POST"),
        ("TRACE", "/livez", "GET"),
        ("CONNECT", "/scim/Users", "POST"),
        ("PUT", "/scim/Users", "POST"),
        ("PATCH", "/scim/Groups", "POST"),
        ("DELETE", "/scim/Groups", "POST"),
        ("POST", "/scim/ServiceProviderConfig", "GET"),
        ("BREW", "/scim/Users", "POST"),
        ("get", "/scim/Users", "POST"),
        ("PROPFIND", "/scim/Users/1", "PATCH"),
    ] {
        let request = wire.get(&format!("{method} {path} HTTP/1.1"), "Content-Length: 0\r\nConnection: close\r\nX-Secret: echoed\r\n");
        let (status, text) = raw(wire.address, &request).await;
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
        let allow = head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap_or_default();
        assert_eq!(status, Some(405), "{method} {path}: {text}");
        assert!(allow.contains(&allowed.to_ascii_lowercase()), "{method} {path}: {text}");
        assert!(!text.contains("echoed"), "{method} {path} gives back what was sent: {text}");
    }
    let (status, text) = raw(wire.address, &wire.get("CONNECT elsewhere.test:443 HTTP/1.1", "")).await;
    assert!(matches!(status, Some(400 | 404 | 405)), "this is no proxy: {text}");
    deployment.healthy(&account.client(wire.address)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_are_no_http_or_too_much_of_it_are_refused() {
    let (mut deployment, account, wire) = ground().await;
    let good = "GET /scim/Users?count=0 HTTP/1.1";
    let many: String = (0..500).map(|number| format!("X-{number}: y\r\n")).collect();
    let requests = [
        ("a header of 17 KiB", wire.get(good, &format!("X: {}\r\n", "y".repeat(17 * 1024))), Some(431)),
        ("a header of 60 KiB", wire.get(good, &format!("X: {}\r\n", "y".repeat(60 * 1024))), Some(431)),
        ("a header of 1 MiB", wire.get(good, &format!("X: {}\r\n", "y".repeat(1024 * 1024))), Some(431)),
        ("500 headers", wire.get(good, &many), Some(431)),
        ("a header name of 17 KiB", wire.get(good, &format!("{}: y\r\n", "n".repeat(17 * 1024))), None),
        ("an address of 9 KiB", wire.get(&format!("GET /scim/Users?x={} HTTP/1.1", "y".repeat(9 * 1024)), ""), Some(414)),
        ("an address of 1 MiB", wire.get(&format!("GET /scim/Users?x={} HTTP/1.1", "y".repeat(1024 * 1024)), ""), None),
        (
            "a key of 100 KiB",
            format!("{good}\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", "m".repeat(100 * 1024)).into_bytes(),
            Some(431),
        ),
        ("a control character in the address", wire.get("GET /scim/Us\u{1}ers HTTP/1.1", ""), Some(400)),
        ("HTTP/0.9", b"GET /scim/Users\r\n\r\n".to_vec(), Some(400)),
        ("HTTP/3.0", wire.get("GET /scim/Users HTTP/3.0", ""), Some(400)),
        ("TLS", [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], &[0; 200]].concat(), None),
        ("an HTTP/2 preface and rubbish", [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0xff; 100]].concat(), None),
        ("rubbish", (0..=255).cycle().take(4096).collect(), None),
        ("line ends only", b"\r\n".repeat(50), None),
    ];
    for (what, request, expected) in &requests {
        let (status, text) = raw(wire.address, request).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{what}: {text}");
        if expected.is_some() {
            assert_eq!(status, *expected, "{what}: {text}");
        }
        assert!(!text.contains("Resources"), "{what}: {text}");
        if let Some((_, body)) = text.split_once("\r\n\r\n").filter(|(head, body)| head.contains("scim+json") && !body.is_empty()) {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            assert!(body["detail"].is_string(), "{what}: {text}");
        }
    }
    deployment.healthy(&account.client(wire.address)).await;
}
