//! Mails: who gets which, once, and what becomes of them.

mod again;

use crate::rig::{World, on_each, taken};
use muster_domain::{
    Role, SecretKey, UserId,
    incident::Cause,
    notify::{Content, FoldReason, Folded, FoldedLine, GIVE_UP_AFTER_MS, MailKey, Stage, TestMail},
};
use muster_scim::Resource;
use muster_store::{
    UserRow, incidents, keys, now_ms,
    outbox::{self, Ending, Lease, MailStatus, NewMail, NewRecipient, SentMail, Source},
};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

const MINUTE: i64 = 60_000;

impl World {
    async fn list(&self, address: &str, quiet_hours: Option<&str>) {
        let new = NewRecipient {
            address: address.parse().unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
            quiet_hours: quiet_hours.map(str::to_owned),
        };
        outbox::add(&self.store, self.account, &new, now_ms()).await.unwrap();
    }

    /// Makes a user with this address the SCIM administrator.
    async fn administrator(&self, email: &str) {
        let body = json!({"userName": email, "emails": [{"value": email, "primary": true}]});
        let user = UserRow {
            account: self.account,
            id: UserId::new().0,
            role: Role::Administrator,
            resource: Resource::from_iter(body.as_object().unwrap().clone()),
            version: 1,
            created_ms: now_ms(),
            modified_ms: now_ms(),
        };
        let tx = self.store.begin().await.unwrap();
        tx.insert_users(&mut [&user]).await.unwrap();
        tx.commit().await.unwrap();
        keys::generate(&self.store, self.account, UserId(user.id), &SecretKey::generate()).await.unwrap();
    }

    async fn test_mail(&self, now_ms: i64) -> usize {
        let mail = NewMail {
            key: MailKey::test(Uuid::now_v7()),
            thread: None,
            content: Content::Test(TestMail { at_ms: now_ms }),
            attachment: None,
            immediate: false,
            trace: None,
        };
        outbox::write(&self.store, self.account, &mail, now_ms).await.unwrap()
    }

    /// Counts what failed and plans, as the worker does, until nothing is left to do.
    async fn tick(&self, now_ms: i64) {
        while incidents::fold(&self.store, now_ms).await.unwrap() > 0 {}
        while outbox::plan(&self.store, now_ms).await.unwrap() > 0 {}
    }

    async fn mails(&self) -> Vec<SentMail> {
        let mut mails = outbox::recent(&self.store, self.account, 1_000).await.unwrap();
        mails.reverse();
        mails
    }

    async fn statuses(&self) -> Vec<MailStatus> {
        self.mails().await.iter().map(|mail| mail.status).collect()
    }

    /// Leases the one recipient with something due.
    async fn lease(&self, now_ms: i64) -> Option<Lease> {
        let due = outbox::due_recipients(&self.store, now_ms, 10).await.unwrap();
        let (account, key) = due.first()?;
        outbox::lease(&self.store, *account, key, now_ms, now_ms + 2 * MINUTE).await.unwrap()
    }

    /// One attempt at the oldest mail that waits.
    async fn attempt(&self, now_ms: i64, ending: Ending, reply: &str) -> MailStatus {
        let lease = self.lease(now_ms).await.expect("something is due");
        let waiting = outbox::waiting(&self.store, &lease, now_ms).await.unwrap();
        let mail = outbox::mark(&self.store, &lease, waiting[0].id, now_ms, now_ms + 2 * MINUTE).await.unwrap().expect("it waits");
        let status = outbox::end(&self.store, &lease, &mail, &ending, reply, now_ms).await.unwrap();
        outbox::release(&self.store, &lease).await.unwrap();
        status
    }
}

