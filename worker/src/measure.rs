//! What is counted of the work. Without a recorder, none of it costs anything.

use metrics::{counter, histogram};
use muster_domain::{Operation, OutcomeCode, conversion::Phase};
use muster_runtime::metrics::{
    BATCH_OPERATIONS, BATCH_SECONDS, CONVERSION_CHUNK_SECONDS, CONVERSION_CHUNKS_FAILED, CONVERSION_ROWS, MAILS, OPERATIONS,
};
use muster_store::outbox::Ending;
use std::time::Duration;

/// A batch was applied.
pub(crate) fn batch(operations: usize, took: Duration) {
    histogram!(BATCH_OPERATIONS.name).record(operations as f64);
    histogram!(BATCH_SECONDS.name).record(took);
}

/// What an operation is counted as.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    resource: &'static str,
    change: &'static str,
}

impl Counted {
    pub(crate) fn of(operation: &Operation) -> Self {
        Self { resource: operation.resource_type.name(), change: operation.change.as_str() }
    }

    /// It has its outcome.
    pub(crate) fn outcome(self, code: OutcomeCode) {
        counter!(OPERATIONS.name, "resource" => self.resource, "change" => self.change, "outcome" => code.as_str()).increment(1);
    }
}

/// A mail was handed to the server, or not.
pub(crate) fn mail(ending: &Ending) {
    counter!(MAILS.name, "result" => result(ending)).increment(1);
}

/// How an attempt to send a mail ended, in one word.
pub(crate) const fn result(ending: &Ending) -> &'static str {
    match ending {
        Ending::Taken => "taken",
        Ending::Unanswered => "unanswered",
        Ending::Refused => "refused",
        Ending::NotNow => "not_now",
        Ending::Away => "away",
    }
}

/// A chunk of a conversion has ended.
pub(crate) fn chunk(phase: Phase, rows: u32, failed: bool, took: Duration) {
    if failed {
        counter!(CONVERSION_CHUNKS_FAILED.name, "phase" => phase.as_str()).increment(1);
    } else if rows > 0 {
        histogram!(CONVERSION_CHUNK_SECONDS.name, "phase" => phase.as_str()).record(took);
        counter!(CONVERSION_ROWS.name, "phase" => phase.as_str()).increment(u64::from(rows));
    }
}
