//! Conversions of the running binary: commands on one side, a service on the other, and workers killed and frozen in between.

use crate::harness::{Deployment, Installation, Postgres, Scim, eventually, seed, services, sleep_ms};
use fastrand::Rng;
use serde_json::{Value, json};
use std::sync::Arc;

/// How many faults a run has to survive at most: a run stands still until the lease of a killed worker ends. `MUSTER_TEST_STRIKES` asks
/// for more; the run is slowed down then, to last long enough.
fn most_strikes() -> usize {
    std::env::var("MUSTER_TEST_STRIKES").map_or(6, |text| text.parse().expect("MUSTER_TEST_STRIKES is a number"))
}

async fn import(installation: &Installation, users: usize) {
    installation.json(&["account", "create", "--slug", "acme", "--name", "Acme Ltd"]).await;
    let mut csv = String::from("user_id,email\n");
    (0..users).for_each(|n| csv.push_str(&format!("u{n:06},User.{n:06}@acme.test\n")));
    let file = installation.path().join("users.csv");
    std::fs::write(&file, csv).expect("written");
    installation.json(&["user", "import", "--account", "acme", "--csv", &file.display().to_string()]).await;
}

async fn convert(installation: &Installation, arguments: &[&str]) -> Value {
    installation.json(&[&["convert"], arguments, &["--account", "acme"]].concat()).await
}

/// Waits for the end. The throttle may take its time on a busy machine: only a run that stands still for long has failed.
async fn finished(installation: &Installation) -> Value {
    let mut stood = Value::Null;
    loop {
        let moved = eventually("the conversion goes on", || async {
            let status = convert(installation, &["status"]).await;
            let stands = json!([status["state"], status["phase"], status["converted"], status["walk_n"], status["users_n"]]);
            (status["state"] == "finished" || stands != stood).then_some((status, stands))
        })
        .await;
        if moved.0["state"] == "finished" {
            return moved.0;
        }
        assert_eq!(moved.0["state"], "running", "{}", moved.0);
        stood = moved.1;
    }
}

/// Users by what the report says of them: how many have this state.
async fn listed(installation: &Installation, state: &str) -> usize {
    let file = installation.path().join("report.csv");
    convert(installation, &["report", "--csv", &file.display().to_string()]).await;
    let text = std::fs::read_to_string(file).expect("a report");
    text.lines().filter(|line| line.contains(&format!(",{state},"))).count()
}

/// Strikes again and again until the run is over.
async fn while_running(deployment: &mut Deployment, rng: &mut Rng, strike: impl AsyncFn(&mut Deployment, &mut Rng)) -> usize {
    let (mut strikes, most) = (0, most_strikes());
    while strikes < most && convert(&deployment.installation, &["status"]).await["state"] == "running" {
        strike(deployment, rng).await;
        strikes += 1;
        sleep_ms(rng.u64(200..4_000)).await;
    }
    strikes
}

/// `kill -9`, or a stop for longer than the lease holds.
async fn kill_or_freeze(deployment: &mut Deployment, rng: &mut Rng) {
    let number = rng.usize(0..deployment.workers.len());
    if rng.u8(0..4) == 0 {
        deployment.workers[number].signal("STOP").await;
        sleep_ms(rng.u64(6_500..8_000)).await;
        deployment.workers[number].signal("CONT").await;
    } else {
        deployment.workers[number].kill();
        deployment.workers[number] = deployment.installation.worker(&format!("worker-{}", number + 1));
    }
}

/// An immediate shutdown of Postgres: it comes back through recovery, and may have lost what was not on disk.
async fn kill_postgres(deployment: &mut Deployment, rng: &mut Rng) {
    let postgres = deployment.postgres.as_ref().expect("there is a Postgres");
    postgres.stop_at_once().await;
    sleep_ms(rng.u64(0..600)).await;
    postgres.resume().await;
    ready_again(deployment).await;
}

/// Workers, Redis and Postgres at the same moment.
async fn kill_everything(deployment: &mut Deployment, rng: &mut Rng) {
    deployment.workers.iter_mut().for_each(|worker| worker.kill());
    deployment.redis.as_mut().expect("there is a Redis").kill();
    deployment.postgres.as_ref().expect("there is a Postgres").stop_at_once().await;
    sleep_ms(rng.u64(0..600)).await;
    deployment.postgres.as_ref().expect("there is a Postgres").resume().await;
    deployment.redis.as_mut().expect("there is a Redis").restart().await;
    for (number, worker) in deployment.workers.iter_mut().enumerate() {
        *worker = deployment.installation.worker(&format!("worker-{}", number + 1));
    }
    ready_again(deployment).await;
}

