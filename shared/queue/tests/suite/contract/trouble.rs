//! Workers that vanish, handlers that fail, and messages that are to blame for it.

use crate::{
    handler::{Behaviour, TestHandler},
    rig::{Rig, Worker, all_applied, call, calls, client, depth, name_of, quick, until},
};
use muster_domain::{AccountId, Operation, OperationBatch, OutcomeCode};
use muster_queue::{Delivery, OPERATIONS, Queue, QueueSettings, WorkerSettings};
use std::time::Duration;

fn has(delivery: &Delivery, name: &str) -> bool {
    delivery.batch.operations.iter().any(|operation| name_of(operation) == name)
}

pub async fn what_a_vanished_worker_held_is_applied_by_another(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let doomed = rig.doomed_worker(&queue).await;
    let waiting = calls(&queue, &client, (0..20).map(|number| number.to_string()));
    until("the doomed worker holds something", || async { depth(&queue).await.pending > 0 }).await;
    doomed.vanish();
    let worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
    assert!(worker.handler.seen().iter().any(|seen| seen.attempt > 1 && seen.isolate && seen.together == 1));
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
}

pub async fn a_failed_message_comes_back_and_is_answered(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let worker = Worker::start(&queue, |delivery| if delivery.attempt == 1 { Behaviour::Fail } else { Behaviour::Apply });
    all_applied(calls(&queue, &client, (0..10).map(|number| number.to_string()))).await;
    for number in 0..10 {
        let attempts = worker.handler.attempts(&number.to_string());
        assert!(attempts.iter().any(|seen| seen.attempt == 2 && seen.isolate), "{attempts:?}");
    }
    assert!(worker.handler.set_aside().is_empty());
}

pub async fn a_panicking_handler_does_not_stop_the_worker(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let worker = Worker::start(&queue, |delivery| match has(delivery, "panics") && delivery.attempt == 1 {
        true => Behaviour::Panic,
        false => Behaviour::Apply,
    });
    assert!(call(&queue, &client, "panics").await.is_ok(), "it is answered when it comes back");
    assert!(call(&queue, &client, "calm").await.is_ok());
    worker.stop().await.expect("it drains");
}

pub async fn a_poisonous_operation_is_set_aside_and_its_neighbours_are_applied(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let waiting = calls(&queue, &client, (0..30).map(|number| if number == 17 { "poison".to_owned() } else { number.to_string() }));
    until("they are queued", || async { client.in_flight() == 30 && depth(&queue).await.depth > 0 }).await;
    let worker = Worker::start(&queue, |delivery| if has(delivery, "poison") { Behaviour::Panic } else { Behaviour::Apply });
    for (number, waiting) in waiting.into_iter().enumerate() {
        let outcome = waiting.await.expect("calls do not panic").expect("everyone is answered");
        let expected = if number == 17 { OutcomeCode::SetAside } else { OutcomeCode::Applied };
        assert_eq!(outcome.code, expected, "operation {number}");
    }
    let attempts: Vec<u32> = worker.handler.attempts("poison").iter().map(|seen| seen.attempt).collect();
    assert_eq!(attempts, [1, 2, 3], "it is handed out as often as allowed");
    let set_aside = worker.handler.set_aside();
    assert_eq!(set_aside.len(), 1, "it is set aside once: {set_aside:?}");
    assert_eq!((set_aside[0].0.name.as_str(), set_aside[0].0.attempt, set_aside[0].0.together), ("poison", 3, 1));
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
    let letters = queue.dead_letters(OPERATIONS, 10).await.expect("the queue answers");
    assert_eq!((letters.len(), depth(&queue).await.dead_letters), (1, 1));
    let letter = &letters[0];
    let kept: OperationBatch = serde_json::from_str(&letter.payload).expect("the payload is the message");
    assert_eq!(kept.operations.iter().map(name_of).collect::<Vec<_>>(), ["poison"]);
    assert_eq!(letter.deliveries, 3);
    assert!(letter.reason.contains("told to panic"), "{}", letter.reason);
    assert!((queue.now_ms() - letter.at_ms).abs() < 600_000);
}

pub async fn a_message_that_was_set_aside_is_replayed_under_its_ids_or_discarded(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let calm = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let worker = {
        let calm = calm.clone();
        Worker::start(&queue, move |_| if calm.load(std::sync::atomic::Ordering::Relaxed) { Behaviour::Apply } else { Behaviour::Fail })
    };
    for name in ["first", "second"] {
        assert_eq!(call(&queue, &client, name).await.expect("it is answered").code, OutcomeCode::SetAside);
    }
    until("both are set aside", || async { depth(&queue).await.dead_letters == 2 }).await;
    let letters = queue.dead_letters(OPERATIONS, 10).await.expect("the queue answers");
    let of =
        |name: &str| letters.iter().find(|letter| letter.operations().is_some_and(|all| name_of(&all[0]) == name)).expect("it is there");
    let (first, second) = (of("first"), of("second"));
    assert_eq!(queue.dead_letter(OPERATIONS, &first.id).await.expect("it answers").as_ref(), Some(first));

    calm.store(true, std::sync::atomic::Ordering::Relaxed);
    let before = worker.handler.seen().len();
    assert!(queue.replay(OPERATIONS, &first.id, 60_000).await.expect("it is enqueued"));
    until("it is handled", || async { worker.handler.seen().len() > before && depth(&queue).await.depth == 0 }).await;
    let seen = worker.handler.seen().last().cloned().expect("it was seen");
    assert_eq!((seen.name.as_str(), seen.attempt, seen.isolate), ("first", 1, false), "as if it were new");

    assert!(queue.discard(OPERATIONS, &second.id).await.expect("it is forgotten"));
    assert_eq!(depth(&queue).await.dead_letters, 0);
    for id in [first.id.as_str(), second.id.as_str(), "-", "+", "0-1", "nonsense"] {
        assert!(!queue.discard(OPERATIONS, id).await.expect("it answers"), "{id}");
        assert!(!queue.replay(OPERATIONS, id, 60_000).await.expect("it answers"), "{id}");
    }
    assert_eq!(worker.handler.seen().len(), before + 1, "nothing else was handed out");
}

