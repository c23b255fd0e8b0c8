//! Logs, to stderr.
//!
//! Field names and levels are a contract too: error is for a person to act on, warn for what was recovered, info for a line a
//! start, stop and batch, debug for a line an operation. No body, key, name or address is ever logged. A line that is written within a
//! trace ends with its `trace_id`.

use crate::{Log, LogFormat, trace};
use std::{
    fmt,
    io::{self, IsTerminal},
};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    filter::ParseError,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// Starts writing logs. Called once, by the binary; a second call changes nothing.
///
/// # Errors
/// When the level is not one (`Config` has checked it before).
pub fn init(log: &Log) -> Result<(), ParseError> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&log.level)?).with_writer(io::stderr);
    // A subscriber that is already there stays: it is the one a test has installed.
    let _ = match log.format {
        LogFormat::Human => builder.with_ansi(colours()).map_event_format(|form| Traced { form, json: false }).try_init(),
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_current_span(true).with_span_list(false);
            builder.map_event_format(|form| Traced { form, json: true }).try_init()
        }
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

/// A form of lines, with the id of the trace at their end when there is one.
struct Traced<F> {
    form: F,
    json: bool,
}

impl<S, N, F> FormatEvent<S, N> for Traced<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(trace_id) = trace::current_id() else { return self.form.format_event(context, writer, event) };
        let mut line = String::new();
        self.form.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&with_trace(line.trim_end(), &trace_id, self.json))
    }
}

/// The line with the trace's id at its end.
fn with_trace(line: &str, trace_id: &str, json: bool) -> String {
    match line.strip_suffix('}').filter(|_| json) {
        Some(object) => format!("{object},\"trace_id\":\"{trace_id}\"}}\n"),
        None => format!("{line} trace_id={trace_id}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_within_a_trace_says_which() {
        assert_eq!(with_trace("INFO it works", "4bf9", false), "INFO it works trace_id=4bf9\n");
        let line = with_trace(r#"{"level":"INFO","message":"it works"}"#, "4bf9", true);
        let line: serde_json::Value = serde_json::from_str(&line).expect("one object a line");
        assert_eq!((&line["message"], &line["trace_id"]), (&"it works".into(), &"4bf9".into()));
    }
}
