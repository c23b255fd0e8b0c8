//! One HTTP/1.1 connection that never retries, so that every request has one of three ends: an answer, certainly not sent, or
//! unknown.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Longer than a gateway waits for an outcome.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// The server answered.
    Response(Response),
    /// There was no connection: the server has seen nothing of it.
    NotSent(String),
    /// It went out and no whole answer came back: the server may have done it.
    Unknown(String),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it came.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The same answer, of this status.
    #[track_caller]
    pub fn expect_status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

/// A connection, opened when first needed and again after it broke.
pub struct Connection {
    address: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// To this address.
    #[must_use]
    pub fn to(address: SocketAddr) -> Self {
        Self { address, sender: None }
    }

    /// Sends a request once. Nothing is added to its headers but `Host` and the length.
    pub async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Answer {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(open) => open,
            None => match open(self.address).await {
                Ok(new) => new,
                Err(error) => return Answer::NotSent(error),
            },
        };
        if !request.headers().contains_key("host") {
            let host = self.address.to_string().parse().expect("an address is a header value");
            request.headers_mut().insert("host", host);
        }
        if let Err(error) = sender.ready().await {
            return Answer::NotSent(error.to_string());
        }
        let exchange = async {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Response { status: head.status.as_u16(), headers: head.headers, body })
        };
        match timeout(ANSWER_TIMEOUT, exchange).await {
            Ok(Ok(response)) => {
                self.sender = Some(sender);
                Answer::Response(response)
            }
            Ok(Err(error)) => Answer::Unknown(error.to_string()),
            Err(_) => Answer::Unknown(format!("no answer in {ANSWER_TIMEOUT:?}")),
        }
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        // Its end shows in the request that was on it.
        let _ = connection.await;
    });
    Ok(sender)
}
