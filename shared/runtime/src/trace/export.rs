//! Where spans go: to an OTLP collector over HTTP, from a thread of their own.
//!
//! Whoever ends a span puts it into a bounded list and goes on. A collector that is slow or away costs spans, and nothing else.

use super::{TRACER, http::Client};
use crate::Telemetry;
use opentelemetry::{
    Context, KeyValue, TraceId,
    trace::{Link, SpanKind, TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, ParentBasedSampler, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider,
        ShouldSample,
    },
};
use std::time::Duration;

/// Spans that wait to be sent; more are lost. A full batch ends a thousand at once.
const WAITING: usize = 8 * 1024;
/// Spans in one request.
const TOGETHER: usize = 512;
/// Between two requests, when there is little.
const EVERY: Duration = Duration::from_secs(1);
/// What is left may take this long at the end.
const LAST: Duration = Duration::from_secs(5);
/// A batch has a link for each operation.
const LINKS: u32 = 10_000;

/// Traces cannot be exported.
#[derive(Debug, thiserror::Error)]
#[error("telemetry.otlp_url: {0}")]
pub struct TraceError(String);

/// Spans are being exported; or not, when nobody asked for it.
#[derive(Debug)]
pub struct Exporting(Option<SdkTracerProvider>);

impl Exporting {
    /// Sends what is left, within five seconds. Later spans are lost.
    pub async fn finish(self) {
        let Self(Some(provider)) = self else { return };
        let last = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        if let Ok(Err(error)) = last.await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Begins to export, when the configuration says where to. Called once, by the binary, within its runtime.
///
/// # Errors
/// When the exporter cannot be made.
pub fn start(telemetry: &Telemetry, role: &'static str, version: &'static str) -> Result<Exporting, TraceError> {
    let Some(url) = &telemetry.otlp_url else { return Ok(Exporting(None)) };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(tokio::runtime::Handle::current()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint(url))
        .build()
        .map_err(|error| TraceError(error.to_string()))?;
    let batches =
        BatchConfigBuilder::default().with_max_queue_size(WAITING).with_max_export_batch_size(TOGETHER).with_scheduled_delay(EVERY).build();
    let resource = Resource::builder_empty()
        .with_service_name("muster")
        .with_attributes([
            KeyValue::new("service.version", version),
            KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()),
            KeyValue::new("muster.role", role),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
        .with_sampler(ParentBasedSampler::new(Root(Sampler::TraceIdRatioBased(telemetry.sample_ratio))))
        .with_max_links_per_span(LINKS)
        .with_resource(resource)
        .build();
    // A second start in one process (tests) keeps the first tracer.
    let _ = TRACER.set(provider.tracer("muster"));
    tracing::info!(url, sample_ratio = telemetry.sample_ratio, "traces are exported");
    Ok(Exporting(Some(provider)))
}

/// The address of a collector, or of its traces.
fn endpoint(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with("/v1/traces") { url.to_owned() } else { format!("{url}/v1/traces") }
}

/// Which traces that begin here are recorded: a share of them, and each that stands for others that are.
#[derive(Clone, Debug)]
struct Root(Sampler);

impl ShouldSample for Root {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if !links.iter().any(|link| link.span_context.is_sampled()) {
            return self.0.should_sample(parent, trace, name, kind, attributes, links);
        }
        let trace_state = parent.map(|parent| parent.span().span_context().trace_state().clone()).unwrap_or_default();
        SamplingResult { decision: SamplingDecision::RecordAndSample, attributes: Vec::new(), trace_state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_and_its_traces_are_one_address() {
        for url in ["http://collector:4318", "http://collector:4318/", "http://collector:4318/v1/traces"] {
            assert_eq!(endpoint(url), "http://collector:4318/v1/traces");
        }
        assert_eq!(endpoint("https://otlp.example.com/otlp"), "https://otlp.example.com/otlp/v1/traces");
    }
}
