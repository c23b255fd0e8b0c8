//! Traces: what a request causes is one trace, from the caller's to the mail; and whoever collects them has no say in any answer.

use crate::harness::{
    Collector, Deployment, Installation, Postgres, Smtp, collector::Span, eventually, installation::Node, ports::free_port, scim, services,
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn user(client: &scim::Scim, traceparent: &str, user_name: &str) -> hyper::Request<http_body_util::Full<bytes::Bytes>> {
    let mut request = client.request("POST", "/Users", Some(&scim::user(user_name)));
    request.headers_mut().insert("traceparent", traceparent.parse().expect("a header"));
    request
}

/// The one span of this name that says this.
fn the<'s>(spans: &'s [Span], name: &str, key: &str, value: &str) -> Option<&'s Span> {
    let mut found = spans.iter().filter(|span| span.name == name && span.says.get(key).map(String::as_str) == Some(value));
    let first = found.next()?;
    assert!(found.next().is_none(), "two {name} with {key}={value}: {spans:#?}");
    Some(first)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_one_trace_from_the_caller_to_the_mail() {
    if !services("traces: one trace") {
        return;
    }
    let (collector, smtp) = (Collector::start(), Smtp::start(Duration::ZERO));
    let mail = format!("smtp://{}?tls=none", smtp.address);
    // Nothing that begins here is recorded: what is, is because the caller says so.
    let settings = [
        ("MUSTER_MAIL__URL", mail.as_str()),
        ("MUSTER_TELEMETRY__OTLP_URL", &collector.url()),
        ("MUSTER_TELEMETRY__SAMPLE_RATIO", "0"),
        ("MUSTER_LOG__LEVEL", "debug"),
        ("MUSTER_LOG__FORMAT", "json"),
    ];
    let mut deployment = Deployment::full_with(Postgres::shared().await, &settings).await;
    let account = deployment.account().await;
    deployment.installation.json(&["notify", "add", "--account", &account.slug, "ops@mail.test"]).await;
    let client = deployment.clients(&account.key)[0].clone();
    let sampled = format!("00-{TRACE}-{CALLER}-01");
    client.send(user(&client, &sampled, "ada@trace.test")).await.expect_status(201);
    client.send(user(&client, &sampled, "ada@trace.test")).await.expect_status(409);
    // Neither of these is recorded: one is not sampled, one belongs to no trace.
    client.send(user(&client, &sampled.replace("-01", "-00"), "unsampled@trace.test")).await.expect_status(201);
    client.send(user(&client, "00-this-is-none-01", "malformed@trace.test")).await.expect_status(201);

    let spans = eventually("the mail is in the trace", || async {
        let spans = collector.spans();
        let whole = spans.iter().any(|span| span.name == "mail") && spans.iter().filter(|span| span.name == "POST scim:Users").count() == 2;
        whole.then_some(spans)
    })
    .await;
    for (status, outcome, role) in [("201", "applied", "worker"), ("409", "duplicate", "worker")] {
        let request = the(&spans, "POST scim:Users", "http.response.status_code", status).expect("a request");
        assert_eq!((request.trace.as_str(), request.parent.as_str(), request.role.as_str()), (TRACE, CALLER, "gateway"));
        let enqueue = spans.iter().find(|span| span.name == "enqueue" && span.parent == request.id).expect("its way into the queue");
        let apply = the(&spans, "apply", "muster.outcome", outcome).expect("it was applied");
        assert_eq!((apply.trace.as_str(), apply.parent.as_str(), apply.role.as_str()), (TRACE, request.id.as_str(), role));
        assert_eq!(apply.says["muster.operation.id"], enqueue.says["muster.operation.id"]);
        let batch = spans.iter().find(|span| span.name == "batch" && span.links.contains(&apply.id)).expect("the batch it was in");
        assert_ne!(batch.trace, TRACE, "a batch belongs to all of its operations");
        assert_eq!(apply.failed, status == "409");
    }
    let refused = the(&spans, "apply", "muster.outcome", "duplicate").expect("the duplicate");
    assert_eq!(refused.says["scim.type"], "uniqueness");
    let mail = spans.iter().find(|span| span.name == "mail").expect("the mail");
    assert_eq!((mail.trace.as_str(), mail.parent.as_str()), (TRACE, refused.parent.as_str()));
    assert_eq!((mail.says["muster.outcome"].as_str(), mail.says["muster.account.slug"].as_str()), ("taken", account.slug.as_str()));

    assert!(spans.iter().all(|span| span.trace == TRACE || span.name == "batch"), "{spans:#?}");
    // Whatever is said is on the list, and is nothing a person is known by.
    let keys: BTreeSet<&str> = spans.iter().flat_map(|span| span.says.keys().map(String::as_str)).collect();
    let text = format!("{spans:?}");
    for secret in ["ada", "trace.test", "ops@", account.key.as_str()] {
        assert!(!text.contains(secret), "{secret} in {keys:?}: {spans:#?}");
    }
    let line = format!("\"trace_id\":\"{TRACE}\"");
    let logged = eventually("a log line names the trace", || async {
        let output = deployment.gateways[0].process.output();
        output.lines().find(|log| log.contains(&line)).map(str::to_owned)
    });
    let logged: serde_json::Value = serde_json::from_str(&logged.await).expect("a line is one object");
    assert_eq!(logged["trace_id"], json!(TRACE));
    deployment.all_alive();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_sent_before_the_process_ends() {
    let collector = Collector::start();
    let installation = Installation::new().with("MUSTER_TELEMETRY__OTLP_URL", &collector.url());
    let mut node = installation.serve("serve").await;
    let client = crate::harness::Account::create(&installation, "acme").await.client(node.address);
    client.create_user("ada@trace.test").await;
    assert!(node.process.terminate().await.success());
    let spans = collector.spans();
    let request = the(&spans, "POST scim:Users", "http.response.status_code", "201").expect("the last request");
    assert!(request.parent.is_empty(), "a trace of its own");
    assert!(spans.iter().any(|span| span.name == "apply" && span.trace == request.trace && span.role == "serve"), "{spans:#?}");
}

/// Twenty users made and read back, each as it should be.
async fn serves(installation: &Installation, slug: &str, node: &Node) {
    let client = crate::harness::Account::create(installation, slug).await.client(node.address);
    for number in 0..20 {
        let id = client.create_user(&format!("user-{number}@trace.test")).await;
        client.get(&format!("/Users/{id}")).await.expect_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_or_never_answers_changes_no_answer() {
    let silent = Collector::silent();
    let away = format!("http://127.0.0.1:{}", free_port());
    for url in [silent.url(), away] {
        let installation = Installation::new().with("MUSTER_TELEMETRY__OTLP_URL", &url);
        let mut node = installation.serve("serve").await;
        serves(&installation, "acme", &node).await;
        assert!(node.process.terminate().await.success(), "it ends as it should");
        let told = node.process.output().matches("spans cannot be exported").count();
        assert_eq!(told, 1, "{url}: {}", node.process.tail());
    }
}
