//! What is measured, and what it is called: one table for those who count, for `/metrics`, and for the dashboard's test.
//!
//! Names follow Prometheus' rules: `muster_` first, base units, `_total` at the end of what only grows. Labels have few values: no
//! account, user or address is one of them, or a platform with ten thousand customers would drown whoever scrapes it.
//!
//! Counting costs next to nothing, and nothing at all where nobody has installed a recorder, which the services do when
//! `metrics.listen` is set.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, while the process lives.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations are in which bucket.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// In what it is measured.
    pub unit: Unit,
    /// What it says, for people.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
}

macro_rules! define {
    ($($(#[doc = $doc:literal])+ $id:ident = $name:literal, $kind:ident, $unit:ident, [$($label:literal),*], $help:literal;)+) => {
        $($(#[doc = $doc])+ pub const $id: Metric =
            Metric { name: $name, kind: Kind::$kind, unit: Unit::$unit, help: $help, labels: &[$($label),*] };)+
        /// Every metric.
        pub const ALL: &[Metric] = &[$($id),+];
    };
}

define! {
    /// Answers of the gateway.
    HTTP_REQUESTS = "muster_http_requests_total", Counter, Count, ["route", "method", "status"],
        "Requests the gateway has answered";
    /// How long they took.
    HTTP_SECONDS = "muster_http_request_duration_seconds", Histogram, Seconds, ["route", "method"],
        "From a request's headers to its answer";
    /// Operations with an outcome.
    OPERATIONS = "muster_operations_total", Counter, Count, ["resource", "change", "outcome"],
        "Operations the worker has found an outcome for";
    /// How many operations a batch has.
    BATCH_OPERATIONS = "muster_batch_operations", Histogram, Count, [],
        "Operations in a batch";
    /// How long a batch takes.
    BATCH_SECONDS = "muster_batch_duration_seconds", Histogram, Seconds, [],
        "From taking a batch to its commit";
    /// Mails by what became of the attempt to send them.
    MAILS = "muster_mail_attempts_total", Counter, Count, ["result"],
        "Attempts to hand a mail to the mail server";
    /// Rows a conversion has been through.
    CONVERSION_ROWS = "muster_conversion_rows_total", Counter, Count, ["phase"],
        "Rows conversions have been through, by phase";
    /// How long a chunk takes.
    CONVERSION_CHUNK_SECONDS = "muster_conversion_chunk_duration_seconds", Histogram, Seconds, ["phase"],
        "From the beginning of a chunk of a conversion to its commit, by phase";
    /// Chunks the database refused.
    CONVERSION_CHUNKS_FAILED = "muster_conversion_chunks_failed_total", Counter, Count, ["phase"],
        "Chunks of conversions that were rolled back, and are tried again smaller or later";
    /// Messages that are not done.
    QUEUE_DEPTH = "muster_queue_depth", Gauge, Count, ["queue"],
        "Messages that are not done: waiting, or in the hands of a worker";
    /// Messages in the hands of a worker.
    QUEUE_PENDING = "muster_queue_pending", Gauge, Count, ["queue"],
        "Messages in the hands of a worker";
    /// How long the oldest message waits.
    QUEUE_OLDEST_SECONDS = "muster_queue_oldest_age_seconds", Gauge, Seconds, ["queue"],
        "Age of the oldest message that is not done; 0 when there is none";
    /// Workers that read a queue.
    QUEUE_CONSUMERS = "muster_queue_consumers", Gauge, Count, ["queue"],
        "Workers that read the queue";
    /// Messages that were set aside.
    QUEUE_DEAD_LETTERS = "muster_queue_dead_letters", Gauge, Count, ["queue"],
        "Messages that were set aside after they stopped their worker too often";
    /// Whether the queue answers.
    QUEUE_UP = "muster_queue_up", Gauge, Count, [],
        "1 when the queue answered at this scrape, 0 when not";
    /// Whether the database answers.
    DATABASE_UP = "muster_database_up", Gauge, Count, [],
        "1 when the database answered at this scrape, 0 when not";
    /// What runs.
    BUILD_INFO = "muster_build_info", Gauge, Count, ["version", "role"],
        "1; its labels say what runs";
}

/// Tells the recorder what each metric means.
pub fn describe() {
    for metric in ALL {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.unit, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, metric.unit, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, metric.unit, metric.help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        for metric in ALL {
            let name = metric.name;
            assert!(name.starts_with("muster_") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), metric.unit == Unit::Seconds, "{name}");
            assert!(!metric.labels.iter().any(|label| ["account", "user", "address"].contains(label)), "{name}");
        }
        assert_eq!(ALL.iter().map(|metric| metric.name).collect::<HashSet<_>>().len(), ALL.len(), "each has a name of its own");
    }
}
