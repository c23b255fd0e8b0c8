//! `/metrics`: what is counted is what happened, and whatever dashboard and alerts ask for exists.

use crate::harness::{
    Connection, Deployment, Installation,
    ports::free_port,
    scim::{id_of, user},
};
use regex::Regex;
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
};

const DASHBOARD: &str = include_str!("../../docs/grafana/muster.json");
const ALERTS: &str = include_str!("../../docs/prometheus/alerts.yml");

async fn scrape(address: SocketAddr) -> String {
    let request = hyper::Request::get("/metrics").body(http_body_util::Full::default()).expect("a request");
    let response = Connection::to(address).send(request).await;
    let crate::harness::Answer::Response(response) = response else { panic!("no answer: {response:?}") };
    assert!(response.header("content-type").starts_with("text/plain; version=0.0.4"), "{response:?}");
    String::from_utf8(response.expect_status(200).body.to_vec()).expect("text")
}

/// The value of the line with this name and these labels.
fn value(text: &str, name: &str, labels: &[&str]) -> f64 {
    let line = text.lines().find(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']) && labels.iter().all(|label| rest.contains(label)))
    });
    let line = line.unwrap_or_else(|| panic!("no {name} with {labels:?} in\n{text}"));
    line.rsplit(' ').next().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_what_happened() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let installation = Installation::new().with("MUSTER_METRICS__LISTEN", &address.to_string());
    let gateways = vec![installation.serve("serve").await];
    let deployment = Deployment { gateways, workers: Vec::new(), redis: None, postgres: None, installation };
    let account = deployment.account().await;
    let scim = account.client(deployment.gateways[0].address);
    let id = id_of(&scim.post("/Users", &user("ada@metrics.test")).await.expect_status(201).json());
    scim.post("/Users", &user("ada@metrics.test")).await.expect_status(409);
    scim.get(&format!("/Users/{id}")).await.expect_status(200);
    scim.patch(&format!("/Users/{id}"), json!([{ "op": "replace", "path": "title", "value": "Captain" }])).await.expect_status(200);
    scim.get("/Nowhere/secret-word").await.expect_status(404);

    let text = scrape(address).await;
    let http = "muster_http_requests_total";
    assert_eq!(value(&text, http, &["route=\"scim:Users\"", "method=\"POST\"", "status=\"201\""]), 1.0);
    assert_eq!(value(&text, http, &["route=\"scim:Users\"", "method=\"POST\"", "status=\"409\""]), 1.0);
    assert_eq!(value(&text, http, &["route=\"scim:Users/id\"", "method=\"GET\"", "status=\"200\""]), 1.0);
    assert_eq!(value(&text, http, &["route=\"scim:none\"", "status=\"404\""]), 1.0);
    assert_eq!(value(&text, "muster_http_request_duration_seconds_count", &["route=\"scim:Users\"", "method=\"POST\""]), 2.0);
    let operations = "muster_operations_total";
    assert_eq!(value(&text, operations, &["resource=\"User\"", "change=\"create\"", "outcome=\"applied\""]), 1.0);
    assert_eq!(value(&text, operations, &["resource=\"User\"", "change=\"create\"", "outcome=\"duplicate\""]), 1.0);
    assert_eq!(value(&text, operations, &["change=\"patch\"", "outcome=\"applied\""]), 1.0);
    assert_eq!(value(&text, "muster_batch_operations_sum", &[]), 3.0);
    assert_eq!(value(&text, "muster_database_up", &[]), 1.0);
    assert_eq!(value(&text, "muster_queue_up", &[]), 1.0);
    assert_eq!(value(&text, "muster_queue_depth", &["queue=\"operations\""]), 0.0);
    assert_eq!(value(&text, "muster_build_info", &["role=\"serve\""]), 1.0);
    for word in ["secret-word", "ada", &account.key, &id] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_at_the_start() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).expect("free");
    let address = taken.local_addr().expect("bound").to_string();
    let output = Installation::new().with("MUSTER_METRICS__LISTEN", &address).run(&["serve"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(&address) && said.contains("MUSTER_METRICS__LISTEN"), "{said}");
}

#[test]
fn whatever_dashboard_and_alerts_ask_for_exists() {
    let name = Regex::new(r"muster_[a-z_]+").expect("a pattern");
    let known: BTreeSet<&str> = muster_runtime::metrics::ALL.iter().map(|metric| metric.name).collect();
    for (file, text) in [("dashboard", DASHBOARD), ("alerts", ALERTS)] {
        let asked: BTreeSet<&str> = name.find_iter(text).map(|found| found.as_str()).collect();
        assert!(asked.len() > 4, "{file}: {asked:?}");
        for asked in asked {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| asked.strip_suffix(end)).unwrap_or(asked);
            assert!(known.contains(asked) || known.contains(base), "{file}: there is no {asked}");
        }
    }
    let board: serde_json::Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let shown: String = board["panels"].as_array().expect("panels").iter().map(|panel| panel["targets"].to_string()).collect();
    for metric in muster_runtime::metrics::ALL {
        assert!(shown.contains(metric.name), "the dashboard does not show {}", metric.name);
    }
}
