//! Servers that say no, are slow, or are not there.

use crate::{
    sink::{Manners, Sink},
    world::{MINUTE, World, look, on_each},
};
use muster_domain::{incident::Cause, notify::Content};
use muster_store::outbox::{self, MailStatus};
use std::{collections::HashSet, time::Duration};

async fn plain() -> (Sink, String) {
    let sink = Sink::start(None).await;
    let url = format!("smtp://{}?tls=none", sink.address);
    (sink, url)
}

#[tokio::test]
async fn a_mail_arrives_whole_and_connections_are_used_again() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        world.write(3).await;
        look(&mut mailer).await;
        let got = sink.got();
        assert_eq!((got.len(), sink.connections()), (3, 1));
        assert_eq!(
            (got[0].from.as_str(), got[0].to.as_slice()),
            ("MAIL FROM:<muster@acme.test>", &["RCPT TO:<ops@acme.test>".to_owned()][..])
        );
        assert_eq!(got[0].header("Auto-Submitted"), "auto-generated");
        let mails = world.mails().await;
        assert!(mails.iter().all(|mail| mail.status == MailStatus::Sent && mail.reply.as_deref() == Some("250 2.0.0 kept")));
        assert_eq!(got[0].header("Message-ID"), format!("<{}@acme.test>", mails[0].key));
    })
    .await;
}

#[tokio::test]
async fn not_now_is_tried_again_and_the_message_is_the_same() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        sink.behave(Manners { after_data: Some("451 4.3.0 try later"), ..Manners::default() });
        world.write(1).await;
        look(&mut mailer).await;
        let mail = world.mails().await.remove(0);
        assert_eq!((mail.status, mail.due_ms - world.now()), (MailStatus::Pending, MINUTE));
        assert!(mail.reply.is_some_and(|reply| reply.contains("451") && reply.contains("try later")));
        sink.behave(Manners { answers: vec![("RCPT", "450 4.2.1 busy")], ..Manners::default() });
        world.pass(MINUTE);
        look(&mut mailer).await;
        assert_eq!(world.mails().await[0].due_ms - world.now(), 5 * MINUTE);
        sink.behave(Manners::default());
        world.pass(5 * MINUTE);
        look(&mut mailer).await;
        assert_eq!(world.statuses().await, [MailStatus::Sent]);
        let got = sink.got();
        assert_eq!((got.len(), &got[0].data), (2, &got[1].data), "to the byte");
    })
    .await;
}

#[tokio::test]
async fn no_is_final_shown_and_nobody_is_mailed_about_it() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        sink.behave(Manners { answers: vec![("RCPT", "550 5.1.1 no such user")], ..Manners::default() });
        world.write(1).await;
        look(&mut mailer).await;
        assert_eq!(world.statuses().await, [MailStatus::Failed]);
        let who = outbox::list(&world.store, world.account, 0).await.unwrap().remove(0);
        assert!(who.bounce.is_some_and(|bounce| bounce.contains("550") && bounce.contains("no such user")));
        for _ in 0..30 {
            world.pass(60 * MINUTE);
            look(&mut mailer).await;
        }
        assert_eq!((sink.got().len(), world.mails().await.len()), (0, 1), "no mail about a mail");
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_is_refused_is_the_servers_trouble_and_not_the_mails() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        sink.behave(Manners { answers: vec![("MAIL", "550 5.7.1 not from you")], ..Manners::default() });
        world.write(1).await;
        look(&mut mailer).await;
        assert_eq!(world.statuses().await, [MailStatus::Pending]);
        sink.behave(Manners::default());
        world.pass(MINUTE);
        look(&mut mailer).await;
        assert_eq!(world.statuses().await, [MailStatus::Sent]);
    })
    .await;
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_arrives_twice_at_most_under_one_id() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        sink.behave(Manners { after_data: Some(""), ..Manners::default() });
        world.write(1).await;
        for _ in 0..10 {
            look(&mut mailer).await;
            world.pass(60 * MINUTE);
        }
        let ids: HashSet<String> = sink.got().iter().map(|got| got.header("Message-ID")).collect();
        assert_eq!((sink.got().len(), ids.len(), world.statuses().await), (2, 1, vec![MailStatus::Unconfirmed]));
    })
    .await;
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let mut mailer = world.mailer(world.settings(url));
        sink.behave(Manners { delay: Duration::from_millis(200), ..Manners::default() });
        world.write(1).await;
        look(&mut mailer).await;
        assert_eq!(world.statuses().await, [MailStatus::Sent]);
    })
    .await;
}

#[tokio::test]
async fn after_half_an_hour_without_a_server_everything_comes_in_one_mail() {
    on_each(async |world: World| {
        let (sink, url) = plain().await;
        let address = sink.address;
        drop(sink);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut mailer = world.mailer(world.settings(url));
        for minute in 0..30 {
            if minute < 5 {
                for cause in [Cause::DuplicateUser, Cause::MissingEmail, Cause::DatabaseFailure] {
                    world.fail(cause, 667).await;
                }
            }
            look(&mut mailer).await;
            world.pass(MINUTE);
        }
        assert!(world.statuses().await.iter().all(|status| matches!(status, MailStatus::Pending | MailStatus::Superseded)));

        let sink = Sink::start_on(address, None, false).await;
        for _ in 0..30 {
            look(&mut mailer).await;
            world.pass(MINUTE);
        }
        let got = sink.got();
        assert_eq!(got.len(), 1, "one digest: {:?}", got.iter().map(|got| got.header("Subject")).collect::<Vec<_>>());
        assert_eq!(got[0].header("Subject"), "[Muster][acme] 3 mails that could not be sent earlier");
        let mails = world.mails().await;
        let Content::Folded(folded) = &mails.last().unwrap().content else { panic!("a summary") };
        assert_eq!(folded.lines.iter().filter(|line| line.incident.is_some()).count(), 3, "every incident is in it");
        assert!(mails.iter().all(|mail| mail.status != MailStatus::Pending), "nothing is left behind");
    })
    .await;
}

#[tokio::test]
async fn without_a_server_mails_are_files() {
    on_each(async |world: World| {
        let mut mailer = world.mailer(world.settings("file"));
        world.write(2).await;
        look(&mut mailer).await;
        let files: Vec<_> = std::fs::read_dir(world.file("mail")).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!((files.len(), world.statuses().await), (2, vec![MailStatus::Sent; 2]));
        assert!(files.iter().all(|file| file.extension().is_some_and(|extension| extension == "eml")));
        assert!(std::fs::read_to_string(&files[0]).unwrap().contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    })
    .await;
}