/// The commands that ask for the state must find their database.
async fn ready_again(deployment: &mut Deployment) {
    for gateway in &mut deployment.gateways {
        gateway.ready().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_frozen_workers_convert_nobody_twice_or_half_and_undo_restores_the_bytes() {
    if services("convert::killed_and_frozen_workers") {
        there_and_back("killed and frozen workers", Postgres::shared().await, kill_or_freeze).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_converts_nobody_twice_or_half_and_undo_restores_the_bytes() {
    if services("convert::a_killed_postgres") {
        there_and_back("a killed postgres", Arc::new(Postgres::start().await), kill_postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_killed_at_once_converts_nobody_twice_or_half_and_undo_restores_the_bytes() {
    if services("convert::everything_killed_at_once") {
        there_and_back("everything killed at once", Arc::new(Postgres::start().await), kill_everything).await;
    }
}

/// Converts and undoes 20,000 users while something strikes.
async fn there_and_back(test: &str, postgres: Arc<Postgres>, strike: impl AsyncFn(&mut Deployment, &mut Rng)) {
    const USERS: usize = 20_000;
    let mut rng = Rng::with_seed(seed(test));
    let mut deployment = Deployment::full_on(postgres.clone()).await;
    let (installation, url) = (deployment.installation.clone(), deployment.installation.database_url());
    import(&installation, USERS).await;
    let bytes = "SELECT md5(string_agg(id || ' ' || user_id || ' ' || login_key || ' ' || email, ',' ORDER BY id)) FROM users";
    let before = postgres.run(&url, bytes).await;
    assert_eq!(convert(&installation, &["plan"]).await["planned"], json!(USERS));

    let rate = (36_000 / most_strikes()).to_string();
    convert(&installation, &["start", "--max-rate", &rate]).await;
    let strikes = while_running(&mut deployment, &mut rng, &strike).await;
    println!("{strikes} strikes during the run");
    assert!(strikes > 2, "it was over too early: {strikes}");
    let run = finished(&installation).await;
    assert_eq!(run["converted"], json!(USERS), "each counted once");
    let wrong = "SELECT count(*) FROM users WHERE user_id <> email OR login_key <> lower(email) OR version <> 2";
    assert_eq!(postgres.run(&url, wrong).await, "0", "converted twice, half or not at all");
    assert_eq!(postgres.run(&url, "SELECT count(*), count(DISTINCT user_id) FROM alias").await, format!("{USERS}|{USERS}"));
    assert_eq!(listed(&installation, "done").await, USERS, "the journal is complete");
    assert_eq!(run["verified"]["as_written"], json!(USERS));

    convert(&installation, &["undo", "--max-rate", &rate]).await;
    let strikes = while_running(&mut deployment, &mut rng, &strike).await;
    println!("{strikes} strikes during the undo");
    let undo = finished(&installation).await;
    assert_eq!((undo["kind"].clone(), undo["converted"].clone()), (json!("undo"), json!(USERS)));
    assert_eq!(postgres.run(&url, bytes).await, before, "to the byte");
    assert_eq!(postgres.run(&url, "SELECT count(*) FROM users WHERE version <> 3").await, "0", "undone twice");
    assert_eq!(postgres.run(&url, "SELECT count(*) FROM alias").await, "0");
    deployment.all_alive();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_on_sqlite_converts_everybody_once_and_takes_it_back() {
    const USERS: usize = 2_000;
    let mut rng = Rng::with_seed(seed("a killed service on sqlite"));
    let mut deployment = Deployment::small().await;
    let installation = deployment.installation.clone();
    import(&installation, USERS).await;
    assert_eq!(convert(&installation, &["plan"]).await["planned"], json!(USERS));
    let strike = async |deployment: &mut Deployment, _: &mut Rng| {
        let node = &mut deployment.gateways[0];
        node.process.kill();
        node.process = deployment.installation.start_again("serve", "serve", node.address);
        node.ready().await;
    };
    convert(&installation, &["start", "--max-rate", "500"]).await;
    while_running(&mut deployment, &mut rng, strike).await;
    let run = finished(&installation).await;
    assert_eq!((&run["converted"], &run["verified"]["as_written"]), (&json!(USERS), &json!(USERS)));
    assert_eq!(listed(&installation, "done").await, USERS);

    convert(&installation, &["undo", "--preset", "fast"]).await;
    let undo = finished(&installation).await;
    assert_eq!((&undo["converted"], &undo["verified"]["as_before"]), (&json!(USERS), &json!(USERS)));
    assert_eq!(convert(&installation, &["plan"]).await["planned"], json!(USERS), "as if nothing had been");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_paused_watched_and_resumed_beside_a_running_service() {
    let deployment = Deployment::small().await;
    let installation = &deployment.installation;
    import(installation, 600).await;
    convert(installation, &["plan"]).await;
    convert(installation, &["start", "--max-rate", "60"]).await;
    eventually("some are converted", || async {
        let status = convert(installation, &["status"]).await;
        let told = status["throttle"]["text"].is_string() && status["eta"]["text"].is_string();
        (status["converted"].as_i64() > Some(0) && told).then_some(())
    })
    .await;
    let paused = convert(installation, &["pause", "--reason", "lunch"]).await;
    assert_eq!((&paused["state"], &paused["reason"]), (&json!("paused"), &json!("lunch")));
    let at = convert(installation, &["status"]).await["converted"].clone();
    sleep_ms(1_500).await;
    assert_eq!(convert(installation, &["status"]).await["converted"], at, "nothing happens meanwhile");
    convert(installation, &["resume", "--preset", "fast"]).await;
    assert_eq!(convert(installation, &["watch"]).await["state"], "finished");
    assert_eq!(convert(installation, &["status"]).await["converted"], json!(600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_is_planned_run_watched_and_undone_through_the_api() {
    const USERS: usize = 300;
    let deployment = Deployment::small().await;
    let installation = &deployment.installation;
    import(installation, USERS).await;
    let boss =
        ["user", "create", "--account", "acme", "--user-id", "boss@acme.test", "--email", "boss@acme.test", "--role", "administrator"];
    installation.json(&boss).await;
    let made = installation.json(&["token", "create", "--account", "acme", "--user", "boss@acme.test", "--name", "test"]).await;
    let token = made["token"].as_str().expect("a token");
    let client = Scim::new(deployment.gateways[0].address, token);
    let api = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("/api/v1/conversions{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(http_body_util::Full::from(body))
            .expect("a request");
        client.send(request).await
    };
    let state = async |wanted: &str| {
        eventually("the conversion is there", || async {
            let now = api("GET", "/latest", Value::Null).await.expect_status(200).json();
            (now["state"] == wanted).then_some(now)
        })
        .await
    };
    api("POST", "", json!({ "domains": ["acme.test"] })).await.expect_status(201);
    let planned = state("planned").await;
    assert_eq!((&planned["planned"], &planned["total"]), (&json!(USERS), &json!(USERS + 1)), "{planned}");

    let started = api("POST", "/latest/start", json!({ "max_rate": 50 })).await.expect_status(200).json();
    assert_eq!((&started["state"], &started["pace"]["rows_per_second"]), (&json!("running"), &json!(50)), "{started}");
    let paused = api("POST", "/latest/pause", json!({ "reason": "lunch" })).await.expect_status(200).json();
    assert_eq!((&paused["state"], &paused["reason"]), (&json!("paused"), &json!("lunch")));
    let resumed = api("POST", "/latest/resume", json!({ "preset": "fast" })).await.expect_status(200).json();
    assert_eq!((&resumed["state"], &resumed["pace"]), (&json!("running"), &json!({ "preset": "fast" })), "{resumed}");
    let finished = state("finished").await;
    assert_eq!(finished["verified"]["as_written"], json!(USERS), "{finished}");
    assert_eq!(convert(installation, &["status"]).await["id"], finished["id"], "commands see the same");

    let (mut after, mut seen) = (json!(0), std::collections::BTreeSet::new());
    while !after.is_null() {
        let page = api("GET", &format!("/latest/items?state=done&limit=70&after={after}"), Value::Null).await.expect_status(200).json();
        for item in page["items"].as_array().expect("items") {
            assert_eq!((&item["state"], &item["code"]), (&json!("done"), &json!("convert")), "{item}");
            assert!(seen.insert(item["old_id"].to_string()), "{item} is there twice");
        }
        after = page["next"].clone();
    }
    assert_eq!(seen.len(), USERS, "every user on one page");
    let left = api("GET", "/latest/items?reason=already", Value::Null).await.expect_status(200).json();
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1), "{left}");
    let csv = api("GET", "/latest/items?format=csv&limit=2", Value::Null).await.expect_status(200);
    let text = String::from_utf8(csv.body.to_vec()).expect("text");
    assert_eq!((text.lines().count(), csv.header("x-next")), (3, "2"), "{text}");
    assert!(text.starts_with("n,id,user_id,email,new_user_id,state,reason,other_user,attempts\r\n"), "{text}");
    let report = api("GET", "/latest/report", Value::Null).await.expect_status(200).json();
    let told: Vec<_> = report["events"].as_array().expect("events").iter().map(|event| event["type"].as_str().expect("a word")).collect();
    assert!(
        told.starts_with(&["created"]) && told.contains(&"started") && told.contains(&"paused") && told.contains(&"resumed"),
        "{told:?}"
    );

    let run = finished["id"].as_str().expect("an id").to_owned();
    let undo = api("POST", &format!("/{run}/undo"), json!({ "preset": "fast" })).await.expect_status(200).json();
    assert_eq!((&undo["kind"], &undo["undo_of"]), (&json!("undo"), &json!(run)));
    let undone = state("finished").await;
    assert_eq!((&undone["id"], &undone["verified"]["as_before"]), (&undo["id"], &json!(USERS)), "{undone}");
}
