//! Mail as people set it up.

use super::{place::Place, smtp::Smtp};
use std::{
    collections::HashSet,
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A service that sends mail; killed when it goes.
struct Service(Child);

impl Service {
    fn start(place: &Place, url: &str) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let log = fs::OpenOptions::new().create(true).append(true).open(place.path("log")).unwrap();
        let mut command = place.command(&["serve"]);
        command.env("MUSTER_HTTP__LISTEN", listen).env("MUSTER_MAIL__URL", url).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SIGKILL: nothing is finished, nothing is given back.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_list_is_made_and_a_test_arrives_as_a_file() {
    let place = Place::with_account();
    let notify = |arguments: &[&str]| place.run(&[&["notify"], arguments, &["--account", "acme"]].concat());
    assert!(notify(&["list"]).exits(0).err.contains("muster notify add"));
    notify(&["test", "--wait", "0"]).exits(5);
    assert!(notify(&["add", "not-an-address"]).exits(2).err.contains("ada@example.com"));
    assert!(notify(&["add", "ops@acme.test", "--quiet-hours", "late"]).exits(2).err.contains("20:00-07:30"));
    assert!(notify(&["add", "ops@acme.test", "--time-zone", "Mars/Olympus"]).exits(2).err.contains("Europe/Berlin"));
    assert!(notify(&["add", "muster@localhost"]).exits(8).err.contains("mail.from"));
    let added = notify(&["add", "ops@acme.test", "--time-zone", "Europe/Berlin", "--quiet-hours", "20:00-07:30", "--json"]).exits(0).json();
    assert_eq!((added[0]["address"].as_str(), added[0]["source"].as_str()), (Some("ops@acme.test"), Some("list")));
    let waiting = notify(&["test", "--wait", "0"]).exits(7);
    assert!(waiting.err.contains("is a worker running"), "{}", waiting.err);

    let service = Service::start(&place, "file");
    let sent = notify(&["test", "--wait", "60", "--json"]).exits(0).json();
    assert_eq!((sent[0]["status"].as_str(), sent[0]["attempts"].as_i64()), (Some("sent"), Some(1)));
    assert_eq!(fs::read_dir(place.path("data/mail")).unwrap().count(), 2, "and the one that waited");
    drop(service);
    let mails = notify(&["mails"]).exits(0).out;
    assert!(mails.lines().count() == 3 && mails.contains("written to"), "{mails}");
    notify(&["remove", "ops@acme.test"]).exits(0);
    notify(&["remove", "ops@acme.test"]).exits(5);
}

#[test]
fn the_configuration_of_mail_is_checked_before_anything_starts() {
    let place = Place::new();
    for (url, word) in [
        ("smtp://ada:secret@mail.test?tls=none", "never sent without encryption"),
        ("smtp://mail.test?tls=maybe", "tls=required"),
        ("smtps://mail.test?tls=none", "smtp://"),
        ("imap://mail.test", "smtp://"),
    ] {
        let refused = place.run_with(&["config", "check"], &[("MUSTER_MAIL__URL", url)]).exits(3);
        let said = format!("{}{}", refused.out, refused.err);
        assert!(said.contains("mail.url") && said.contains(word) && !said.contains("secret"), "{said}");
    }
    for (name, value) in [("MUSTER_MAIL__FROM", "Muster <x@y.test>"), ("MUSTER_MAIL__CA_FILE", "/nowhere/ca.pem")] {
        place.run_with(&["config", "check"], &[(name, value)]).exits(3);
    }
    place.run_with(&["config", "check"], &[("MUSTER_MAIL__URL", "smtp://ada:secret@mail.test")]).exits(0);
}

#[test]
fn the_doctor_says_whether_mail_could_be_sent_and_sends_none() {
    let place = Place::with_account();
    let mail = |url: &str, code: i32| {
        let seen = place.run_with(&["doctor", "--json"], &[("MUSTER_MAIL__URL", url)]).exits(code);
        assert!(!seen.out.contains("s3cret"), "{}", seen.out);
        seen.json()["checks"].as_array().unwrap().iter().find(|check| check["code"] == "D12").unwrap().clone()
    };
    let smtp = Smtp::start(Duration::ZERO);
    let well = mail(&format!("smtp://{}?tls=none", smtp.address), 7);
    assert_eq!((&well["result"], well.get("remedy")), (&"ok".into(), None), "{well}");
    let stripped = mail(&format!("smtp://ada:s3cret@{}", smtp.address), 4);
    assert!(stripped["fact"].as_str().unwrap().contains("no STARTTLS"), "{stripped}");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = mail(&format!("smtp://ada:s3cret@{free}"), 4);
    assert!(away["fact"].as_str().unwrap().contains("refused"), "{away}");
    assert!(away["remedy"].as_str().unwrap().contains("mail.url [environment MUSTER_MAIL__URL]"), "{away}");
    fs::write(place.path("data/mail"), "in the way").unwrap();
    let folder = mail("file", 4);
    assert!(folder["fact"].as_str().unwrap().contains("data/mail cannot be written"), "{folder}");
    assert!(smtp.got().is_empty());
}

#[test]
fn signals_end_a_sender_after_the_mail_in_hand() {
    let place = Place::with_account();
    place.run(&["notify", "add", "--account", "acme", "ops@acme.test"]).exits(0);
    let smtp = Smtp::start(Duration::from_millis(100));
    for _ in 0..10 {
        place.run(&["notify", "test", "--account", "acme", "--wait", "0"]).exits(7);
    }
    let mut service = Service::start(&place, &format!("smtp://{}?tls=none", smtp.address));
    let waits = Instant::now();
    while smtp.got().is_empty() && waits.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").arg(service.0.id().to_string()).status().unwrap();
    assert_eq!(service.0.wait().unwrap().code(), Some(0));
    let mails = place.run(&["notify", "mails", "--account", "acme", "--json"]).exits(0).json();
    let sent = mails.as_array().unwrap().iter().filter(|mail| mail["status"] == "sent").count();
    let ids: HashSet<(String, String)> = smtp.got().into_iter().map(|got| (got.header("Message-ID"), got.to)).collect();
    assert_eq!((sent, sent), (smtp.got().len(), ids.len()), "what the server has is recorded as sent, each once");
    assert!(sent < 10, "and the rest waits");
}
