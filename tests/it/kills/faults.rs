//! What strikes a deployment. Each fault leaves everything started again, though perhaps not ready yet.

use crate::harness::{Deployment, sleep_ms};
use fastrand::Rng;

async fn a_moment(rng: &mut Rng) {
    sleep_ms(rng.u64(0..600)).await;
}

/// `kill -9` of the all-in-one process.
pub async fn serve(deployment: &mut Deployment, rng: &mut Rng) {
    let node = &mut deployment.gateways[0];
    node.process.kill();
    a_moment(rng).await;
    node.process = deployment.installation.start_again("serve", "serve", node.address);
}

/// `kill -9` of a worker.
pub async fn worker(deployment: &mut Deployment, rng: &mut Rng) {
    let number = rng.usize(0..deployment.workers.len());
    deployment.workers[number].kill();
    a_moment(rng).await;
    deployment.workers[number] = deployment.installation.worker(&format!("worker-{}", number + 1));
}

/// A worker stops in the middle of what it does for longer than others wait before they take its work over, and goes on.
pub async fn frozen_worker(deployment: &mut Deployment, rng: &mut Rng) {
    let number = rng.usize(0..deployment.workers.len());
    deployment.workers[number].signal("STOP").await;
    sleep_ms(rng.u64(4_000..9_000)).await;
    deployment.workers[number].signal("CONT").await;
}

/// `kill -9` of a gateway.
pub async fn gateway(deployment: &mut Deployment, rng: &mut Rng) {
    let number = rng.usize(0..deployment.gateways.len());
    let node = &mut deployment.gateways[number];
    node.process.kill();
    a_moment(rng).await;
    node.process = deployment.installation.start_again("gateway", &format!("gateway-{}", number + 1), node.address);
}

/// `kill -9` of Redis; it comes back with what its append-only file holds.
pub async fn redis(deployment: &mut Deployment, rng: &mut Rng) {
    let redis = deployment.redis.as_mut().expect("there is a Redis");
    redis.kill();
    a_moment(rng).await;
    redis.restart().await;
}

/// Redis forgets everything.
pub async fn flushed_redis(deployment: &mut Deployment, _: &mut Rng) {
    let redis = deployment.redis.as_ref().expect("there is a Redis");
    assert_eq!(redis.command(&["FLUSHALL"]).await, "OK");
}

/// Redis answers nobody for some seconds.
pub async fn stalled_redis(deployment: &mut Deployment, rng: &mut Rng) {
    let stall = rng.u64(1_500..5_000);
    let redis = deployment.redis.as_ref().expect("there is a Redis");
    assert_eq!(redis.command(&["CLIENT", "PAUSE", &stall.to_string()]).await, "OK");
    sleep_ms(stall).await;
}

/// Redis has no memory left for a while: it refuses every command that needs some, and serves the others.
pub async fn full_redis(deployment: &mut Deployment, rng: &mut Rng) {
    let redis = deployment.redis.as_ref().expect("there is a Redis");
    assert_eq!(redis.command(&["CONFIG", "SET", "maxmemory", "1"]).await, "OK");
    assert!(redis.command(&["SET", "more", "memory"]).await.contains("OOM"), "Redis still has memory");
    sleep_ms(rng.u64(500..3_000)).await;
    assert_eq!(redis.command(&["CONFIG", "SET", "maxmemory", "0"]).await, "OK");
}

/// An immediate shutdown of Postgres: it comes back through recovery.
pub async fn postgres(deployment: &mut Deployment, rng: &mut Rng) {
    let postgres = deployment.postgres.as_ref().expect("there is a Postgres");
    postgres.stop_at_once().await;
    a_moment(rng).await;
    postgres.resume().await;
}

/// All of it at the same moment.
pub async fn everything(deployment: &mut Deployment, rng: &mut Rng) {
    let (redis, postgres) = (deployment.redis.as_mut(), deployment.postgres.as_ref());
    let (redis, postgres) = (redis.expect("there is a Redis"), postgres.expect("there is a Postgres"));
    for gateway in &mut deployment.gateways {
        gateway.process.kill();
    }
    for worker in &mut deployment.workers {
        worker.kill();
    }
    redis.kill();
    postgres.stop_at_once().await;
    a_moment(rng).await;
    // Whoever comes up before what it needs has to wait for it.
    for (number, node) in deployment.gateways.iter_mut().enumerate() {
        node.process = deployment.installation.start_again("gateway", &format!("gateway-{}", number + 1), node.address);
    }
    for (number, worker) in deployment.workers.iter_mut().enumerate() {
        *worker = deployment.installation.worker(&format!("worker-{}", number + 1));
    }
    a_moment(rng).await;
    postgres.resume().await;
    redis.restart().await;
}
