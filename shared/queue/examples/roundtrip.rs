//! Measures the round trip of the queue: clients that call one operation after the other, and a handler that does nothing.
//!
//! `cargo run --release -p muster-queue --example roundtrip -- local 64 5`
//! `cargo run --release -p muster-queue --example roundtrip -- redis://127.0.0.1:6379 1 5`

use muster_domain::{AccountId, Actor, Change, Operation, OperationId, Outcome, OutcomeCode, Reply};
use muster_queue::{ClientSettings, Delivery, HandlerError, OperationHandler, Queue, QueueSettings, WorkerSettings};
use muster_scim::{Resource, ResourceType};
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[derive(Clone)]
struct Nothing;

impl OperationHandler for Nothing {
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Result<Vec<Reply>, HandlerError>> + Send {
        let done = || Outcome::done(OutcomeCode::Applied, 201, Some(1), None);
        std::future::ready(Ok(delivery.batch.operations.iter().map(|one| Reply { operation: one.id, outcome: done() }).collect()))
    }

    async fn set_aside(&self, _: Delivery, _: String) -> Vec<Reply> {
        Vec::new()
    }
}

fn operation(account: AccountId, now: i64) -> Operation {
    let mut resource = Resource::new();
    resource.insert("userName".to_owned(), "someone@example.com".into());
    resource.insert("displayName".to_owned(), "x".repeat(300).into());
    Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Command,
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Replace { resource },
        if_match: None,
        accepted_ms: now,
        deadline_ms: now + 20_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "local".to_owned());
    let clients: usize = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let prefix = format!("roundtrip-{}", std::process::id());
    let queue = Queue::connect(QueueSettings { url, prefix, ..QueueSettings::default() }).await?;
    let shutdown = CancellationToken::new();
    let (worker_queue, told) = (queue.clone(), shutdown.clone());
    let worker = tokio::spawn(async move { worker_queue.run_operation_worker("bench", WorkerSettings::default(), Nothing, told).await });
    let client = queue.operation_client(ClientSettings::default());
    client.call(operation(AccountId::new(), queue.now_ms()), queue.now_ms() + 10_000).await?;

    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut callers = Vec::new();
    for _ in 0..clients {
        let (client, queue, account) = (client.clone(), queue.clone(), AccountId::new());
        callers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let one = operation(account, queue.now_ms());
                let called = Instant::now();
                client.call(one, queue.now_ms() + 20_000).await?;
                times.push(called.elapsed());
            }
            Ok::<_, muster_queue::CallError>(times)
        }));
    }
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await??);
    }
    let elapsed = started.elapsed();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "{clients} clients: {:.0}/s, p50 {:?}, p90 {:?}, p99 {:?}, max {:?}",
        times.len() as f64 / elapsed.as_secs_f64(),
        at(0.5),
        at(0.9),
        at(0.99),
        times.last().copied().unwrap_or_default()
    );
    shutdown.cancel();
    worker.await??;
    println!("status: {}", serde_json::to_string(&queue.status().await?)?);
    Ok(())
}
