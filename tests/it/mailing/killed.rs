//! Senders that are killed: every mail arrives, and none more than twice.
//!
//! A round writes mails, kills whoever sends them again and again at random moments, and then leaves one alone. What one kill may cost a
//! mail is a second copy of it. So no mail may meet two kills: who had it in hand keeps it for twenty seconds, and the kills of a round
//! are over before that. `MUSTER_TEST_STRIKES` asks for more kills.
//!
//! Before a mail is in hand, kills cost nothing: a failure that is counted and the mail that is written of it are struck as often as it takes.

use super::{mails, recipient};
use crate::harness::{
    Installation, Postgres, Redis, Smtp, eventually, ports::free_port, process::Process, seed, services, sleep_ms, smtp::Got,
};
use fastrand::Rng;
use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

const RECIPIENTS: usize = 24;
const MAILS: usize = 5;
/// Kills end this long after the first one.
const KILLING: Duration = Duration::from_secs(10);

/// What a round did: kills that struck a sender at work, and mails that arrived twice.
struct Round {
    kills: usize,
    twice: usize,
}

async fn round(installation: &Installation, account: &str, smtp: &Smtp, start: &impl Fn() -> Process, rng: &mut Rng) -> Round {
    installation.json(&["account", "create", "--slug", account, "--name", "Test Ltd"]).await;
    for number in 0..RECIPIENTS {
        recipient(installation, account, &format!("r{number}@{account}.test")).await;
    }
    for _ in 0..MAILS {
        let written = installation.run(&["notify", "test", "--account", account, "--wait", "0"]).await;
        assert_eq!(written.status.code(), Some(7), "written, not sent");
    }
    let ours = || smtp.got().into_iter().filter(|got| got.to.ends_with(&format!("@{account}.test"))).collect::<Vec<_>>();
    let (mut kills, mut first_kill) = (0, None::<Instant>);
    let _last = loop {
        let before = ours().len();
        let mut sender = start();
        eventually("a mail more arrives", || async { (ours().len() > before).then_some(()) }).await;
        sleep_ms(rng.u64(0..250)).await;
        if ours().len() == RECIPIENTS * MAILS || first_kill.is_some_and(|first| first.elapsed() > KILLING) {
            break sender;
        }
        sender.kill();
        kills += 1;
        first_kill.get_or_insert_with(Instant::now);
    };
    all_sent(installation, account).await;
    Round { kills, twice: audit(ours(), RECIPIENTS * MAILS) }
}

async fn all_sent(installation: &Installation, account: &str) {
    eventually("every mail is sent", || async {
        sleep_ms(300).await;
        mails(installation, account).await.iter().all(|mail| mail["status"] == "sent").then_some(())
    })
    .await;
}

/// Each of so many mails arrived, none more than twice, and both times it was the same. Returns how many arrived twice.
fn audit(got: Vec<Got>, expected: usize) -> usize {
    let mut copies: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for got in got {
        assert!(!got.header("Message-ID").is_empty());
        copies.entry((got.header("X-Muster-Mail"), got.to.clone())).or_default().push(got.data);
    }
    assert_eq!(copies.len(), expected, "each arrived: {:?}", copies.keys());
    for (mail, copies) in &copies {
        assert!(copies.len() <= 2, "{mail:?} arrived {} times", copies.len());
        assert_eq!(copies.iter().collect::<HashSet<_>>().len(), 1, "{mail:?}: the same bytes, and so the same Message-ID");
    }
    copies.values().filter(|copies| copies.len() == 2).count()
}

async fn strike(test: &str, strikes: usize, installation: &Installation, smtp: &Smtp, start: impl Fn() -> Process) {
    let asked = std::env::var("MUSTER_TEST_STRIKES").ok().map(|text| text.parse().expect("MUSTER_TEST_STRIKES is a number"));
    let mut rng = Rng::with_seed(seed(test));
    let (mut rounds, mut kills, mut twice) = (0, 0, 0);
    while kills < asked.unwrap_or(strikes) {
        let done = round(installation, &format!("round-{rounds}"), smtp, &start, &mut rng).await;
        assert!(done.kills > 0, "nobody was killed");
        rounds += 1;
        kills += done.kills;
        twice += done.twice;
    }
    println!("{test}: {kills} kills in {rounds} rounds, {twice} of {} mails arrived twice", rounds * RECIPIENTS * MAILS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_on_sqlite_sends_every_mail_and_none_more_than_twice() {
    let smtp = Smtp::start(Duration::from_millis(10));
    let installation = Installation::new().with("MUSTER_MAIL__URL", &format!("smtp://{}?tls=none", smtp.address));
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let start = || installation.start_again("serve", "serve", address);
    strike("a killed service on sqlite sends every mail", 1, &installation, &smtp, start).await;
}

/// Database, queue, and a mail server that takes its time.
async fn in_production(delay: Duration) -> (Installation, Smtp, Redis) {
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let smtp = Smtp::start(delay);
    let installation = Installation::new()
        .on_database(&postgres.database().await)
        .on_queue(&redis.url())
        .with("MUSTER_MAIL__URL", &format!("smtp://{}?tls=none", smtp.address));
    installation.migrate().await;
    (installation, smtp, redis)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_workers_send_every_mail_and_none_more_than_twice() {
    if services("mailing::killed") {
        let (installation, smtp, _redis) = in_production(Duration::from_millis(10)).await;
        strike("killed workers send every mail", 8, &installation, &smtp, || installation.worker("worker")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_killed_from_the_failure_on_still_mail_about_it() {
    const ACCOUNTS: usize = 6;
    const PEOPLE: usize = 4;
    if !services("mailing::killed from the failure on") {
        return;
    }
    let (installation, smtp, _redis) = in_production(Duration::from_millis(80)).await;
    let mut rng = Rng::with_seed(seed("workers killed from the failure on"));
    let accounts: Vec<String> = (0..ACCOUNTS).map(|number| format!("failing-{number}")).collect();
    for account in &accounts {
        installation.json(&["account", "create", "--slug", account, "--name", "Test Ltd"]).await;
        for number in 0..PEOPLE {
            recipient(&installation, account, &format!("r{number}@{account}.test")).await;
        }
        for expected in [0, 6] {
            let created = installation.run(&["user", "create", "--account", account, "--user-id", "jdoe"]).await;
            assert_eq!(created.status.code(), Some(expected));
        }
    }
    let (mut kills, mut first_mail) = (0, None::<Instant>);
    let _last = loop {
        let mut worker = installation.worker("worker");
        sleep_ms(rng.u64(200..2_500)).await;
        if first_mail.is_some_and(|first| first.elapsed() > KILLING) {
            break worker;
        }
        worker.kill();
        kills += 1;
        assert!(kills < 500, "no mail is ever sent");
        if !smtp.got().is_empty() {
            first_mail.get_or_insert_with(Instant::now);
        }
    };
    eventually("everybody has a mail", || async { (smtp.got().len() >= ACCOUNTS * PEOPLE).then_some(()) }).await;
    for account in &accounts {
        all_sent(&installation, account).await;
    }
    assert!(smtp.got().iter().all(|got| got.header("X-Muster-Mail").ends_with(".failed.0")), "one mail about each incident");
    let twice = audit(smtp.got(), ACCOUNTS * PEOPLE);
    println!("{kills} kills, {twice} of {} mails arrived twice", ACCOUNTS * PEOPLE);
}
