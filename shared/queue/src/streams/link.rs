//! A connection that is there again when it is needed again.
//!
//! redis-rs has a connection manager; this one differs in what it tells about a failure. Whether a command was certainly not
//! sent, was refused by the server, or may have been executed decides what a client may be told ("nothing happened, try again"
//! against "look it up"), so the three are kept apart here.

use crate::{QueueError, QueueSettings};
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, ServerErrorKind,
    aio::MultiplexedConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What a server says that will be able to do it in a moment.
const PASSING: &[&str] = &["LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "BUSY"];

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// There was no connection: certainly not sent.
    #[error("{0}")]
    NotSent(RedisError),
    /// The server answered with an error.
    #[error("{0}")]
    Refused(RedisError),
    /// The connection broke, or the answer did not come in time: it may have been executed.
    #[error("{0}")]
    Unknown(RedisError),
}

impl LinkError {
    /// Whether the server says that the consumer group, or the whole stream, is not there (any more).
    pub(crate) fn is_no_group(&self) -> bool {
        matches!(self, Self::Refused(error) if error.code() == Some("NOGROUP"))
    }

    /// Whether trying again cannot help.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused(error) if !error.code().is_some_and(|code| PASSING.contains(&code)))
    }
}

impl From<LinkError> for QueueError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Refused(error) => Self::Refused(error.to_string()),
            LinkError::NotSent(error) | LinkError::Unknown(error) => Self::Unavailable(error.to_string()),
        }
    }
}

/// How to connect; made once from the settings.
#[derive(Clone)]
pub(crate) struct Address {
    client: Client,
    connect_timeout: Duration,
}

impl Address {
    /// Reads the URL. Connects to nothing.
    pub(crate) fn parse(settings: &QueueSettings) -> Result<Self, QueueError> {
        let wrong = |error: RedisError| QueueError::Settings(format!("the queue's URL: {error}"));
        let info = settings.url.as_str().into_connection_info().map_err(wrong)?;
        // A peer that vanished without a word (a power cut, a firewall that forgot us) is noticed within half a minute.
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true).set_keepalive(keepalive));
        Ok(Self { client: Client::open(info).map_err(wrong)?, connect_timeout: settings.connect_timeout })
    }

    /// A link of its own; it connects when it is first used. The default answer timeout of redis-rs (500 ms) would make an
    /// error of every short stall and of every blocking read.
    pub(crate) fn link(&self, answer_within: Duration) -> Link {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(self.connect_timeout)).set_response_timeout(Some(answer_within));
        Link { address: self.clone(), config, open: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }
}

/// Something that changes nothing, however often it is done.
#[derive(Clone, Copy)]
pub(crate) enum Look<'a> {
    Command(&'a redis::Cmd),
    Script(&'a redis::ScriptInvocation<'a>),
}

/// One reconnecting connection; commands of many callers share it.
pub(crate) struct Link {
    address: Address,
    config: AsyncConnectionConfig,
    open: Mutex<Open>,
    connecting: tokio::sync::Mutex<Option<(Instant, RedisError)>>,
}

#[derive(Default)]
struct Open {
    generation: u64,
    connection: Option<MultiplexedConnection>,
}

impl Link {
    /// Runs commands that go out together.
    pub(crate) async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, LinkError> {
        let (generation, mut connection) = self.connection().await?;
        pipeline.query_async(&mut connection).await.map_err(|error| self.failed(generation, error))
    }

    /// Runs one command.
    pub(crate) async fn cmd<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, LinkError> {
        let (generation, mut connection) = self.connection().await?;
        command.query_async(&mut connection).await.map_err(|error| self.failed(generation, error))
    }

    /// Runs something that only looks. A connection that broke while nobody used it is noticed by the first command on it, which
    /// is no reason to bother whoever asks.
    pub(crate) async fn look<T: FromRedisValue>(&self, look: Look<'_>) -> Result<T, LinkError> {
        let mut again = true;
        loop {
            let result = match look {
                Look::Command(command) => self.cmd(command).await,
                Look::Script(script) => self.script(script).await,
            };
            match result {
                Err(LinkError::Unknown(error)) if again && !error.is_timeout() => again = false,
                other => return other,
            }
        }
    }

    /// Runs a script, by its hash where the server knows it.
    pub(crate) async fn script<T: FromRedisValue>(&self, script: &redis::ScriptInvocation<'_>) -> Result<T, LinkError> {
        let (generation, mut connection) = self.connection().await?;
        script.invoke_async(&mut connection).await.map_err(|error| self.failed(generation, error))
    }

    /// The open connection and which one it is, counted from the first.
    pub(crate) async fn connection(&self) -> Result<(u64, MultiplexedConnection), LinkError> {
        if let Some(open) = self.current() {
            return Ok(open);
        }
        let asked = Instant::now();
        let mut last_failure = self.connecting.lock().await;
        if let Some(open) = self.current() {
            return Ok(open);
        }
        // Those who waited for an attempt that failed share its failure, or a dead host would be tried once for each of them.
        if let Some((at, error)) = &*last_failure
            && *at >= asked
        {
            return Err(LinkError::NotSent(error.clone()));
        }
        match self.address.client.get_multiplexed_async_connection_with_config(&self.config).await {
            Ok(connection) => {
                *last_failure = None;
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.generation += 1;
                open.connection = Some(connection.clone());
                Ok((open.generation, connection))
            }
            Err(error) => {
                *last_failure = Some((Instant::now(), error.clone()));
                Err(LinkError::NotSent(error))
            }
        }
    }

    fn current(&self) -> Option<(u64, MultiplexedConnection)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.connection.clone().map(|connection| (open.generation, connection))
    }

    fn failed(&self, generation: u64, error: RedisError) -> LinkError {
        let refused = matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension);
        // A server that turned into a replica stays one: connect anew, the name may lead to the new primary.
        if !refused || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.generation == generation {
                open.connection = None;
            }
        }
        if refused { LinkError::Refused(error) } else { LinkError::Unknown(error) }
    }
}

/// Waits that grow from 20 ms to half a second: soon back after a blink, no storm during an outage.
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self(Duration::from_millis(20))
    }

    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Duration::from_millis(500));
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}
