//! What the gateway is told when it starts.

use muster_queue::ClientSettings;
use std::{net::SocketAddr, time::Duration};

/// Where to listen, how long to wait, and every bound. Durations are [`Duration`]s, sizes are bytes.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The address to listen on. Port 0 takes any free one; `ready` is told which.
    pub listen: SocketAddr,
    /// What clients call this service, without `/scim`: the start of every `meta.location`.
    pub public_url: String,
    /// How long a write waits for its outcome, milliseconds.
    pub wait_ms: u64,
    /// How long one batch of a worker may take, milliseconds. The same in every gateway and worker.
    pub apply_ms: u64,
    /// The bounds of a request.
    pub limits: RequestLimits,
    /// The bounds of what a body or a filter says.
    pub scim: muster_scim::Limits,
    /// The clients' quirks that are understood.
    pub compat: muster_scim::Compat,
    /// The producer's side of the queue.
    pub client: ClientSettings,
    /// This build's version, for `/version`.
    pub version: &'static str,
}

impl GatewaySettings {
    /// The settings of a gateway at this address, everything else as documented.
    #[must_use]
    pub fn new(listen: SocketAddr, public_url: impl Into<String>, version: &'static str) -> Self {
        Self {
            listen,
            public_url: public_url.into(),
            wait_ms: 10_000,
            apply_ms: 4_000,
            limits: RequestLimits::default(),
            scim: muster_scim::Limits::default(),
            compat: muster_scim::Compat::default(),
            client: ClientSettings::default(),
            version,
        }
    }
}

/// How large and how slow a request may be, and how many there may be at once.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    /// Path and query; more is 414.
    pub url_bytes: usize,
    /// All headers together; more is 431.
    pub header_bytes: usize,
    /// The body; more is 413.
    pub body_bytes: usize,
    /// Connections open at once. Further ones wait in the listen backlog.
    pub connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_read: Duration,
    /// How long a connection without a request stays open.
    pub idle: Duration,
    /// From the end of the headers to the end of the body; more is 408.
    pub body_read: Duration,
    /// How long a client may refuse to take more of an answer.
    pub write_stall: Duration,
    /// How long requests in flight may take to finish after the shutdown signal.
    pub drain: Duration,
    /// Wrong secret keys in a minute from one peer before further wrong ones get 429.
    pub wrong_keys_per_minute: u32,
    /// Steps of sign-ins with a provider in a minute from one address; more is 429. There are two in a sign-in.
    pub sign_in_steps_per_peer: u32,
    /// The same to one account, and from an address that is likely a proxy's.
    pub sign_in_steps_per_account: u32,
    /// How old the answer about a secret key may be. Bounds how long a voided key lives.
    pub key_age: Duration,
    /// Asynchronous requests of one account that may wait to be applied; more is 429.
    pub async_waiting: u32,
    /// Resources in one page at most.
    pub page_max: u64,
    /// Resources in one page when the client does not say.
    pub page_default: u64,
    /// How old a cursor may become.
    pub cursor_age: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            url_bytes: 8 * 1024,
            header_bytes: 16 * 1024,
            body_bytes: 1024 * 1024,
            connections: 1024,
            header_read: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            body_read: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            drain: Duration::from_secs(25),
            wrong_keys_per_minute: 30,
            sign_in_steps_per_peer: 600,
            sign_in_steps_per_account: 3_000,
            key_age: Duration::from_millis(500),
            async_waiting: 10_000,
            page_max: muster_scim::discovery::MAX_RESULTS,
            page_default: muster_scim::discovery::DEFAULT_RESULTS,
            cursor_age: Duration::from_secs(muster_scim::discovery::CURSOR_TIMEOUT_SECONDS),
        }
    }
}
