//! The contract, held against the in-process backend.

use crate::{
    contract::contract,
    handler::{Behaviour, TestHandler},
    rig::{Doomed, Rig, depth, operation_of, until},
};
use futures::{StreamExt, stream::FuturesUnordered};
use muster_domain::AccountId;
use muster_queue::{ClientSettings, Queue, QueueSettings, WorkerSettings};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// One process, one queue.
#[derive(Default)]
struct Local {
    queue: OnceCell<Queue>,
}

impl Local {
    async fn start() -> Option<Self> {
        Some(Self::default())
    }
}

impl Rig for Local {
    async fn queue(&self, settings: QueueSettings) -> Queue {
        let open = || async { Queue::connect(QueueSettings { url: "local".to_owned(), ..settings }).await.expect("local settings") };
        self.queue.get_or_init(open).await.clone()
    }

    async fn doomed_worker(&self, queue: &Queue) -> Doomed {
        let queue = queue.clone();
        Doomed::Task(tokio::spawn(async move {
            let (handler, told) = (TestHandler::new(|_| Behaviour::Hang), CancellationToken::new());
            let _ = queue.run_operation_worker("doomed", WorkerSettings::default(), handler, told).await;
        }))
    }

    async fn flood(&self, queue: &Queue, count: usize) {
        let settings = ClientSettings { max_in_flight: count * 2, batch_max: 1, ..ClientSettings::default() };
        let client = queue.operation_client(settings);
        let before = usize::try_from(depth(queue).await.depth).expect("a depth fits");
        let now = queue.now_ms();
        let mut calls: FuturesUnordered<_> =
            (0..count).map(|number| client.call(operation_of(AccountId::new(), &number.to_string(), now), now + 60_000)).collect();
        tokio::select! {
            ended = calls.next() => panic!("nobody can have answered: {ended:?}"),
            () = until("everything is queued", || async { depth(queue).await.depth >= (before + count) as u64 }) => {}
        }
    }
}

contract!(Local);
