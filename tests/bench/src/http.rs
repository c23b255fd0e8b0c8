//! HTTP/1.1 over one connection, with as little work as that takes: the client shares the machine with what it measures.
//!
//! Requests are written as bytes, one at a time; of an answer only the status and the body are read. It understands what an HTTP
//! server sends that knows the length of its body, and says so when it meets anything else.

use anyhow::{Context, Result, bail, ensure};
use std::{fmt::Write, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Where the service is.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its address.
    pub address: SocketAddr,
    /// The path of the SCIM base.
    pub base: String,
    /// The secret key.
    pub key: String,
}

impl Target {
    /// Reads `http://ADDRESS:PORT/scim`.
    ///
    /// # Errors
    /// When the URL is of another form.
    pub fn parse(url: &str, key: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("the URL starts with http:// (no TLS here)")?;
        let (host, base) = rest.split_once('/').map_or((rest, ""), |(host, base)| (host, base.trim_end_matches('/')));
        let host = host.replace("localhost", "127.0.0.1");
        let address = host.parse().with_context(|| format!("{host} is no ADDRESS:PORT"))?;
        Ok(Self { address, base: format!("/{base}"), key: key.to_owned() })
    }
}

/// A connection that is kept.
pub struct Connection {
    target: Target,
    stream: TcpStream,
    out: String,
    received: Vec<u8>,
    body: std::ops::Range<usize>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await.with_context(|| format!("connecting to {}", target.address))?;
        stream.set_nodelay(true)?;
        Ok(Self { target: target.clone(), stream, out: String::with_capacity(2048), received: Vec::with_capacity(16 * 1024), body: 0..0 })
    }

    /// One request, one answer: its status. The body is in [`Connection::body`] until the next request.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is of a form this client does not know.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<u16> {
        let Target { address, base, key } = &self.target;
        self.out.clear();
        write!(self.out, "{method} {base}{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n")?;
        if body.is_empty() {
            self.out.push_str("\r\n");
        } else {
            write!(self.out, "Content-Type: application/scim+json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        }
        self.stream.write_all(self.out.as_bytes()).await?;
        self.receive().await
    }

    /// The body of the last answer.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.received[self.body.clone()]
    }

    async fn receive(&mut self) -> Result<u16> {
        self.received.clear();
        self.body = 0..0;
        loop {
            if let Some(head_end) = find(&self.received, b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.received[..head_end])?;
                let (status, length) = read_head(head)?;
                let start = head_end + 4;
                while self.received.len() < start + length {
                    self.read_more().await?;
                }
                ensure!(self.received.len() == start + length, "the server sent more than it announced");
                self.body = start..start + length;
                return Ok(status);
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Status and length of the body.
fn read_head(head: &str) -> Result<(u16, usize)> {
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status: u16 =
        status_line.split(' ').nth(1).and_then(|status| status.parse().ok()).with_context(|| format!("no status in {status_line:?}"))?;
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
        ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "the body comes in chunks, which this client does not read");
    }
    match length {
        Some(length) => Ok((status, length)),
        None if status == 204 || status == 304 => Ok((status, 0)),
        None => bail!("no Content-Length in an answer {status}"),
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The text after `"id":"` in a body: enough to go on with what was created or found.
#[must_use]
pub fn first_id(body: &[u8]) -> Option<String> {
    all_ids(body).into_iter().next()
}

/// Every `"id":"…"` in a body.
#[must_use]
pub fn all_ids(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    text.split("\"id\":\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_from_its_url() {
        let target = Target::parse("http://localhost:8080/scim/", "k").expect("a target");
        assert_eq!((target.address.port(), target.base.as_str()), (8080, "/scim"));
        assert!(Target::parse("https://x/scim", "k").is_err());
        assert!(Target::parse("http://nowhere/scim", "k").is_err());
    }

    #[test]
    fn heads_are_read_and_what_is_not_understood_is_refused() {
        assert_eq!(read_head("HTTP/1.1 201 Created\r\nContent-Length: 12").expect("a head"), (201, 12));
        assert_eq!(read_head("HTTP/1.1 204 No Content\r\nETag: x").expect("a head"), (204, 0));
        assert!(read_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked").is_err());
        assert!(read_head("HTTP/1.1 200 OK").is_err());
        assert!(read_head("nonsense").is_err());
    }

    #[test]
    fn ids_are_found_and_external_ids_are_not() {
        let body = br#"{"externalId":"x","id":"one","members":[],"Resources":[{"id":"two"}]}"#;
        assert_eq!(all_ids(body), ["one", "two"]);
        assert_eq!(first_id(b"{}"), None);
    }

    #[tokio::test]
    async fn an_answer_in_pieces_is_put_together() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = vec![0; 1024];
            for _ in 0..2 {
                let count = stream.read(&mut request).await.expect("a request");
                assert!(request[..count].starts_with(b"POST /scim/Users HTTP/1.1\r\n"));
                for piece in ["HTTP/1.1 201 Cre", "ated\r\ncontent-length: 4\r\n\r", "\nab", "cd"] {
                    stream.write_all(piece.as_bytes()).await.expect("sent");
                    stream.flush().await.expect("sent");
                }
            }
        });
        let target = Target::parse(&format!("http://{address}/scim"), "k").expect("a target");
        let mut connection = Connection::open(&target).await.expect("connected");
        for _ in 0..2 {
            assert_eq!(connection.send("POST", "/Users", "{}").await.expect("answered"), 201);
            assert_eq!(connection.body(), b"abcd");
        }
        server.await.expect("the server ends");
    }
}
