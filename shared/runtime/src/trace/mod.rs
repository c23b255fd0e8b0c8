//! Traces: what a request caused, from the gateway through the queue into a batch and a mail, as spans for OpenTelemetry.
//!
//! Spans are begun and joined by hand, a few for each operation: a span's parent is what the message or the row says it is
//! ([`TraceParent`]), and not what happens to be on the stack. Where `telemetry.otlp_url` is empty nothing is ever made: a span is then
//! an empty option, and everything done with it a look at that.
//!
//! What a span may say is a short list ([`key`]): ids of ours, methods, types, statuses. Nothing a person is known by, no body and no key is
//! an attribute.

mod export;
mod http;
pub mod key;

pub use export::{Exporting, TraceError, start};

use muster_domain::TraceParent;
use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId, Value,
    trace::{Link, SpanContext, SpanKind, Status, TraceContextExt, TraceState, Tracer},
};
use opentelemetry_sdk::trace::SdkTracer;
use pin_project_lite::pin_project;
use std::{
    borrow::Cow,
    pin::Pin,
    sync::OnceLock,
    task::{self, Poll},
};

/// Set once, when something is exported.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Whether anything is exported.
#[must_use]
pub fn is_on() -> bool {
    TRACER.get().is_some()
}

/// What a span is, in the words of OpenTelemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request is answered.
    Server,
    /// A message is put into a queue.
    Producer,
    /// A message is taken out of a queue.
    Consumer,
    /// Somebody else is asked for something.
    Client,
    /// Work of our own.
    Internal,
}

/// A span, which ends when it is dropped; or none, when nothing is traced.
#[derive(Debug, Default)]
pub struct Span(Option<Context>);

impl Span {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Begins a span: one of its parent's trace, or of a trace of its own.
    #[must_use]
    pub fn begin(kind: Kind, name: &'static str, parent: Option<TraceParent>) -> Self {
        let Some(tracer) = TRACER.get() else { return Self::none() };
        let context = parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(remote(parent)));
        let span = tracer.span_builder(name).with_kind(kind.into()).start_with_context(tracer, &context);
        Self(Some(Context::new().with_span(span)))
    }

    /// Begins a span for work on many things at once: a trace of its own, with a link to each of theirs. It is recorded when one of them is.
    #[must_use]
    pub fn begin_joint(name: &'static str, links: impl IntoIterator<Item = TraceParent>) -> Self {
        let Some(tracer) = TRACER.get() else { return Self::none() };
        let links: Vec<Link> = links.into_iter().map(|link| Link::with_context(remote(link))).collect();
        let builder = tracer.span_builder(name).with_kind(SpanKind::Internal).with_links(links);
        Self(Some(Context::new().with_span(builder.start_with_context(tracer, &Context::new()))))
    }

    /// What a span it causes has as its parent, wherever that is; none when nothing is traced.
    #[must_use]
    pub fn parent(&self) -> Option<TraceParent> {
        let context = self.0.as_ref()?;
        let span = context.span();
        let span = span.span_context();
        span.is_valid().then(|| TraceParent {
            trace_id: u128::from_be_bytes(span.trace_id().to_bytes()),
            span_id: u64::from_be_bytes(span.span_id().to_bytes()),
            sampled: span.is_sampled(),
        })
    }

    /// Whether anybody will see what is said about it.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.0.as_ref().is_some_and(|context| context.span().is_recording())
    }

    /// Says something about it, under one of the names in [`key`].
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// Gives it the name it has when more is known.
    pub fn rename(&self, name: impl Into<Cow<'static, str>>) {
        if let Some(context) = &self.0 {
            context.span().update_name(name);
        }
    }

    /// It did not do what it was for.
    pub fn fail(&self, why: &'static str) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(why));
        }
    }

    /// A future that runs within it: what is logged meanwhile has its trace's id.
    pub fn around<F: Future>(&self, inner: F) -> Around<F> {
        Around { inner, context: self.0.clone() }
    }
}

/// The id of the trace this code runs in, as 32 hexadecimal digits.
pub(crate) fn current_id() -> Option<String> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid().then(|| span.trace_id().to_string())
    })
}

fn remote(parent: TraceParent) -> SpanContext {
    let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace, span) = (TraceId::from(parent.trace_id), SpanId::from(parent.span_id));
    SpanContext::new(trace, span, flags, true, TraceState::default())
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
            Kind::Client => Self::Client,
            Kind::Internal => Self::Internal,
        }
    }
}

pin_project! {
    /// See [`Span::around`].
    #[derive(Debug)]
    pub struct Around<F> {
        #[pin]
        inner: F,
        context: Option<Context>,
    }
}

impl<F: Future> Future for Around<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Current while it is polled and at no other time: between two polls the thread belongs to others.
        let _current = this.context.clone().map(Context::attach);
        this.inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_made_where_nothing_is_exported() {
        assert!(!is_on());
        let parent = TraceParent { trace_id: 1, span_id: 2, sampled: true };
        for span in [Span::begin(Kind::Server, "request", Some(parent)), Span::begin_joint("batch", [parent])] {
            assert_eq!((span.parent(), span.is_recorded()), (None, false));
            assert_eq!(span.around(async { current_id() }).await, None);
        }
    }
}
