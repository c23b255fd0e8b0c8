//! Hand-out and answers when all is well.

use crate::{
    handler::{Behaviour, TestHandler},
    rig::{Rig, Worker, all_applied, call, calls, client, depth, quick, until},
};
use muster_queue::{ClientSettings, QueueSettings, WorkerSettings};
use std::{collections::HashSet, time::Duration};

pub async fn every_call_is_answered(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::Apply));
    all_applied(calls(&queue, &client, (0..500).map(|number| number.to_string()))).await;
    let names: HashSet<String> = worker.handler.seen().iter().map(|seen| seen.name.clone()).collect();
    assert_eq!(names.len(), 500, "each operation reached the handler");
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
    assert_eq!(client.in_flight(), 0);
    worker.stop().await.expect("it drains");
}

pub async fn messages_are_handed_out_in_the_order_they_came(rig: &impl Rig) {
    let queue = rig.queue(QueueSettings { claim_idle: Duration::from_secs(30), ..quick() }).await;
    let client = client(&queue);
    let mut waiting = Vec::new();
    for number in 0..40_u64 {
        waiting.extend(calls(&queue, &client, [number.to_string()]));
        until("it is queued", || async { depth(&queue).await.depth == number + 1 }).await;
    }
    let settings = WorkerSettings { concurrency: 1, ..WorkerSettings::default() };
    let worker = Worker::start_with(&queue, settings, TestHandler::new(|_| Behaviour::Apply));
    all_applied(waiting).await;
    let order: Vec<String> = worker.handler.seen().iter().map(|seen| seen.name.clone()).collect();
    assert_eq!(order, (0..40).map(|number| number.to_string()).collect::<Vec<_>>());
}

pub async fn calls_that_come_together_travel_together(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = queue.operation_client(ClientSettings { batch_max: 50, ..ClientSettings::default() });
    let worker = Worker::start(&queue, |_| Behaviour::Apply);
    let now = queue.now_ms();
    let one = |number: usize| {
        let operation = crate::rig::operation_of(muster_domain::AccountId::new(), &number.to_string(), now);
        client.call(operation, now + 60_000)
    };
    // In one task, so that all of them have called before anything is pushed a second time.
    for outcome in futures::future::join_all((0..400).map(one)).await {
        outcome.expect("it is applied");
    }
    let seen = worker.handler.seen();
    assert!(seen.iter().all(|seen| seen.together <= 50), "a message has its bound");
    assert!(seen.iter().any(|seen| seen.together > 1), "what gathers leaves together");
}

pub async fn many_queued_messages_drain(rig: &impl Rig) {
    const MANY: usize = 200_000;
    let queue = rig.queue(QueueSettings { claim_idle: Duration::from_secs(30), max_depth: MANY * 2, ..QueueSettings::default() }).await;
    rig.flood(&queue, MANY).await;
    assert_eq!(depth(&queue).await.depth, MANY as u64);
    let worker = Worker::start(&queue, |_| Behaviour::Apply);
    // A backlog like this takes a debug build a while, so the wait is for standstill, not for a time.
    let mut left = u64::MAX;
    while left > 0 {
        let before = left;
        until("the backlog shrinks", || async { depth(&queue).await.depth < before }).await;
        left = depth(&queue).await.depth;
    }
    let names: HashSet<String> = worker.handler.seen().iter().map(|seen| seen.name.clone()).collect();
    assert_eq!(names.len(), MANY);
    worker.stop().await.expect("it drains");
}

pub async fn a_second_reply_is_harmless(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let (client, _worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::ApplyTwice));
    all_applied(calls(&queue, &client, (0..50).map(|number| number.to_string()))).await;
    assert!(call(&queue, &client, "after").await.is_ok());
    assert_eq!(client.in_flight(), 0);
}