pub async fn a_slow_handler_keeps_its_message(rig: &impl Rig) {
    let idle = Duration::from_secs(2);
    let queue = rig.queue(QueueSettings { claim_idle: idle, ..quick() }).await;
    let client = client(&queue);
    let slow = move |_: &Delivery| Behaviour::ApplyAfter(idle * 3);
    let (one, two) = (Worker::start(&queue, slow), Worker::start(&queue, slow));
    assert!(call(&queue, &client, "slow").await.is_ok());
    assert_eq!(one.handler.seen().len() + two.handler.seen().len(), 1, "nobody took it over, though it was in hand for long");
}

pub async fn a_handler_that_never_ends_is_given_up(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let settings = WorkerSettings { handler_timeout: Duration::from_millis(200), ..WorkerSettings::default() };
    let worker = Worker::start_with(&queue, settings, TestHandler::new(|_| Behaviour::Hang));
    let outcome = call(&queue, &client, "endless").await.expect("it is answered");
    assert_eq!(outcome.code, OutcomeCode::SetAside);
    let set_aside = worker.handler.set_aside();
    assert!(set_aside[0].1.contains("did not end within"), "{set_aside:?}");
}

pub async fn one_hand_out_can_be_all_there_is(rig: &impl Rig) {
    let queue = rig.queue(QueueSettings { max_deliveries: 1, ..quick() }).await;
    let client = client(&queue);
    let worker = Worker::start(&queue, |_| Behaviour::Fail);
    let outcome = call(&queue, &client, "once").await.expect("it is answered");
    assert_eq!(outcome.code, OutcomeCode::SetAside);
    assert_eq!(worker.handler.attempts("once").len(), 1);
}

pub async fn a_bulk_stays_whole_even_when_it_comes_back(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let worker = Worker::start(&queue, |delivery| if delivery.attempt == 1 { Behaviour::Fail } else { Behaviour::Apply });
    let (now, account, request_id) = (queue.now_ms(), AccountId::new(), uuid::Uuid::now_v7());
    let part =
        |number: usize| Operation { request_id, bulk: Some(Box::default()), ..crate::rig::operation_of(account, &number.to_string(), now) };
    let single = call(&queue, &client, "single");
    let bulk = client.admit((0..300).map(part).collect::<Vec<_>>()).expect("there is room").outcomes(now + 60_000);
    let (outcomes, single) = tokio::join!(bulk, single);
    assert_eq!(outcomes.expect("it is answered").len(), 300);
    single.expect("it is answered");
    for seen in worker.handler.seen().iter() {
        assert_eq!(seen.together, if seen.name == "single" { 1 } else { 300 }, "{seen:?}");
    }
    assert_eq!(client.in_flight(), 0);
}

pub async fn replies_that_come_early_do_not_wait_and_the_message_does(rig: &impl Rig) {
    let queue = rig.queue(quick()).await;
    // Whether two calls travel together is up to the moment the first of them is pushed.
    for _ in 0..20 {
        if answered_early(&queue).await {
            return;
        }
    }
    panic!("two calls at once never travelled together");
}

/// Calls twice at once, one of the two slow. False when they did not travel together, which proves nothing.
async fn answered_early(queue: &Queue) -> bool {
    let client = client(queue);
    let told = std::sync::Arc::new(tokio::sync::Notify::new());
    let handler = TestHandler::new({
        let told = told.clone();
        move |_| Behaviour::EarlyBut("slow", told.clone())
    });
    let now = queue.now_ms();
    let one = |name: &str| client.call(crate::rig::operation_of(AccountId::new(), name, now), now + 60_000);
    let slow = one("slow");
    tokio::pin!(slow);
    let quick_one = one("quick");
    tokio::pin!(quick_one);
    assert!(futures::poll!(&mut slow).is_pending() && futures::poll!(&mut quick_one).is_pending());
    let worker = Worker::start_with(queue, WorkerSettings::default(), handler);
    quick_one.await.expect("it does not wait for its neighbour");
    assert!(futures::poll!(&mut slow).is_pending());
    // An acknowledgement may follow its answer by a moment; the message of the slow one has to stay.
    until("one message is left", || async { depth(queue).await.depth == 1 }).await;
    told.notify_one();
    slow.await.expect("it is answered");
    until("the message is forgotten", || async { depth(queue).await.depth == 0 }).await;
    let together = worker.handler.seen().iter().all(|seen| seen.together == 2 && seen.attempt == 1);
    worker.stop().await.expect("it drains");
    together
}