fn stages(mails: &[SentMail]) -> Vec<(Stage, u64)> {
    mails
        .iter()
        .filter_map(|mail| match &mail.content {
            Content::Incident(incident) => Some((incident.stage, incident.failures)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn the_administrator_gets_mail_until_somebody_is_on_the_list() {
    on_each(async |world: World| {
        assert_eq!(world.test_mail(1_000).await, 0, "nobody yet");
        world.administrator("boss@acme.test").await;
        assert_eq!(world.test_mail(1_000).await, 1);
        let who = outbox::list(&world.store, world.account, 1_000).await.unwrap();
        assert_eq!((who[0].address.as_str(), who[0].source), ("boss@acme.test", Source::Administrator));
        world.list("ops@acme.test", None).await;
        world.list("OPS@acme.test", None).await;
        world.list("second@acme.test", None).await;
        assert_eq!(world.test_mail(2_000).await, 2);
        let who = outbox::list(&world.store, world.account, 1_000).await.unwrap();
        assert_eq!(who.iter().map(|who| who.address.as_str()).collect::<Vec<_>>(), ["OPS@acme.test", "second@acme.test"]);
        assert!(outbox::remove(&world.store, world.account, &"ops@ACME.test".parse().unwrap()).await.unwrap());
        assert!(!outbox::remove(&world.store, world.account, &"ops@acme.test".parse().unwrap()).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn whoever_unsubscribes_gets_nothing_any_more() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        assert_eq!(world.test_mail(1_000).await, 1);
        let lease = world.lease(1_000).await.unwrap();
        outbox::release(&world.store, &lease).await.unwrap();
        assert!(outbox::unsubscribe(&world.store, &lease.token, 2_000).await.unwrap());
        assert!(outbox::unsubscribe(&world.store, &lease.token, 3_000).await.unwrap(), "twice is once");
        assert!(!outbox::unsubscribe(&world.store, "0123", 3_000).await.unwrap());
        assert!(world.lease(3_000).await.is_none());
        assert_eq!(world.statuses().await, [MailStatus::Suppressed]);
        assert_eq!(world.test_mail(4_000).await, 0, "and the administrator does not step in for a list that is there");
        world.list("ops@acme.test", None).await;
        assert_eq!(world.test_mail(5_000).await, 1, "unless somebody asks for it again");
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_failures_of_three_kinds_are_three_mails_a_window() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        let causes = [Cause::DuplicateUser, Cause::MissingEmail, Cause::DatabaseFailure];
        for minute in 0..5 {
            for cause in causes {
                world.fail(cause, 667, minute * MINUTE).await;
            }
            world.tick(minute * MINUTE + 500).await;
            world.tick(minute * MINUTE + 500).await;
        }
        for minute in 5..70 {
            world.tick(minute * MINUTE).await;
        }
        let mails = world.mails().await;
        let mut windows: HashMap<&str, u32> = HashMap::new();
        for mail in &mails {
            *windows.entry(mail.key.as_str()).or_default() += 1;
        }
        assert!(windows.values().all(|count| *count == 1));
        let digests: Vec<_> = stages(&mails).into_iter().filter(|(stage, _)| *stage == Stage::Digest).collect();
        assert_eq!((mails.len(), digests), (6, vec![(Stage::Digest, 3_335); 3]));
        // None had been sent when its digest was written.
        let superseded = mails.iter().filter(|mail| mail.status == MailStatus::Superseded).count();
        assert_eq!(superseded, 3);
    })
    .await;
}

#[tokio::test]
async fn a_mail_shows_each_user_once_masked_and_its_attachment_has_every_failure() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        let operations: Vec<_> = (0..12).map(|n| world.create(["=jdoe@acme.test", "ada@acme.test", "mia"][n % 3])).collect();
        world.log(&operations, &taken()).await;
        let now = now_ms();
        world.tick(now).await;
        world.tick(now + 2 * MINUTE).await;
        let mail = world.mails().await.remove(0);
        let Content::Incident(incident) = &mail.content else { panic!("an incident") };
        let who: Vec<&str> = incident.items.iter().map(|item| item.who.as_str()).collect();
        assert_eq!((who, incident.failures, incident.affected), (vec!["m***", "a***@acme.test", "=***@acme.test"], 12, 3));
        assert!(incident.items.iter().all(|item| !item.what.contains("jdoe")), "{:?}", incident.items);
        let lease = world.lease(now + 2 * MINUTE).await.unwrap();
        let envelope = outbox::mark(&world.store, &lease, mail.id, now + 2 * MINUTE, now + 3 * MINUTE).await.unwrap().unwrap();
        let csv = envelope.attachment.unwrap();
        assert_eq!((csv.lines().count(), csv.contains(",'=***@acme.test,")), (13, true), "{csv}");
        assert!(operations.iter().all(|operation| csv.contains(&operation.id.to_string())), "every failed item can be found");
    })
    .await;
}

#[tokio::test]
async fn the_same_mail_is_written_once_however_many_plan() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        world.fail(Cause::DuplicateUser, 3, 0).await;
        while incidents::fold(&world.store, 0).await.unwrap() > 0 {}
        let plans = (0..8).map(|_| outbox::plan(&world.store, 2 * MINUTE));
        for result in futures::future::join_all(plans).await {
            result.unwrap();
        }
        world.tick(2 * MINUTE).await;
        assert_eq!(stages(&world.mails().await), [(Stage::Failed, 3)]);
    })
    .await;
}

