//! What can happen to Redis while calls are in flight. In the end every call has its answer.

use crate::{
    handler::Behaviour,
    rig::{Rig, Worker, all_applied, call, calls, client, depth, operation_of, quick, until},
    server::TestRedis,
    streams::{PREFIX, Streams},
};
use muster_domain::{AccountId, Outcome};
use muster_queue::{CallError, OperationClient, Queue, QueueSettings};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Callers that call one operation after the other until they are told to stop; they want every one applied.
struct Load {
    stop: CancellationToken,
    callers: Vec<JoinHandle<usize>>,
}

impl Load {
    fn start(queue: &Queue, client: &OperationClient, callers: usize) -> Self {
        let stop = CancellationToken::new();
        let start = |number: usize| {
            let (queue, client, stop) = (queue.clone(), client.clone(), stop.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.is_cancelled() {
                    let outcome = call(&queue, &client, &format!("{number}-{answered}")).await;
                    assert!(outcome.as_ref().is_ok_and(Outcome::is_success), "caller {number}, call {answered}: {outcome:?}");
                    answered += 1;
                }
                answered
            })
        };
        let callers = (0..callers).map(start).collect();
        Self { stop, callers }
    }

    async fn stop(self) -> usize {
        self.stop.cancel();
        let mut answered = 0;
        for caller in self.callers {
            answered += caller.await.expect("every call is answered");
        }
        answered
    }
}

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_that_comes_back_loses_no_call() {
    let Some(mut rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::ApplyAfter(Duration::from_millis(5))));
    let load = Load::start(&queue, &client, 50);
    for _ in 0..3 {
        pause(700).await;
        rig.server.kill();
        pause(300).await;
        rig.server.boot().await;
    }
    pause(500).await;
    assert!(load.stop().await > 0);
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
    assert!(worker.handler.set_aside().is_empty());
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_for_four_seconds_loses_no_call() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::Apply));
    let load = Load::start(&queue, &client, 50);
    pause(300).await;
    rig.server.command(&["CLIENT", "PAUSE", "4000", "ALL"]).await.expect("the server runs");
    pause(4500).await;
    rig.server.signal("STOP");
    pause(4000).await;
    rig.server.signal("CONT");
    pause(300).await;
    assert!(load.stop().await > 0);
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_server_loses_no_call() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::ApplyAfter(Duration::from_millis(5))));
    let load = Load::start(&queue, &client, 50);
    for _ in 0..5 {
        pause(300).await;
        rig.server.command(&["FLUSHALL"]).await.expect("the server runs");
    }
    pause(300).await;
    assert!(load.stop().await > 0);
    until("the group is there again", || async { depth(&queue).await.consumers == 1 }).await;
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_when_the_server_is_flushed_is_pushed_again() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let waiting = calls(&queue, &client, (0..100).map(|number| number.to_string()));
    until("they are queued", || async { client.in_flight() == 100 && depth(&queue).await.depth > 0 }).await;
    rig.server.command(&["FLUSHALL"]).await.expect("the server runs");
    let _worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_only_waits_is_not_pushed_again() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(QueueSettings { claim_idle: Duration::from_secs(30), ..quick() }).await;
    let client = client(&queue);
    let waiting = calls(&queue, &client, ["patient".to_owned()]);
    until("it is queued", || async { depth(&queue).await.depth == 1 }).await;
    pause(2500).await;
    assert_eq!(depth(&queue).await.depth, 1, "five times its patience later there is still one message");
    let worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
    assert_eq!(worker.handler.attempts("patient").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_and_acknowledgements_outlive_every_connection() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::ApplyAfter(Duration::from_millis(5))));
    let load = Load::start(&queue, &client, 50);
    for _ in 0..20 {
        pause(100).await;
        rig.server.command(&["CLIENT", "KILL", "TYPE", "normal"]).await.expect("the server runs");
    }
    assert!(load.stop().await > 0);
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_that_end_while_the_server_is_away_are_settled_when_it_is_back() {
    let Some(mut rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let worker = Worker::start(&queue, |_| Behaviour::ApplyAfter(Duration::from_millis(1500)));
    let waiting = calls(&queue, &client, (0..20).map(|number| number.to_string()));
    until("they are in hand", || async { worker.handler.seen().len() == 20 }).await;
    // The append-only file is written once a second; what is lost with its tail is another test's.
    pause(1100).await;
    rig.server.kill();
    pause(1000).await;
    rig.server.boot().await;
    all_applied(waiting).await;
    until("the queue is empty", || async { depth(&queue).await.depth == 0 }).await;
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_says_whether_it_may_have_been_queued() {
    let Some(mut server) = TestRedis::prepare() else { return };
    let settings = QueueSettings { url: server.url(), prefix: PREFIX.to_owned(), ..quick() };
    let queue = Queue::connect(settings).await.expect("a server that is not there is no error");
    assert!(queue.ping().await.is_err());
    let client = client(&queue);
    let now = queue.now_ms();
    let mut operation = operation_of(AccountId::new(), "x", now);
    operation.deadline_ms = now + 500;
    let ended = client.call(operation, now + 30_000).await;
    assert!(matches!(ended, Err(CallError::Unavailable(_))), "it never left: {ended:?}");
    server.boot().await;
    let worker = Worker::start(&queue, |_| Behaviour::Apply);
    assert!(call(&queue, &client, "now").await.is_ok());
    worker.stop().await.expect("it drains");
    let now = queue.now_ms();
    server.signal("STOP");
    let ended = client.call(operation_of(AccountId::new(), "x", now), now + 500).await;
    server.signal("CONT");
    assert_eq!(ended, Err(CallError::NoReply), "it was sent, and nobody knows more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_consumers_are_removed_once_what_they_held_is_taken_over() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(QueueSettings { consumer_idle: Duration::from_secs(1), ..quick() }).await;
    let client = client(&queue);
    let doomed = rig.doomed_worker(&queue).await;
    let waiting = calls(&queue, &client, (0..5).map(|number| number.to_string()));
    until("the doomed worker holds something", || async { depth(&queue).await.pending > 0 }).await;
    doomed.vanish();
    let _worker = Worker::start(&queue, |_| Behaviour::Apply);
    all_applied(waiting).await;
    until("the group knows the living only", || async { depth(&queue).await.consumers == 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_set_aside() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let (client, worker) = (client(&queue), Worker::start(&queue, |_| Behaviour::Apply));
    let later = muster_domain::OperationBatch::VERSION + 1;
    let foreign = serde_json::json!({ "v": later, "reply_to": null, "operations": [] }).to_string();
    for message in ["{", foreign.as_str()] {
        rig.server.command(&["XADD", "{test}:operations", "*", "m", message]).await.expect("the server runs");
    }
    until("both are set aside", || async { depth(&queue).await.dead_letters == 2 }).await;
    assert!(call(&queue, &client, "sound").await.is_ok(), "the worker goes on");
    let letters = queue.dead_letters(muster_queue::OPERATIONS, 10).await.expect("the queue answers");
    let reasons: Vec<&str> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("cannot be read")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains(&format!("layout {later}"))), "{reasons:?}");
    worker.stop().await.expect("it drains");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_the_server_is_known() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    queue.ping().await.expect("the server runs");
    rig.flood(&queue, 3).await;
    let status = queue.status().await.expect("the queue answers");
    assert_eq!(status.backend.kind, "redis");
    assert!(status.backend.version.is_some());
    assert_eq!(status.backend.maxmemory_policy.as_deref(), Some("noeviction"));
    assert_eq!(status.backend.append_only, Some(true));
    assert_eq!((status.queues[0].depth, status.queues[0].pending), (3, 0));
    assert!(status.queues[0].oldest_age_ms.is_some());
}
