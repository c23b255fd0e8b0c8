//! One connection: HTTP/1.1, or HTTP/2 where the client begins with its preface ("h2c", prior knowledge).

use super::{
    activity::Activity,
    timed_stream::{Bounds, TimedStream},
};
use crate::{
    app::App,
    front::{self, HangUp},
};
use axum::{body::Body, http::Request, response::Response};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::{io, net::IpAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How every HTTP/2 connection begins; no HTTP/1 request does.
const PREFACE: &[u8] = b"PRI * HTTP/2";
/// Beyond our own bounds, so that it is we who say what is too large, and hyper only when it is far too large.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Requests one HTTP/2 connection has in flight at most.
const STREAMS_MAX: u32 = 256;

/// All connections of a gateway.
pub(super) struct Connections {
    app: Arc<App>,
    drain: CancellationToken,
    cut_off: CancellationToken,
    tasks: TaskTracker,
}

impl Connections {
    pub(super) fn new(app: Arc<App>, drain: CancellationToken) -> Self {
        Self { app, drain, cut_off: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Ends every connection where it stands.
    pub(super) fn cut_off(&self) {
        self.cut_off.cancel();
    }

    /// Serves a connection in a task of its own, which holds `permit` until it ends.
    pub(super) fn serve(&self, stream: TcpStream, peer: IpAddr, permit: OwnedSemaphorePermit) {
        let (app, drain, cut_off) = (Arc::clone(&self.app), self.drain.clone(), self.cut_off.clone());
        self.tasks.spawn(async move {
            let serving = connection(app, stream, peer, drain);
            tokio::select! {
                () = serving => {}
                () = cut_off.cancelled() => {}
            }
            drop(permit);
        });
    }
}

async fn connection(app: Arc<App>, stream: TcpStream, peer: IpAddr, drain: CancellationToken) {
    let limits = &app.settings.limits;
    let http2 = tokio::select! {
        http2 = tokio::time::timeout(limits.header_read, speaks_http2(&stream)) => http2,
        () = drain.cancelled() => return,
    };
    let Ok(Ok(http2)) = http2 else { return };
    let bounds = Bounds { head: if http2 { limits.idle } else { limits.header_read }, idle: limits.idle, write_stall: limits.write_stall };
    let activity = Arc::new(Activity::new());
    let io = TokioIo::new(TimedStream::new(stream, bounds, Arc::clone(&activity)));
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, working) = (Arc::clone(&app), Activity::begin(&activity));
        async move {
            let response = front::answer(app, peer, request).await;
            drop(working);
            response
        }
    });
    let served = if http2 { serve_http2(io, service, drain).await } else { serve_http1(io, service, drain).await };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Looks at the first bytes without taking them.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut seen = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n if seen[..n] != PREFACE[..n] => return Ok(false),
            n if n == PREFACE.len() => return Ok(true),
            // The start of a preface in a packet of its own: `peek` answers at once as long as there is anything.
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_http1<S>(io: TokioIo<TimedStream>, service: S, drain: CancellationToken) -> hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = HangUp>,
{
    let mut builder = http1::Builder::new();
    // `TimedStream` keeps the times: hyper's own timer would count the idle time between two requests as header time.
    builder.header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = pin!(builder.serve_connection(io, service));
    tokio::select! {
        biased;
        served = connection.as_mut() => return served,
        () = drain.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

async fn serve_http2<S>(io: TokioIo<TimedStream>, service: S, drain: CancellationToken) -> hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = HangUp, Future: Send + 'static>,
{
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX).max_header_list_size(HEAD_BYTES_MAX as u32);
    builder.keep_alive_interval(Duration::from_secs(20)).keep_alive_timeout(Duration::from_secs(10));
    let mut connection = pin!(builder.serve_connection(io, service));
    tokio::select! {
        biased;
        served = connection.as_mut() => return served,
        () = drain.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