#[tokio::test]
async fn what_is_over_is_told_and_what_somebody_works_on_is_not() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        world.fail(Cause::DuplicateUser, 1, 0).await;
        world.tick(0).await;
        world.tick(2 * MINUTE).await;
        let open = incidents::by_number(&world.store, world.account, 1).await.unwrap().unwrap();
        incidents::acknowledge(&world.store, world.account, open.id, "ada").await.unwrap();
        world.fail(Cause::DuplicateUser, 5, 3 * MINUTE).await;
        world.tick(3 * MINUTE).await;
        world.tick(30 * MINUTE).await;
        assert_eq!(stages(&world.mails().await), [(Stage::Failed, 1)], "acknowledged: no digest");
        incidents::resolve(&world.store, world.account, open.id, "ada").await.unwrap();
        world.tick(now_ms() + MINUTE).await;
        assert_eq!(stages(&world.mails().await), [(Stage::Failed, 1), (Stage::Resolved, 6)]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_wait_ignores_quiet_hours_and_the_rest_does_not() {
    on_each(async |world: World| {
        let night: i64 = "2026-11-24T02:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        world.list("ops@acme.test", Some("20:00-07:30")).await;
        world.fail(Cause::VoidedKey, 1, night).await;
        world.fail(Cause::DuplicateUser, 1, night).await;
        world.tick(night).await;
        world.tick(night + MINUTE).await;
        let mails = world.mails().await;
        let due = |cause: &str| mails.iter().find(|mail| mail.held.is_some() == (cause == "usual")).unwrap().due_ms - night;
        assert_eq!(due("immediate"), 0);
        assert_eq!(due("usual"), (4 * 60 + 30) * MINUTE, "02:00 UTC is 03:00 in Berlin");
        let bad = NewRecipient { address: "a@b.test".parse().unwrap(), time_zone: "Nowhere".into(), quiet_hours: None };
        assert!(outbox::add(&world.store, world.account, &bad, 0).await.unwrap_err().to_string().contains("Europe/Berlin"));
    })
    .await;
}

#[tokio::test]
async fn a_recipient_is_leased_to_one_and_a_lease_runs_out() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        world.test_mail(0).await;
        let lease = world.lease(0).await.unwrap();
        assert!(world.lease(0).await.is_none());
        let waiting = outbox::waiting(&world.store, &lease, 0).await.unwrap();
        let mail = outbox::mark(&world.store, &lease, waiting[0].id, 0, 2 * MINUTE).await.unwrap().unwrap();
        // The worker is killed. Two minutes later another has it, with the same key.
        let other = world.lease(2 * MINUTE + 1).await.unwrap();
        let waiting = outbox::waiting(&world.store, &other, 2 * MINUTE + 1).await.unwrap();
        let again = outbox::mark(&world.store, &other, waiting[0].id, 2 * MINUTE + 1, 4 * MINUTE).await.unwrap().unwrap();
        assert_eq!((again.key.as_str(), again.attempts), (mail.key.as_str(), 2));
        // The first was only frozen. What it says about a failure counts no longer; that the mail is sent would.
        outbox::end(&world.store, &lease, &mail, &Ending::Refused, "550 late", 3 * MINUTE).await.unwrap();
        assert_eq!(world.statuses().await, [MailStatus::Pending]);
        assert!(outbox::mark(&world.store, &lease, mail.id, 3 * MINUTE, 5 * MINUTE).await.unwrap().is_none(), "its lease is gone");
        outbox::end(&world.store, &other, &again, &Ending::Taken, "250 ok", 3 * MINUTE).await.unwrap();
        assert_eq!(world.statuses().await, [MailStatus::Sent]);
    })
    .await;
}

