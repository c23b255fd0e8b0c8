//! The exporter's requests. It runs in a thread without a runtime, so the request is made in the runtime of the process.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, Uri,
    client::conn::http1,
    header::{self, HeaderValue},
};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::Handle,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// From the connection to the last byte of the answer.
const WAIT: Duration = Duration::from_secs(4);
/// An answer has nothing in it that would be needed.
const ANSWER_MAX: usize = 64 * 1024;

static TLS: LazyLock<TlsConnector> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring knows the default versions");
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
});

/// One request on one connection, with an end to everything.
#[derive(Debug)]
pub(super) struct Client {
    runtime: Handle,
    /// The last request failed: told once, not once a second.
    failing: AtomicBool,
}

impl Client {
    pub(super) const fn new(runtime: Handle) -> Self {
        Self { runtime, failing: AtomicBool::new(false) }
    }

    fn note(&self, problem: Option<String>) {
        match (self.failing.swap(problem.is_some(), Ordering::Relaxed), problem) {
            (false, Some(error)) => tracing::warn!(error, "spans cannot be exported and are lost until they can"),
            (true, None) => tracing::info!("spans are exported again"),
            _ => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The clock of the time limit is the runtime's as well.
        let exchange = self.runtime.spawn(async move { tokio::time::timeout(WAIT, exchange(request)).await });
        let answer = match exchange.await? {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", WAIT.as_secs()).into()),
        };
        self.note(match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        });
        answer
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri().clone();
    let host = uri.host().ok_or("the address names no host")?.trim_matches(['[', ']']).to_owned();
    let tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    let request = prepared(request, &uri)?;
    if tls { on(TLS.connect(ServerName::try_from(host)?, stream).await?, request).await } else { on(stream, request).await }
}

/// As it goes over the wire: the path alone, and the host beside it.
fn prepared(request: Request<Bytes>, uri: &Uri) -> Result<Request<Full<Bytes>>, HttpError> {
    let host = uri.authority().ok_or("the address names no host")?;
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(header::HOST, HeaderValue::try_from(host.as_str())?);
    parts.uri = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    Ok(Request::from_parts(parts, Full::new(body)))
}

async fn on<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let talk = async move {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let bytes = Limited::new(body, ANSWER_MAX).collect().await?.to_bytes();
        Ok(Response::from_parts(parts, bytes))
    };
    // The connection lives as long as this request does, and no task is left behind.
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        ended = connection => {
            ended?;
            talk.await
        }
    }
}
