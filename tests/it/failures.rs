//! Failures on their way to incidents, through the running binary: every one is counted once, and every failed operation is reachable.

use crate::harness::{Account, Deployment, Scim, eventually, scim::user, services};
use futures::future::join_all;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

const LANES: usize = 16;

/// One request of each kind in turn: a user id that is taken, a user who is not there, a body that is refused at the door. Counts the
/// answers, which are what a failure is.
async fn fail(clients: &[Scim], rounds: usize, counts: &[AtomicI64; 3]) {
    let lanes = (0..LANES).map(|lane| {
        let client = clients[lane % clients.len()].clone();
        async move {
            for round in 0..rounds {
                let nobody = format!("/Users/019ab1c2-5d3e-7f00-8000-{:012x}", lane * rounds + round);
                let answers = [
                    client.post("/Users", &user("taken@fail.test")).await.status,
                    client.patch(&nobody, json!([{ "op": "replace", "path": "active", "value": false }])).await.status,
                    client.post("/Users", &json!({ "userName": "x", "active": {} })).await.status,
                ];
                for ((answer, expected), count) in answers.into_iter().zip([409, 404, 400]).zip(counts) {
                    // A worker that was killed leaves some to the next, and those it never reached to nobody: 503, a kind of its own.
                    assert!(answer == expected || answer == 503, "{answer} for {expected}");
                    count.fetch_add(i64::from(answer == expected), Ordering::Relaxed);
                }
            }
        }
    });
    join_all(lanes).await;
}

fn count(incidents: &Value, cause: &str) -> i64 {
    let found = incidents["incidents"].as_array().expect("a list");
    let of_cause: Vec<i64> = found.iter().filter(|i| i["cause"] == cause).map(|i| i["failures"].as_i64().expect("a number")).collect();
    assert!(of_cause.len() <= 1, "{cause} is one incident: {incidents:#}");
    of_cause.into_iter().sum()
}

async fn every_failure_is_counted_once(mut deployment: Deployment, rounds: usize) {
    let account: Account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    clients[0].create_user("taken@fail.test").await;
    let counts = [0, 0, 0].map(AtomicI64::new);
    let failing = fail(&clients, rounds, &counts);
    let killing = async {
        if deployment.workers.len() > 1 {
            crate::harness::sleep_ms(700).await;
            deployment.workers[0].kill();
        }
    };
    futures::join!(failing, killing);
    let installation = &deployment.installation;
    let [taken, unknown, refused] = counts.map(AtomicI64::into_inner);
    assert!(taken > 0 && unknown > 0 && refused > 0);
    // What gateways count in memory is written within seconds.
    let incidents = eventually("every failure is counted", || async {
        let incidents = installation.json(&["incidents", "list", "--account", &account.slug]).await;
        let counted = ["duplicate_user", "unknown_resource", "bad_request"].map(|cause| count(&incidents, cause));
        (counted == [taken, unknown, refused]).then_some(incidents)
    })
    .await;

    for (cause, expected) in [("duplicate_user", taken), ("unknown_resource", unknown)] {
        let incident = incidents["incidents"].as_array().expect("a list").iter().find(|i| i["cause"] == cause).expect("the incident");
        let number = incident["number"].to_string();
        let listed = installation.json(&["ops", "list", "--account", &account.slug, "--incident", &number, "--all"]).await;
        let ids: BTreeSet<&str> =
            listed["operations"].as_array().expect("a list").iter().map(|o| o["id"].as_str().expect("an id")).collect();
        assert_eq!(i64::try_from(ids.len()).expect("not that many"), expected, "{cause}");
        let affected = incident["affected"].as_i64().expect("a number");
        assert_eq!(affected, if cause == "duplicate_user" { 1 } else { unknown });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_is_counted_once_on_sqlite() {
    every_failure_is_counted_once(Deployment::small().await, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_is_counted_once_though_a_worker_is_killed() {
    if services("failures") {
        every_failure_is_counted_once(Deployment::full().await, 40).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_reads_what_the_commands_read_and_a_retry_goes_through_the_queue() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let (installation, client) = (&deployment.installation, &deployment.clients(&account.key)[0]);
    let owner = client.create_user("taken@fail.test").await;
    client.post("/Users", &user("Taken@fail.test")).await.expect_status(409);
    let made = ["token", "create", "--account", &account.slug, "--user", &account.administrator, "--name", "test"];
    let token = installation.json(&made).await["token"].as_str().expect("a token").to_owned();
    let api = async |method: &str, path: &str| {
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(http_body_util::Full::default())
            .expect("a request");
        client.send(request).await
    };
    let shown = api("GET", "/incidents/1").await.expect_status(200).json();
    let listed = installation.json(&["incidents", "show", "--account", &account.slug, "1"]).await;
    assert_eq!(shown["incident"], listed["incident"]);
    client.delete(&format!("/Users/{owner}")).await.expect_status(204);
    let report = api("POST", "/incidents/1/retry").await.expect_status(200).json();
    assert_eq!(report["applied"], 1, "{report}");
    let timeline = installation.json(&["ops", "list", "--account", &account.slug, "--user", "taken@fail.test"]).await;
    assert_eq!(timeline["operations"][0]["status"], 201, "{timeline}");
    let cycles = api("GET", "/cycles").await.expect_status(200).json();
    assert_eq!((&cycles["cycles"][0]["operations"], &cycles["cycles"][0]["failed"]), (&json!(4), &json!(1)), "{cycles}");
}
