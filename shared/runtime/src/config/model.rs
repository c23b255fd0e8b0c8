//! The configuration as types. What each value means is said once, in `config.default.toml`.

use crate::SecretUrl;
use muster_domain::conversion::Reference;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The values in effect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where files live.
    pub data_dir: PathBuf,
    /// Addresses.
    pub http: Http,
    /// The database.
    pub database: Database,
    /// The queue.
    pub queue: QueueConfig,
    /// The gateway.
    pub gateway: Gateway,
    /// The worker.
    pub worker: Worker,
    /// What SCIM resources consist of.
    pub scim: Scim,
    /// Conversions of user ids.
    pub conversion: Conversion,
    /// The log of operations.
    pub operations: Operations,
    /// Incidents.
    pub incidents: Incidents,
    /// Outgoing mail.
    pub mail: Mail,
    /// Logs.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// Traces.
    pub telemetry: Telemetry,
}

/// Traces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The OTLP collector spans are sent to.
    #[serde(deserialize_with = "empty_is_no_text")]
    pub otlp_url: Option<String>,
    /// Which share of the traces that begin here is recorded, 0 to 1.
    pub sample_ratio: f64,
}

/// Metrics.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// What `/metrics` listens on.
    #[serde(deserialize_with = "empty_is_no_address")]
    pub listen: Option<SocketAddr>,
}

/// Addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// What the gateway listens on.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// What clients use; no slash at the end. `auto` until the layers are resolved.
    pub public_url: String,
}

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is: a URL once the layers are resolved.
    pub url: SecretUrl,
    /// A replica for reads.
    #[serde(deserialize_with = "empty_is_none")]
    pub read_url: Option<SecretUrl>,
    /// Connections at most, for writes and for reads each.
    pub pool_max: u32,
    /// Milliseconds a statement may take.
    pub statement_timeout_ms: u32,
    /// Milliseconds to wait for a lock.
    pub lock_timeout_ms: u32,
}

/// The queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// `local` or the URL of Redis.
    pub url: SecretUrl,
    /// What every key begins with.
    pub prefix: String,
    /// Milliseconds after which work of a silent consumer is given to another.
    pub claim_idle_ms: u64,
    /// Deliveries before work is set aside.
    pub max_deliveries: u32,
    /// Messages that may wait.
    pub max_depth: usize,
}

/// The gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Milliseconds a write waits for its outcome.
    pub wait_ms: u64,
    /// Bytes of a request body.
    pub body_limit_bytes: usize,
    /// Operations of one bulk request.
    pub bulk_max_operations: usize,
    /// Bytes of the body of a bulk request.
    pub bulk_limit_bytes: usize,
    /// Connections open at once.
    pub max_connections: usize,
}

/// The worker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Operations in one transaction.
    pub batch_max: usize,
    /// Milliseconds one batch may take.
    pub apply_ms: u64,
}

/// What SCIM resources consist of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scim {
    /// Files with schema documents, as they were written down; see [`Loaded::schema_files`](super::Loaded::schema_files).
    pub schemas: Vec<PathBuf>,
}

/// Conversions of user ids.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// Columns of the platform that hold user ids as text.
    #[serde(deserialize_with = "references")]
    pub references: Vec<Reference>,
}

/// The log of operations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// What it keeps beside outcomes.
    pub detail: OperationDetailLevel,
    /// Days it keeps operations and failures.
    pub keep_days: u32,
}

/// What the log of operations keeps beside outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationDetailLevel {
    /// Nothing.
    Off,
    /// Times, requests and changes, with personal data masked.
    Masked,
    /// Times, requests and changes as they were sent.
    Full,
}

/// Incidents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incidents {
    /// Days incidents are kept after they are over.
    pub keep_days: u32,
}

/// Outgoing mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `file` or the URL of a mail server.
    pub url: SecretUrl,
    /// The sender's address; `auto` until the layers are resolved.
    pub from: String,
    /// A certificate to trust beside the public ones.
    #[serde(deserialize_with = "empty_is_no_path")]
    pub ca_file: Option<PathBuf>,
}

/// Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// How much.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The SCIM base URL: what a directory calls its Tenant URL.
    #[must_use]
    pub fn scim_url(&self) -> String {
        format!("{}/scim", self.http.public_url)
    }
}

impl Database {
    /// The SQLite file; none when the database is a server.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.url.reveal().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Some(PathBuf::from(percent_decoded(path)))
    }
}

impl QueueConfig {
    /// The queue lives inside this process.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.url.reveal() == "local"
    }

    /// How long a consumer may be silent.
    #[must_use]
    pub const fn claim_idle(&self) -> Duration {
        Duration::from_millis(self.claim_idle_ms)
    }
}

fn socket_address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is not an address and a port, such as 127.0.0.1:8080 or [::]:8080")))
}

fn empty_is_no_address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong =
        |_| serde::de::Error::custom(format!("`{text}` is not an address and a port, such as 127.0.0.1:9464; empty for no metrics"));
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
}

fn references<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Reference>, D::Error> {
    Reference::list(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn empty_is_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SecretUrl>, D::Error> {
    let url = SecretUrl::deserialize(deserializer)?;
    Ok(Some(url).filter(|url| !url.reveal().is_empty()))
}

fn empty_is_no_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(deserializer)?).filter(|text| !text.is_empty()))
}

fn empty_is_no_path<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(deserializer)?;
    Ok(Some(path).filter(|path| !path.as_os_str().is_empty()))
}

/// The path of a `sqlite:` URL as the database library reads it.
fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
