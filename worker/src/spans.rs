//! The spans of the worker. Of a batch: one for each operation whose request is traced, in that request's trace, and one for the transaction
//! they share, with a link to each of theirs. Of a mail: one for each attempt to send it, in the trace of the failure that caused it.

use crate::measure;
use muster_domain::{Operation, Outcome, TraceParent};
use muster_runtime::trace::{Around, Kind, Span, key};
use muster_store::outbox::{Ending, Envelope, Lease};

/// What is traced of a batch.
pub(crate) struct BatchSpans {
    batch: Span,
    /// One for each operation, in their order; empty when none is traced, as usual.
    operations: Vec<Span>,
}

impl BatchSpans {
    pub(crate) fn begin(operations: &[Operation]) -> Self {
        let traced = |operation: &Operation| operation.trace.filter(|trace| trace.sampled);
        if !operations.iter().any(|operation| traced(operation).is_some()) {
            return Self { batch: Span::none(), operations: Vec::new() };
        }
        let operations: Vec<Span> =
            operations.iter().map(|operation| traced(operation).map_or_else(Span::none, |trace| begin(operation, trace))).collect();
        let batch = Span::begin_joint("batch", operations.iter().filter_map(Span::parent));
        batch.set(key::OPERATIONS, i64::try_from(operations.len()).unwrap_or(i64::MAX));
        Self { batch, operations }
    }

    /// What is done within the batch.
    pub(crate) fn around<F: Future>(&self, work: F) -> Around<F> {
        self.batch.around(work)
    }

    /// The operation at this place has its outcome. Those that have none yet are tried again, in spans of their own.
    pub(crate) fn end(&self, index: usize, outcome: &Outcome) {
        let Some(span) = self.operations.get(index).filter(|span| span.is_recorded()) else { return };
        span.set(key::OUTCOME, outcome.code.as_str());
        span.set(key::STATUS, i64::from(outcome.status));
        if let Some(scim_type) = outcome.error.as_ref().and_then(|error| error.scim_type) {
            span.set(key::SCIM_TYPE, scim_type.as_str());
        }
        if !outcome.is_success() {
            span.fail(outcome.code.as_str());
        }
    }
}

fn begin(operation: &Operation, trace: TraceParent) -> Span {
    let span = Span::begin(Kind::Consumer, "apply", Some(trace));
    if span.is_recorded() {
        span.set(key::OPERATION, operation.id.to_string());
        span.set(key::ACCOUNT, operation.account.to_string());
        span.set(key::RESOURCE_TYPE, operation.resource_type.name());
        span.set(key::CHANGE, operation.change.as_str());
    }
    span
}

/// A mail is about to be handed to the server. Who gets it stays unsaid.
pub(crate) fn mail(envelope: &Envelope, lease: &Lease) -> Span {
    let Some(trace) = envelope.trace else { return Span::none() };
    let span = Span::begin(Kind::Client, "mail", Some(trace));
    if span.is_recorded() {
        span.set(key::MAIL, envelope.key.clone());
        span.set(key::ACCOUNT, lease.account.to_string());
        span.set(key::ACCOUNT_SLUG, lease.account_slug.clone());
    }
    span
}

/// It was taken, or not.
pub(crate) fn mailed(span: &Span, ending: &Ending) {
    span.set(key::OUTCOME, measure::result(ending));
    if *ending != Ending::Taken {
        span.fail("not taken");
    }
}
