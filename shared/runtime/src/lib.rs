//! What every process of Muster needs before it can do its work: configuration, logs, shutdown, and the lock that keeps two
//! services off one file.
//!
//! - [`Config`] comes in layers, and every value knows where it came from ([`Loaded::entries`]). All problems are reported at
//!   once: whoever deploys this should have to start it once to learn everything that is wrong.
//! - [`SecretUrl`] is a URL that may hold a password and never shows it.
//! - [`metrics`] says what is measured and what it is called.
//! - [`telemetry`] writes logs to stderr; stdout belongs to data.
//! - [`trace`] joins what a request causes, from the gateway to a mail, for OpenTelemetry; off unless it is asked for.
//! - [`shutdown`] turns the first signal into a [`CancellationToken`](tokio_util::sync::CancellationToken) and the second into
//!   an exit.
//! - [`ServiceLock`] refuses a second service process where only one may run.
//!
//! This crate names no other crate of ours.

mod config;
mod lock;
pub mod metrics;
mod secret;
pub mod shutdown;
pub mod telemetry;
pub mod trace;

pub use config::{
    Config, ConfigErrors, Conversion, DEFAULTS, Database, Entry, Gateway, Http, Incidents, Loaded, Log, LogFormat, Mail, Metrics,
    OperationDetailLevel, Operations, Origin, Override, Problem, QueueConfig, SECRET_KEYS, Scim, Telemetry, Worker,
};
pub use lock::{LockError, ServiceLock};
pub use secret::SecretUrl;
