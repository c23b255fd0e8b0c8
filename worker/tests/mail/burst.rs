//! Ten thousand failures of three kinds in five minutes, applied the way a worker applies them, with a mail server and without one.

use crate::{
    sink::{Got, Sink},
    world::{MINUTE, TestMailer, World, look, on_each},
};
use muster_domain::{
    Actor, Change, Operation, OperationId, Role,
    incident::Cause,
    notify::{Content, FoldReason},
};
use muster_scim::{Compat, Limits, Resource, ResourceType, read_resource};
use muster_store::{
    incidents::{self, IncidentQuery},
    now_ms,
    outbox::{self, MailStatus},
};
use muster_worker::{Applier, ApplySettings};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};
use uuid::Uuid;

const FAILURES: usize = 10_000;
/// How many operations succeed beside them.
const SUCCESSES: usize = 1_000;
const MINUTES: usize = 5;
const BATCH: usize = 500;
const KINDS: [Cause; 3] = [Cause::DuplicateUser, Cause::UnknownResource, Cause::DuplicateGroup];

type Failed = BTreeMap<Cause, BTreeSet<OperationId>>;

fn resource(resource_type: ResourceType, body: Value) -> Resource {
    read_resource(resource_type, body, &Compat::default(), &Limits::default()).unwrap()
}

fn user(name: &str) -> Resource {
    resource(ResourceType::User, json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}))
}

fn group(name: &str) -> Resource {
    resource(ResourceType::Group, json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name}))
}

impl World {
    fn operation(&self, resource_type: ResourceType, change: Change) -> Operation {
        Operation {
            id: OperationId::new(),
            account: self.account,
            actor: Actor::Command,
            resource_type,
            resource_id: Uuid::now_v7(),
            change,
            if_match: None,
            accepted_ms: now_ms(),
            deadline_ms: now_ms() + 60_000,
            request_id: Uuid::now_v7(),
            bulk: None,
            acknowledged: false,
            trace: None,
        }
    }

    fn failing(&self, cause: Cause) -> Operation {
        let create = |resource| Change::Create { resource, role: Role::User };
        match cause {
            Cause::DuplicateUser => self.operation(ResourceType::User, create(user("taken"))),
            Cause::DuplicateGroup => self.operation(ResourceType::Group, create(group("Taken"))),
            _ => self.operation(ResourceType::User, Change::Replace { resource: user("nobody") }),
        }
    }

    /// Applies operations that fail, of each kind in turn, and among them others that have to succeed. Each must end as it should.
    async fn burst(&self, applier: &Applier, failures: std::ops::Range<usize>, failed: &mut Failed) {
        let mut operations = Vec::new();
        for number in failures {
            let cause = KINDS[number % KINDS.len()];
            let operation = self.failing(cause);
            failed.entry(cause).or_default().insert(operation.id);
            operations.push((operation, if cause == Cause::UnknownResource { 404 } else { 409 }));
            if number % (FAILURES / SUCCESSES) == 0 {
                let created = Change::Create { resource: user(&format!("new-{number}")), role: Role::User };
                operations.push((self.operation(ResourceType::User, created), 201));
            }
        }
        for batch in operations.chunks(BATCH) {
            let outcomes = applier.apply(batch.iter().map(|(operation, _)| operation.clone()).collect()).await;
            let statuses: Vec<u16> = outcomes.iter().map(|outcome| outcome.status).collect();
            assert_eq!(statuses, batch.iter().map(|(_, status)| *status).collect::<Vec<_>>());
        }
    }

    /// The burst, a part of it each minute, with everything a worker does beside it.
    async fn five_minutes(&self, mailer: &mut TestMailer) -> Failed {
        // Operations are logged by the machine's clock, so mails begin there.
        self.pass(now_ms() - self.now());
        let applier = Applier::new(self.store.clone(), ApplySettings { apply_max: Duration::from_secs(60), ..ApplySettings::default() });
        for change in [(ResourceType::User, user("taken")), (ResourceType::Group, group("Taken"))] {
            let create = self.operation(change.0, Change::Create { resource: change.1, role: Role::User });
            assert_eq!(applier.apply(vec![create]).await[0].status, 201);
        }
        let mut failed = Failed::new();
        let part = FAILURES / MINUTES;
        for minute in 0..MINUTES {
            self.burst(&applier, minute * part..(minute + 1) * part, &mut failed).await;
            self.minutes(mailer, 1).await;
        }
        failed
    }

