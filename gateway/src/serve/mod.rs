//! Listening, and stopping without hurting anyone.
//!
//! On cancellation the listener closes first, so that a load balancer sends new connections elsewhere. Connections without a
//! request are closed, those with one finish it and are closed then. What is not done when `limits.drain` is over is cut off.

mod activity;
mod connection;
mod timed_stream;

use crate::{app::App, failures, settings::GatewaySettings};
use connection::Connections;
use muster_queue::Queue;
use muster_store::Store;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Why a gateway cannot run.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Runs a gateway until `shutdown` is cancelled and its requests are done. Calls `ready` with the address once connections are
/// accepted.
///
/// # Errors
/// [`GatewayError::Listen`] when the address cannot be listened on.
pub async fn run(
    settings: GatewaySettings,
    store: Store,
    queue: Queue,
    shutdown: CancellationToken,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), GatewayError> {
    let address = settings.listen;
    let failed = |source| GatewayError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    let (drain, room) = (settings.limits.drain, Arc::new(Semaphore::new(settings.limits.connections)));
    let app = Arc::new(App::new(settings, store, queue, shutdown.clone()));
    let connections = Connections::new(Arc::clone(&app), shutdown.clone());
    tracing::info!(address = %local, "listening");
    ready(local);
    // It ends after the connections, so that what the last of them added is written, too.
    let drained = CancellationToken::new();
    let serve = async {
        accept(listener, &room, &connections, &shutdown).await;
        app.health.drain();
        drain_connections(&connections, drain).await;
        drained.cancel();
    };
    tokio::join!(serve, failures::run(&app, drained.clone()));
    tracing::info!("stopped");
    Ok(())
}

/// Accepts until told to stop. Dropping the listener at the end closes it.
async fn accept(listener: TcpListener, room: &Arc<Semaphore>, connections: &Connections, shutdown: &CancellationToken) {
    let accepting = async {
        loop {
            let permit = Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed");
            let (stream, peer) = next(&listener).await;
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection went away before it began");
                continue;
            }
            connections.serve(stream, peer.ip(), permit);
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown.cancelled() => {}
    }
}

/// The next connection. Errors here are about the connection that failed, or about file descriptors that ran out, which passes
/// when others close; neither is a reason to stop.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn drain_connections(connections: &Connections, drain: Duration) {
    let tasks: &TaskTracker = connections.tasks();
    tasks.close();
    tracing::info!(connections = tasks.len(), "no longer listening; finishing what is in flight");
    if tokio::time::timeout(drain, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "cutting off what is still in flight");
        connections.cut_off();
        tasks.wait().await;
    }
}
