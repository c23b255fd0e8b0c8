//! What caused a mail.

use super::MINUTE;
use crate::rig::{World, on_each, taken};
use muster_domain::{Operation, TraceParent};
use muster_store::{now_ms, outbox};

#[tokio::test]
async fn a_mail_knows_the_trace_of_the_failure_that_caused_it() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        let trace: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
        let now = now_ms();
        let traced = Operation { trace: Some(trace), ..world.create("jdoe") };
        world.log(&[world.create("jdoe"), traced, world.create("jdoe")], &taken()).await;
        world.tick(now).await;
        let at = now + 10 * MINUTE;
        world.tick(at).await;
        let lease = world.lease(at).await.expect("a mail is due");
        let waiting = outbox::waiting(&world.store, &lease, at).await.unwrap();
        let mail = outbox::mark(&world.store, &lease, waiting[0].id, at, at + MINUTE).await.unwrap().expect("it waits");
        assert_eq!(mail.trace, Some(trace), "{}", world.engine);
    })
    .await;
}
