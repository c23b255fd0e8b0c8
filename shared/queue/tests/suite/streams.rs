//! The contract, held against Redis Streams.

use crate::{
    child,
    contract::contract,
    rig::{Doomed, Rig, operation_of},
    server::TestRedis,
};
use muster_domain::{AccountId, OperationBatch};
use muster_queue::{Queue, QueueSettings};

/// One server; every queue is a connection of its own, like another process has.
pub struct Streams {
    pub server: TestRedis,
}

pub const PREFIX: &str = "test";

impl Streams {
    pub async fn start() -> Option<Self> {
        TestRedis::start().await.map(|server| Self { server })
    }
}

impl Rig for Streams {
    async fn queue(&self, settings: QueueSettings) -> Queue {
        let settings = QueueSettings { url: self.server.url(), prefix: PREFIX.to_owned(), ..settings };
        Queue::connect(settings).await.expect("the URL is well-formed")
    }

    async fn doomed_worker(&self, _: &Queue) -> Doomed {
        Doomed::Process(child::start(&self.server.url(), PREFIX, child::HANG))
    }

    async fn flood(&self, queue: &Queue, count: usize) {
        let mut connection = self.server.connection().await.expect("the server runs");
        let now = queue.now_ms();
        let numbers: Vec<usize> = (0..count).collect();
        for part in numbers.chunks(2000) {
            let mut pipeline = redis::pipe();
            for number in part {
                let batch = OperationBatch::new(None, vec![operation_of(AccountId::new(), &number.to_string(), now)]);
                let message = serde_json::to_vec(&batch).expect("a batch is plain data");
                pipeline.cmd("XADD").arg("{test}:operations").arg("*").arg("m").arg(message).ignore();
            }
            pipeline.query_async::<()>(&mut connection).await.expect("the server has room");
        }
    }
}

contract!(Streams);
