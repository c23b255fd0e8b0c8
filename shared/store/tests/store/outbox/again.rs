//! What caused a mail, and sending one again.

use super::MINUTE;
use crate::rig::{World, on_each, taken};
use muster_domain::{AccountId, Operation, TraceParent};
use muster_store::{
    StoreError, now_ms,
    outbox::{self, Ending, MailStatus},
};

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

#[tokio::test]
async fn a_mail_is_sent_again_when_it_was_sent_and_somebody_still_gets_it() {
    on_each(async |world: World| {
        world.list("ops@acme.test", Some("00:00-23:59")).await;
        assert_eq!(world.test_mail(1_000).await, 1);
        let first = world.mails().await.remove(0);
        let resend = |now_ms| outbox::resend(&world.store, world.account, first.id, now_ms);
        assert!(matches!(resend(2_000).await, Err(StoreError::Conflict(_))), "it still waits");
        let due = first.due_ms;
        assert_eq!(world.attempt(due, Ending::Taken, "250 kept").await, MailStatus::Sent);
        let again = resend(due + 1).await.unwrap();
        let mails = world.mails().await;
        assert_eq!((mails.len(), mails[1].id, mails[1].due_ms, mails[1].held), (2, again, due + 1, None), "past quiet hours");
        assert_eq!((&mails[1].content, mails[1].key == mails[0].key), (&mails[0].content, false));
        assert_eq!(world.attempt(due + 1, Ending::Taken, "250 kept").await, MailStatus::Sent, "{}", world.engine);
        assert!(outbox::resend(&world.store, AccountId::new(), first.id, due + 2).await.is_err(), "nobody else's");
        let lease = outbox::lease(&world.store, world.account, "ops@acme.test", due + 3, due + 4).await.unwrap().unwrap();
        assert!(outbox::unsubscribe(&world.store, &lease.token, due + 3).await.unwrap());
        assert!(matches!(resend(due + 4).await, Err(StoreError::Conflict(_))), "not to whoever has unsubscribed");
    })
    .await;
}

#[tokio::test]
async fn a_mail_is_sent_again_to_whoever_gets_mail_now_and_to_nobody_else() {
    on_each(async |world: World| {
        world.administrator("boss@acme.test").await;
        world.test_mail(1_000).await;
        let first = world.mails().await[0].id;
        let resend = async || outbox::resend(&world.store, world.account, first, 3_000).await;
        assert!(matches!(resend().await, Err(StoreError::Conflict(_))), "it waits");
        assert_eq!(world.attempt(2_000, Ending::Taken, "250 kept").await, MailStatus::Sent);
        resend().await.expect("to the administrator, as nobody is on the list");
        assert_eq!(world.statuses().await, [MailStatus::Sent, MailStatus::Pending]);
        world.list("ops@acme.test", None).await;
        assert!(matches!(resend().await, Err(StoreError::Conflict(_))), "the administrator gets no mail any more");
        outbox::remove(&world.store, world.account, &"ops@acme.test".parse().unwrap()).await.unwrap();
        resend().await.expect("the list is empty again");
    })
    .await;
}
