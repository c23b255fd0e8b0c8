//! Speaking to a provider: one request on one connection, with an end to everything.

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, Uri, header, uri::Scheme},
};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use muster_domain::sso::check_address;
use std::{sync::Arc, sync::LazyLock, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// From the connection to the last byte.
const WAIT: Duration = Duration::from_secs(8);
/// A larger answer is none: metadata and keys of providers are a few thousand bytes.
const ANSWER_MAX: usize = 256 * 1024;

/// A provider that could not be spoken to.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("`{0}` is no address to speak to: {1}")]
    Address(String, &'static str),
    #[error("no connection: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer breaks off, or is larger than {ANSWER_MAX} bytes")]
    Answer,
    #[error("it took longer than {} s", WAIT.as_secs())]
    Time,
    #[error("it sends us somewhere else, and nobody follows")]
    Redirect,
}

static TLS: LazyLock<TlsConnector> = LazyLock::new(|| {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring knows the default versions");
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
});

/// Sends a request. What comes back is the provider's answer, whatever it says, but for a redirect.
pub(super) async fn send(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
    tokio::time::timeout(WAIT, exchange(request)).await.unwrap_or(Err(HttpError::Time))
}

async fn exchange(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
    let uri = request.uri().clone();
    let wrong = |advice| HttpError::Address(uri.to_string(), advice);
    // Addresses come from the provider's own metadata: they get no further than those an operator may give.
    check_address(&uri.to_string()).map_err(wrong)?;
    let host = uri.host().ok_or_else(|| wrong("it names no host"))?.trim_matches(['[', ']']).to_owned();
    let tls = uri.scheme() == Some(&Scheme::HTTPS);
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    stream.set_nodelay(true)?;
    let request = prepared(request, &uri)?;
    if tls {
        let name = ServerName::try_from(host).map_err(|_| wrong("its host has no name a certificate could have"))?;
        on(TLS.connect(name, stream).await?, request).await
    } else {
        on(stream, request).await
    }
}

fn prepared(request: Request<Vec<u8>>, uri: &Uri) -> Result<Request<Body>, HttpError> {
    let wrong = || HttpError::Address(uri.to_string(), "it cannot stand in a request");
    let host = uri.authority().and_then(|authority| HeaderValue::try_from(authority.as_str()).ok()).ok_or_else(wrong)?;
    let (mut parts, body) = request.into_parts();
    parts.uri = uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|_| wrong())?;
    parts.headers.insert(header::HOST, host);
    Ok(Request::from_parts(parts, Body::from(body)))
}

async fn on<S>(stream: S, request: Request<Body>) -> Result<Response<Vec<u8>>, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let talk = async move {
        let (parts, mut body) = sender.send_request(request).await?.into_parts();
        if parts.status.is_redirection() {
            return Err(HttpError::Redirect);
        }
        let bytes: Bytes = crate::body::read(&mut body, ANSWER_MAX, WAIT).await.map_err(|_| HttpError::Answer)?;
        Ok(Response::from_parts(parts, bytes.to_vec()))
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