    /// Counts, ends what is over, plans, sends, and lets a minute pass.
    async fn minutes(&self, mailer: &mut TestMailer, minutes: usize) {
        for _ in 0..minutes {
            while incidents::fold(&self.store, self.now()).await.unwrap() > 0 {}
            incidents::settle(&self.store, self.now()).await.unwrap();
            look(mailer).await;
            self.pass(MINUTE);
        }
    }

    /// There is an incident of each kind, and every operation that failed is reached from its own, a page after the other.
    async fn every_failure_is_reachable(&self, failed: &Failed) {
        let found = incidents::list(&self.store, self.account, &IncidentQuery::default()).await.unwrap().incidents;
        assert_eq!(found.iter().map(|incident| incident.cause).collect::<BTreeSet<_>>(), KINDS.into_iter().collect());
        assert_eq!(found.len(), KINDS.len());
        let mut reached = 0;
        for incident in found {
            let (mut operations, mut after) = (BTreeSet::new(), None);
            loop {
                let page = incidents::items(&self.store, self.account, incident.id, after, 1_000).await.unwrap();
                for item in page.items {
                    assert!(operations.insert(item.operation.unwrap()), "no failure is on two pages");
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!((usize::try_from(incident.failures).unwrap(), &operations), (operations.len(), &failed[&incident.cause]));
            reached += operations.len();
        }
        assert_eq!(reached, FAILURES);
    }
}

/// Which incident a mail is about, in which state and window: `inc-ID.failed.0`.
fn key(got: &Got) -> (String, String, String) {
    let key = got.header("X-Muster-Mail");
    let parts: Vec<&str> = key.split('.').collect();
    let [incident, stage, window] = parts[..] else { panic!("{key} is about an incident") };
    (incident.to_owned(), stage.to_owned(), window.to_owned())
}

#[tokio::test]
async fn ten_thousand_failures_of_three_kinds_are_three_incidents_with_one_mail_a_window() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        let failed = world.five_minutes(&mut mailer).await;
        world.minutes(&mut mailer, 6 * 60).await;
        world.every_failure_is_reachable(&failed).await;

        let mails: Vec<_> = sink.got().iter().map(key).collect();
        let windows: HashSet<_> = mails.iter().map(|(incident, stage, window)| (incident, stage == "resolved", window)).collect();
        assert_eq!(windows.len(), mails.len(), "two mails in one window: {mails:?}");
        for incident in mails.iter().map(|(incident, ..)| incident) {
            let stages: Vec<&str> = mails.iter().filter(|mail| mail.0 == *incident).map(|mail| &*mail.1).collect();
            assert_eq!(stages, ["failed", "digest", "resolved"]);
        }
        assert_eq!(mails.len(), 3 * KINDS.len());
    })
    .await;
}

#[tokio::test]
async fn without_a_mail_server_operations_go_on_and_each_recipient_gets_one_digest_after_it() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let address = sink.address;
        drop(sink);
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.recipient("second@acme.test").await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{address}?tls=none")));
        let failed = world.five_minutes(&mut mailer).await;
        world.minutes(&mut mailer, 30 - MINUTES).await;
        world.every_failure_is_reachable(&failed).await;
        assert!(world.statuses().await.iter().all(|status| matches!(status, MailStatus::Pending | MailStatus::Superseded)));

        let sink = Sink::start_on(address, None, false).await;
        world.minutes(&mut mailer, 60).await;
        let got = sink.got();
        for recipient in ["RCPT TO:<ops@acme.test>", "RCPT TO:<second@acme.test>"] {
            let mut subjects: Vec<String> =
                got.iter().filter(|got| got.to == [recipient.to_owned()]).map(|got| got.header("Subject")).collect();
            assert_eq!(subjects.remove(0), "[Muster][acme] 3 mails that could not be sent earlier");
            assert_eq!(subjects.len(), KINDS.len(), "then each is over, half an hour after the last failure: {subjects:?}");
            assert!(subjects.iter().all(|subject| subject.contains("RESOLVED")), "{subjects:?}");
        }
        assert_eq!(got.len(), 2 * (1 + KINDS.len()));
        let mails = outbox::recent(&world.store, world.account, 1_000).await.unwrap();
        assert!(mails.iter().all(|mail| mail.status != MailStatus::Pending), "nothing is left behind");
        let digests: Vec<_> = mails
            .iter()
            .filter_map(|mail| match &mail.content {
                Content::Folded(folded) => Some(folded),
                _ => None,
            })
            .collect();
        assert_eq!(digests.len(), 2);
        for digest in digests {
            let about: HashSet<Option<Uuid>> = digest.lines.iter().map(|line| line.incident).collect();
            assert_eq!((digest.reason, about.len(), about.contains(&None)), (FoldReason::Outage, KINDS.len(), false));
        }
    })
    .await;
}
