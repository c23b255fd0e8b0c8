//! The admin listener: `/metrics`, away from the address the world can reach. A worker has one too, and no other.

use axum::{Router, http::header, routing::get};
use std::io;
use tokio::net::TcpListener;

/// Answers `GET /metrics` with what `render` says at that moment, in Prometheus' text format, until the process ends.
///
/// # Errors
/// When the listener fails.
pub async fn serve_metrics<R, F>(listener: TcpListener, render: R) -> io::Result<()>
where
    R: Fn() -> F + Clone + Send + Sync + 'static,
    F: Future<Output = String> + Send,
{
    let answer = || async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render().await) };
    axum::serve(listener, Router::new().route("/metrics", get(answer))).await
}
