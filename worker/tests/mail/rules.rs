//! The rules, from failures to mailboxes.

use crate::{
    sink::Sink,
    world::{MINUTE, World, look, on_each},
};
use muster_domain::{
    incident::{Cause, Fingerprint},
    notify::{Content, FoldReason},
};
use muster_store::{
    incidents,
    outbox::{self, MailStatus, NewRecipient},
};
use std::collections::HashMap;

#[tokio::test]
async fn an_incident_is_one_thread_of_few_mails() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        for minute in 0..120 {
            if minute < 20 {
                world.fail(Cause::DuplicateUser, 500).await;
            }
            incidents::settle(&world.store, world.now()).await.unwrap();
            look(&mut mailer).await;
            world.pass(MINUTE);
        }
        let got = sink.got();
        let subjects: Vec<String> = got.iter().map(|got| got.header("Subject")).collect();
        assert_eq!(
            subjects,
            [
                "[Muster][acme] FAILED: user id already in use (#1)",
                "[Muster][acme] FAILED: user id already in use (#1)",
                "[Muster][acme] RESOLVED: user id already in use (#1)",
            ]
        );
        let threads: Vec<String> = got.iter().map(|got| got.header("References")).collect();
        assert!(threads.windows(2).all(|pair| pair[0] == pair[1] && !pair[0].is_empty()));
    })
    .await;
}

#[tokio::test]
async fn a_mail_about_refused_requests_names_the_attribute() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        let fingerprint = Fingerprint {
            cause: Cause::BadRequest,
            scim_type: Some("invalidValue"),
            attribute: Some("active".to_owned()),
            action: "create",
            resource_type: Some("User"),
        };
        world.fail_like(fingerprint, 7).await;
        world.pass(2 * MINUTE);
        look(&mut mailer).await;
        let got = sink.got();
        assert_eq!(got.len(), 1);
        let lines: Vec<&str> = got[0].data.lines().collect();
        assert!(lines.contains(&"Attribute: active"), "{}", got[0].data);
        assert!(lines.iter().any(|line| line.starts_with("* 7 requests: request refused: active")), "{}", got[0].data);
    })
    .await;
}

#[tokio::test]
async fn over_the_cap_one_mail_stands_for_the_rest() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        world.write(50).await;
        look(&mut mailer).await;
        let got = sink.got();
        assert_eq!(got.len(), 20);
        assert_eq!(got[19].header("Subject"), "[Muster][acme] 31 more held back");
        let mails = world.mails().await;
        let Content::Folded(folded) = &mails.last().unwrap().content else { panic!("a summary") };
        assert_eq!((folded.reason, folded.count), (FoldReason::Cap, 31));
        world.write(5).await;
        look(&mut mailer).await;
        assert_eq!(sink.got().len(), 20, "nothing more this hour");
        world.pass(61 * MINUTE);
        look(&mut mailer).await;
        assert_eq!(sink.got().len(), 25, "but nothing is lost");
    })
    .await;
}

#[tokio::test]
async fn a_night_of_quiet_hours_ends_in_one_summary() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        let new = NewRecipient {
            address: "ops@acme.test".parse().unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
            quiet_hours: Some("20:00-07:30".to_owned()),
        };
        outbox::add(&world.store, world.account, &new, 0).await.unwrap();
        let night: i64 = "2026-11-24T01:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        world.pass(night - world.now());
        for cause in [Cause::DuplicateUser, Cause::MissingEmail, Cause::VoidedKey] {
            world.fail(cause, 3).await;
        }
        for _ in 0..(7 * 12) {
            look(&mut mailer).await;
            world.pass(5 * MINUTE);
        }
        let subjects: Vec<String> = sink.got().iter().map(|got| got.header("Subject")).collect();
        assert_eq!(
            subjects,
            ["[Muster][acme] URGENT: a voided secret key is in use (#3)", "[Muster][acme] Summary of your quiet hours: 2 mails"],
            "what cannot wait came at night"
        );
    })
    .await;
}

#[tokio::test]
async fn the_address_mail_comes_from_gets_none() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        world.recipient("Muster@Acme.test").await;
        world.write(1).await;
        look(&mut mailer).await;
        assert_eq!(sink.got().iter().flat_map(|got| got.to.clone()).collect::<Vec<_>>(), ["RCPT TO:<ops@acme.test>"]);
        let statuses = world.statuses().await;
        assert!(statuses.contains(&MailStatus::Failed) && !statuses.contains(&MailStatus::Pending), "{statuses:?}");
        let who = outbox::list(&world.store, world.account, 0).await.unwrap();
        assert!(who.iter().any(|who| who.bounce.as_deref().is_some_and(|bounce| bounce.contains("mail.from"))));
    })
    .await;
}

#[tokio::test]
async fn two_mailers_send_each_mail_once() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let url = format!("smtp://{}?tls=none", sink.address);
        for number in 0..10 {
            world.recipient(&format!("r{number}@acme.test")).await;
        }
        for cause in [Cause::DuplicateUser, Cause::MissingEmail] {
            world.fail(cause, 10).await;
        }
        world.pass(2 * MINUTE);
        let mut mailers: Vec<_> = (0..4).map(|_| world.mailer(world.settings(url.clone()))).collect();
        futures::future::join_all(mailers.iter_mut().map(look)).await;
        look(&mut mailers[0]).await;
        let mut times: HashMap<(String, String), u32> = HashMap::new();
        for got in sink.got() {
            *times.entry((got.header("Message-ID"), got.to[0].clone())).or_default() += 1;
        }
        assert_eq!((times.len(), times.values().max()), (22, Some(&1)));
        assert!(world.statuses().await.iter().all(|status| *status == MailStatus::Sent));
    })
    .await;
}

#[tokio::test]
async fn the_week_before_is_summed_up_once() {
    on_each(async |world: World| {
        let sink = Sink::start(None).await;
        let mut mailer = world.mailer(world.settings(format!("smtp://{}?tls=none", sink.address)));
        let monday: i64 = "2026-11-30T08:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        world.pass(monday - 3 * 24 * 60 * MINUTE - world.now());
        world.fail(Cause::VersionMismatch, 4).await;
        look(&mut mailer).await;
        assert_eq!(sink.got().len(), 0, "nothing happened in the week before that one");
        world.pass(monday - world.now());
        for _ in 0..4 {
            look(&mut mailer).await;
            world.pass(60 * MINUTE);
        }
        let subjects: Vec<String> = sink.got().iter().map(|got| got.header("Subject")).collect();
        assert_eq!(subjects, ["[Muster][acme] Provisioning in week 2026-W48"]);
    })
    .await;
}
