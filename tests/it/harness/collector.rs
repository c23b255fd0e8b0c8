//! An OpenTelemetry collector that keeps the spans it is sent (OTLP over HTTP, protobuf), or never answers. Gone when it is dropped.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Said, trace::v1::Span as Sent,
};
use prost::Message;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A span, as far as tests ask for it. Ids are hexadecimal.
#[derive(Clone, Debug)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    /// The role of the process it came from.
    pub role: String,
    /// What it says, numbers as text.
    pub says: BTreeMap<String, String>,
    /// The spans it links to.
    pub links: Vec<String>,
    pub failed: bool,
}

#[derive(Default)]
struct State {
    spans: Vec<Span>,
    stopped: bool,
}

/// A running collector.
pub struct Collector {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Collector {
    /// One that takes everything.
    pub fn start() -> Self {
        Self::new(true)
    }

    /// One that takes connections, and never says anything on them.
    pub fn silent() -> Self {
        Self::new(false)
    }

    fn new(answers: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let (address, state) = (listener.local_addr().expect("an address"), Arc::<Mutex<State>>::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                if shared.lock().expect("nobody panicked here").stopped {
                    break;
                }
                if answers {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || take(&stream, &shared));
                } else {
                    held.push(stream);
                }
            }
        });
        Self { address, state }
    }

    /// What `telemetry.otlp_url` is set to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has been sent.
    pub fn spans(&self) -> Vec<Span> {
        self.state.lock().expect("nobody panicked here").spans.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state.lock() {
            state.stopped = true;
        }
        // Whoever accepts has to be woken up to see it.
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request and answers it.
fn take(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = ExportTraceServiceRequest::decode(&body[..]).expect("OTLP");
    for resource in request.resource_spans {
        let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        let role = said(attributes.into_iter().map(|said| (said.key, said.value))).remove("muster.role").unwrap_or_default();
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        state.lock().ok()?.spans.extend(spans.map(|span| read(span, &role)));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()
}

fn read(span: Sent, role: &str) -> Span {
    Span {
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        role: role.to_owned(),
        says: said(span.attributes.into_iter().map(|said| (said.key, said.value))),
        links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
        failed: span.status.is_some_and(|status| status.code == 2),
    }
}

fn said(pairs: impl Iterator<Item = (String, Option<opentelemetry_proto::tonic::common::v1::AnyValue>)>) -> BTreeMap<String, String> {
    let text = |value| match value {
        Said::StringValue(text) => text,
        Said::IntValue(number) => number.to_string(),
        other => panic!("what spans say are words and numbers: {other:?}"),
    };
    pairs.filter_map(|(key, value)| Some((key, text(value?.value?)))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
