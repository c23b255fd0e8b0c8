//! Bounds, fairness, giving up, starting and stopping.

use crate::{
    handler::Behaviour,
    rig::{Rig, Worker, all_applied, call, calls, client, depth, operation_of, quick, until},
};
use futures::future::join_all;
use muster_domain::AccountId;
use muster_queue::{CallError, ClientSettings, QueueSettings, WorkerSettings};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub async fn a_full_queue_refuses_at_once(rig: &impl Rig) {
    let queue = rig.queue(QueueSettings { max_depth: 5, claim_idle: Duration::from_secs(30), ..quick() }).await;
    let settings = ClientSettings { batch_max: 1, depth_every: Duration::from_millis(10), ..ClientSettings::default() };
    let client = queue.operation_client(settings);
    let mut waiting = Vec::new();
    for number in 0..5_u64 {
        waiting.extend(calls(&queue, &client, [number.to_string()]));
        until("it is queued", || async { depth(&queue).await.depth == number + 1 }).await;
    }
    until("the queue is seen to be full", || async {
        let now = queue.now_ms();
        // One that is let in for the moment does not wait, and nobody waits for it.
        let extra = client.call(operation_of(AccountId::new(), "extra", now), now);
        matches!(extra.await, Err(CallError::Overloaded { .. }))
    })
    .await;
    let _worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
    until("it is let in again", || async { call(&queue, &client, "later").await.is_ok() }).await;
}

pub async fn places_are_bounded_and_shared_fairly(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = queue.operation_client(ClientSettings { max_in_flight: 32, ..ClientSettings::default() });
    let (busy, other, third) = (AccountId::new(), AccountId::new(), AccountId::new());
    let now = queue.now_ms();
    let start = |account: AccountId| {
        let client = client.clone();
        tokio::spawn(async move { client.call(operation_of(account, "x", now), now + 60_000).await })
    };
    let mut waiting: Vec<_> = (0..28).map(|_| start(busy)).collect();
    until("seven eighths are taken", || async { client.in_flight() == 28 }).await;
    let more = client.call(operation_of(busy, "x", now), now + 60_000).await;
    assert!(matches!(more, Err(CallError::AccountBusy { .. })), "{more:?}");
    waiting.extend((0..4).map(|_| start(other)));
    until("a newcomer has the rest", || async { client.in_flight() == 32 }).await;
    let full = client.call(operation_of(third, "x", now), now + 60_000).await;
    assert!(matches!(full, Err(CallError::Overloaded { .. })), "{full:?}");
    let _worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
    assert_eq!(client.in_flight(), 0);
}

pub async fn a_caller_that_goes_away_gives_its_place_back(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let waiting = calls(&queue, &client, (0..100).map(|number| number.to_string()));
    until("all wait", || async { client.in_flight() == 100 }).await;
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    until("all places are free", || async { client.in_flight() == 0 }).await;
    let _worker = Worker::start(&queue, |_| Behaviour::Apply);
    assert!(call(&queue, &client, "next").await.is_ok());
}

pub async fn a_call_that_nobody_answers_ends(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let now = queue.now_ms();
    let ended = client.call(operation_of(AccountId::new(), "x", now), now + 700).await;
    assert_eq!(ended, Err(CallError::NoReply), "it stands in the queue");
    assert_eq!(client.in_flight(), 0);
}

pub async fn a_graceful_stop_loses_nothing_and_answers_what_is_in_flight(rig: &impl Rig) {
    // Nothing may come back for having been idle: what the first worker had not started has to be given back.
    let queue = rig.queue(QueueSettings { claim_idle: Duration::from_secs(20), read_count: 64, ..quick() }).await;
    let client = queue.operation_client(ClientSettings { batch_max: 1, ..ClientSettings::default() });
    let settings = || WorkerSettings { concurrency: 4, ..WorkerSettings::default() };
    let slow = || crate::handler::TestHandler::new(|_| Behaviour::ApplyAfter(Duration::from_millis(30)));
    let waiting = calls(&queue, &client, (0..200).map(|number| number.to_string()));
    let first = Worker::start_with(&queue, settings(), slow());
    until("the first has begun", || async { first.handler.seen().len() >= 8 }).await;
    let handler = first.handler.clone();
    first.stop().await.expect("it drains");
    let by_first = handler.seen().len();
    assert!(by_first < 200, "there is something left to give back");
    let second = Worker::start_with(&queue, settings(), slow());
    all_applied(waiting).await;
    let (a, b) = (handler.seen().clone(), second.handler.seen().clone());
    assert_eq!(by_first, a.len(), "a stopped worker starts nothing");
    assert_eq!(a.len() + b.len(), 200, "nothing was handed out twice");
    assert!(a.iter().chain(&b).all(|seen| seen.attempt == 1), "what was not started counts as never handed out");
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
}

pub async fn a_worker_told_to_stop_before_it_started_stops(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let told = CancellationToken::new();
    told.cancel();
    let handler = crate::handler::TestHandler::new(|_| Behaviour::Apply);
    queue.run_operation_worker("early", WorkerSettings::default(), handler, told).await.expect("it stops");
}

pub async fn twenty_workers_start_at_once_under_names_of_their_own(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    for _ in 0..3 {
        let workers: Vec<Worker> = (0..20).map(|_| Worker::start(&queue, |_| Behaviour::Apply)).collect();
        until("the group knows twenty", || async { depth(&queue).await.consumers >= 20 }).await;
        assert_eq!(depth(&queue).await.consumers, 20);
        all_applied(calls(&queue, &client, (0..100).map(|number| number.to_string()))).await;
        for ended in join_all(workers.into_iter().map(Worker::stop)).await {
            ended.expect("it drains");
        }
        assert_eq!(depth(&queue).await.consumers, 0, "a stopped worker leaves the group");
    }
}