#[tokio::test]
async fn not_now_is_tried_again_for_a_day_and_no_is_final() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        world.test_mail(0).await;
        let (mut now, mut attempts) = (0, 0);
        while world.attempt(now, Ending::NotNow, "451 later").await == MailStatus::Pending {
            assert!(world.lease(now).await.is_none(), "not before its time");
            now = world.mails().await[0].due_ms;
            attempts += 1;
        }
        assert_eq!((now, world.statuses().await), (GIVE_UP_AFTER_MS, vec![MailStatus::Failed]));
        assert!((20..40).contains(&attempts), "{attempts}");

        let bounce = async || outbox::list(&world.store, world.account, 0).await.unwrap()[0].bounce.clone();
        world.test_mail(now).await;
        assert_eq!(world.attempt(now, Ending::Refused, "550 no such user").await, MailStatus::Failed);
        assert_eq!(bounce().await.as_deref(), Some("550 no such user"));
        world.test_mail(now).await;
        assert_eq!(world.attempt(now, Ending::Taken, "250 ok").await, MailStatus::Sent);
        assert_eq!(bounce().await, None, "the address works again");
        assert_eq!(outbox::prune(&world.store, now + 1).await.unwrap(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_never_says_whether_it_took_a_mail_gets_it_twice() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        world.test_mail(0).await;
        assert_eq!(world.attempt(0, Ending::Unanswered, "connection closed").await, MailStatus::Pending);
        assert_eq!(world.attempt(MINUTE, Ending::Unanswered, "connection closed").await, MailStatus::Unconfirmed);
        assert!(world.lease(99 * MINUTE).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn what_waited_for_the_server_goes_out_together() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        for minute in 0..4 {
            world.test_mail(minute * MINUTE).await;
        }
        assert_eq!(world.attempt(4 * MINUTE, Ending::Away, "connection refused").await, MailStatus::Pending);
        assert!(world.lease(4 * MINUTE).await.is_none(), "the others do not ask at once as well");
        let lease = world.lease(5 * MINUTE).await.unwrap();
        let waiting = outbox::waiting(&world.store, &lease, 5 * MINUTE).await.unwrap();
        assert!(waiting.iter().all(|mail| mail.held == Some(FoldReason::Outage)));
        let ids: Vec<Uuid> = waiting.iter().map(|mail| mail.id).collect();
        let word = |mails: &[(Content, i64)]| {
            let line = |(_, at_ms): &(Content, i64)| FoldedLine { subject: "a test".into(), incident: None, at_ms: *at_ms };
            Content::Folded(Folded { reason: FoldReason::Outage, count: 4, lines: mails.iter().map(line).collect() })
        };
        let summary = outbox::fold(&world.store, &lease, &ids, 5 * MINUTE, word).await.unwrap().unwrap();
        assert_eq!(outbox::fold(&world.store, &lease, &ids, 5 * MINUTE, word).await.unwrap(), None, "once");
        outbox::release(&world.store, &lease).await.unwrap();
        assert_eq!(world.statuses().await, [vec![MailStatus::Folded; 4], vec![MailStatus::Pending]].concat());
        assert_eq!(world.mails().await[4].id, summary);
        assert_eq!(world.attempt(5 * MINUTE, Ending::Taken, "250 ok").await, MailStatus::Sent);
        let lease = world.lease(5 * MINUTE).await;
        assert!(lease.is_none());
    })
    .await;
}

#[tokio::test]
async fn used_counts_what_was_sent_in_the_hour_and_the_day() {
    on_each(async |world: World| {
        world.list("ops@acme.test", None).await;
        for now in [0, 30 * MINUTE, 61 * MINUTE] {
            world.test_mail(now).await;
            world.attempt(now, Ending::Taken, "250 ok").await;
        }
        world.test_mail(62 * MINUTE).await;
        let lease = world.lease(62 * MINUTE).await.unwrap();
        let used = outbox::used(&world.store, &lease, 62 * MINUTE).await.unwrap();
        assert_eq!((used.hour, used.day, used.account_hour), (2, 3, 2));
    })
    .await;
}
