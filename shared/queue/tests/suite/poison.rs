//! A message that really ends the process of its worker.

use crate::{
    child,
    rig::{Rig, calls, client, depth, quick, until},
    streams::{PREFIX, Streams},
};
use muster_domain::OutcomeCode;
use muster_queue::OPERATIONS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_kills_its_worker_three_times_is_set_aside() {
    let Some(rig) = Streams::start().await else { return };
    let queue = rig.queue(quick()).await;
    let client = client(&queue);
    let waiting = calls(&queue, &client, (0..12).map(|number| if number == 5 { "poison".to_owned() } else { number.to_string() }));
    until("they are queued", || async { depth(&queue).await.depth > 0 && client.in_flight() == 12 }).await;
    // What a process manager does: a new worker whenever one has died.
    let url = rig.server.url();
    let finished = tokio_util::sync::CancellationToken::new();
    let done = finished.clone();
    let manager = tokio::spawn(async move {
        let mut deaths = 0;
        let mut worker = child::start(&url, PREFIX, child::DIE_OF_POISON);
        while !done.is_cancelled() {
            if worker.try_wait().expect("the child is ours").is_some() {
                deaths += 1;
                worker = child::start(&url, PREFIX, child::DIE_OF_POISON);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        worker.kill().expect("the child is ours");
        worker.wait().expect("the child was killed");
        deaths
    });
    let mut codes = Vec::new();
    for waiting in waiting {
        codes.push(waiting.await.expect("calls do not panic").map(|outcome| outcome.code));
    }
    finished.cancel();
    let deaths = manager.await.expect("the manager does not panic");
    for (number, code) in codes.into_iter().enumerate() {
        let expected = if number == 5 { OutcomeCode::SetAside } else { OutcomeCode::Applied };
        assert_eq!(code, Ok(expected), "operation {number}");
    }
    assert_eq!(deaths, 3, "its first hand-out in company, two alone");
    let letters = queue.dead_letters(OPERATIONS, 10).await.expect("the queue answers");
    assert_eq!(letters.len(), 1, "the neighbours are not among the dead: {letters:?}");
    assert_eq!(letters[0].deliveries, 3);
    assert!(letters[0].reason.contains("worker ended"), "{}", letters[0].reason);
}
