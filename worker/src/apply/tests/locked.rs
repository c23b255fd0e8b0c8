//! A row that somebody else holds: what waits for it, and what does not. Postgres alone locks rows.

use super::on_each;
use crate::committer::{self, CommitterStats};
use muster_domain::{BulkPart, Operation, Reply};
use muster_queue::EarlyReplies;
use muster_scim::ResourceType::User;
use muster_store::batch::Address;
use serde_json::json;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_neighbours_of_a_locked_row_in_its_message_do_not_wait_for_it() {
    on_each(|world| async move {
        if world.engine == "sqlite" {
            return;
        }
        let ada = world.user("ada@x.test").await;
        let address: Address = (world.account, ada);
        let tx = world.store.begin().await.expect("a transaction");
        let row = tx.load_users(&[address]).await.expect("the row").pop().expect("ada");
        tx.update_users(&mut [(row.version, &row)]).await.expect("it is locked");

        let title = json!([{"op": "add", "path": "title", "value": "T"}]);
        let slow = world.patch(User, ada, title.clone());
        let mut bulk = [world.create_user("bulk@x.test"), world.patch(User, ada, title)];
        let request_id = bulk[0].request_id;
        for operation in &mut bulk {
            (operation.request_id, operation.bulk) = (request_id, Some(Box::<BulkPart>::default()));
        }
        let quick: Vec<Operation> = (0..5).map(|i| world.create_user(&format!("u{i}@x.test"))).collect();
        let operations: Vec<Operation> = [slow.clone()].into_iter().chain(bulk.clone()).chain(quick.clone()).collect();

        let early = Arc::new(Mutex::new(Vec::<Reply>::new()));
        let sink = early.clone();
        let sink = EarlyReplies::new(move |replies| sink.lock().expect("no panic").extend(replies));
        let (handle, _committer) = committer::start(world.applier.clone(), 512, Arc::new(CommitterStats::default()));
        let applying = tokio::spawn(async move { handle.apply(operations, false, sink).await.expect("the committer lives") });
        while early.lock().expect("no panic").len() < quick.len() {
            assert!(!applying.is_finished(), "nothing was answered early");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(early.lock().expect("no panic").iter().all(|reply| quick.iter().any(|operation| operation.id == reply.operation)));
        tx.rollback().await.expect("it is free");
        let mut replies = applying.await.expect("no panic");
        replies.extend(early.lock().expect("no panic").drain(..));
        assert_eq!(replies.len(), 8);
        assert!(replies.iter().all(|reply| [200, 201].contains(&reply.outcome.status)), "{replies:?}");
    })
    .await;
}
