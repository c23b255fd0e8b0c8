//! Logs, to stderr.
//!
//! Field names and levels are a contract too: error is for a person to act on, warn for what was recovered, info for a line a
//! start, stop and batch, debug for a line an operation. No body, key, name or address is ever logged.

use crate::{Log, LogFormat};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, filter::ParseError};

/// Starts writing logs. Called once, by the binary; a second call changes nothing.
///
/// # Errors
/// When the level is not one (`Config` has checked it before).
pub fn init(log: &Log) -> Result<(), ParseError> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&log.level)?).with_writer(io::stderr);
    // A subscriber that is already there stays: it is the one a test has installed.
    let _ = match log.format {
        LogFormat::Human => builder.with_ansi(colours()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    Ok(())
}

/// Reads a level: one for all, or one by module as in `info,muster_gateway=debug`.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, ParseError> {
    // What these say at info, we say in our own words.
    let quiet = if level == "info" { ",sea_orm_migration=warn,apalis_core=warn,apalis=warn" } else { "" };
    EnvFilter::builder().parse(format!("{level}{quiet}"))
}

fn colours() -> bool {
    io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
