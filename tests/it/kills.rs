//! Kill anything at any time: nothing acknowledged is lost, nothing happens twice, nothing refused turns up.
//!
//! Sixteen clients write without pause and without retrying while parts of the deployment are killed and started again at random
//! moments. Then the ledger is held against what the service shows, twice: a write that was refused must not turn up late.

mod faults;

use crate::{
    harness::{
        Answer, Connection, Deployment, Postgres, eventually,
        scim::{id_of, user},
        seed, services, sleep_ms,
    },
    ledger::{Book, Client, Limits, audit, shared_group},
};
use fastrand::Rng;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const CLIENTS: usize = 16;
const ROUNDS: usize = 6;
const MOST_REQUESTS: usize = 5_000;
const MOST_TIME: Duration = Duration::from_secs(240);
/// How long a gateway waits for an outcome; no write may take effect later than that.
const WAIT_MS: u64 = 10_000;

/// Runs the load while `fault` strikes, then audits.
async fn survives(test: &str, mut deployment: Deployment, fault: impl AsyncFn(&mut Deployment, &mut Rng)) {
    let seed = seed(test);
    let mut rng = Rng::with_seed(seed);
    let account = deployment.account().await;
    let addresses: Vec<SocketAddr> = deployment.gateways.iter().map(|gateway| gateway.address).collect();
    let client = account.client(addresses[0]);
    let group = id_of(&client.post("/Groups", &shared_group()).await.expect_status(201).json());

    let stop = Arc::new(AtomicBool::new(false));
    let limits = Limits { requests: MOST_REQUESTS, time: MOST_TIME, stop: stop.clone() };
    let start = |number: usize| {
        let rng = Rng::with_seed(seed.wrapping_add(number as u64));
        let client = Client { number, gateways: addresses.clone(), key: account.key.clone(), group: group.clone(), rng };
        tokio::spawn(client.run(limits.clone()))
    };
    let running: Vec<_> = (1..=CLIENTS).map(start).collect();
    for _ in 0..ROUNDS {
        sleep_ms(rng.u64(400..1_600)).await;
        fault(&mut deployment, &mut rng).await;
        for gateway in &mut deployment.gateways {
            gateway.ready().await;
        }
    }
    let mut strangers = works_again(&addresses, &account.key).await;
    strangers.push(account.administrator.clone());
    stop.store(true, Ordering::Relaxed);
    let mut book = Book::default();
    for client in running {
        book.merge(client.await.expect("a client ends"));
    }
    let [done, refused, unknown] = book.counts;
    println!("{test}: {done} acknowledged, {refused} refused, {unknown} unknown {:?}", book.reasons);
    assert!(done > 100, "too little was written to prove anything: {done}");
    deployment.all_alive();
    quiet(&deployment).await;
    for moment in ["at once", "after the longest wait"] {
        for address in &addresses {
            let wrong = audit(&book, &account.client(*address), &group, &strangers).await;
            assert!(wrong.is_empty(), "{test}, {moment}, {address}: {} broken promises\n{}", wrong.len(), wrong.join("\n"));
        }
        sleep_ms(WAIT_MS).await;
    }
}

/// Waits until every gateway accepts a write again without anybody's help. Returns the names that were tried.
async fn works_again(gateways: &[SocketAddr], key: &str) -> Vec<String> {
    let tried = Mutex::new(Vec::new());
    for gateway in gateways {
        eventually("a write is accepted after the last fault", || async {
            let name = {
                let mut tried = tried.lock().expect("nobody panicked here");
                let name = format!("after-{}@ledger.test", tried.len());
                tried.push(name.clone());
                name
            };
            let request = crate::harness::scim::request(key, "POST", "/Users", Some(&user(&name)));
            matches!(Connection::to(*gateway).send(request).await, Answer::Response(response) if response.status == 201).then_some(())
        })
        .await;
    }
    tried.into_inner().expect("nobody panicked here")
}

/// Waits until nothing is queued or under way.
async fn quiet(deployment: &Deployment) {
    if deployment.redis.is_none() {
        return;
    }
    eventually("the queue is empty", || async {
        let status = deployment.installation.json(&["queue", "status"]).await;
        let (mut found, mut left) = (0, 0);
        count(&status, &mut found, &mut left);
        assert!(found > 0, "no depth in {status}");
        (left == 0).then_some(())
    })
    .await;
}

fn count(value: &Value, found: &mut u64, left: &mut u64) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_u64() {
                    Some(number) if key == "depth" || key == "pending" => {
                        *found += 1;
                        *left += number;
                    }
                    _ => count(value, found, left),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| count(item, found, left)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_service_killed_on_sqlite_loses_nothing_acknowledged() {
    survives("the whole service killed on sqlite", Deployment::small().await, faults::serve).await;
}

/// A test on Postgres and Redis with two gateways and two workers.
macro_rules! in_production {
    ($($test:ident: $fault:path, $cluster:ident);+ $(;)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            if services(concat!("kills::", stringify!($test))) {
                let cluster = $cluster().await;
                survives(stringify!($test), Deployment::full_on(cluster).await, $fault).await;
            }
        })+
    };
}

async fn shared() -> Arc<Postgres> {
    Postgres::shared().await
}

async fn own() -> Arc<Postgres> {
    Arc::new(Postgres::start().await)
}

in_production!(
    killed_workers_lose_nothing: faults::worker, shared;
    frozen_workers_do_nothing_twice: faults::frozen_worker, shared;
    killed_gateways_lose_nothing_acknowledged: faults::gateway, shared;
    a_killed_redis_loses_nothing_acknowledged: faults::redis, shared;
    a_flushed_redis_loses_nothing_acknowledged: faults::flushed_redis, shared;
    a_stalled_redis_loses_nothing_acknowledged: faults::stalled_redis, shared;
    a_redis_without_memory_loses_nothing_acknowledged: faults::full_redis, shared;
    a_killed_postgres_loses_nothing_acknowledged: faults::postgres, own;
    everything_killed_at_once_loses_nothing_acknowledged: faults::everything, own;
);
