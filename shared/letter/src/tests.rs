//! What mails say and how they look.

use crate::{
    Setting,
    compose::{compose, footer},
    sample::{every_kind, incident},
};
use insta::assert_snapshot;
use jiff::tz::TimeZone;
use muster_domain::notify::{Content, Item, Stage};
use std::collections::HashSet;

fn setting() -> Setting {
    Setting {
        account: "acme".to_owned(),
        public_url: "https://scim.example.com".to_owned(),
        console_url: "https://scim.example.com".to_owned(),
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        by_default: false,
    }
}

#[test]
fn every_mail_says_this() {
    for (name, content) in every_kind() {
        let letter = compose(&content, &setting());
        let text = letter.text(&footer(&setting()), "acme");
        assert_snapshot!(format!("{name}.txt"), format!("Subject: {}\n\n{text}", letter.subject));
    }
}

#[test]
fn the_html_of_a_failure_is_this() {
    let content = Content::Incident(incident(Stage::Failed));
    assert_snapshot!("failed.html", compose(&content, &setting()).html(&footer(&setting()), "acme"));
}

/// With MUSTER_TEST_MAIL_DIR=DIR, writes every mail there, to be looked at in a browser.
#[test]
fn the_html_holds_what_the_text_holds_and_nothing_from_elsewhere() {
    let words = |text: &str| -> HashSet<String> { text.split(|char: char| !char.is_alphanumeric()).map(str::to_lowercase).collect() };
    for (name, content) in every_kind() {
        let letter = compose(&content, &setting());
        let (text, html) = (letter.text(&footer(&setting()), "acme"), letter.html(&footer(&setting()), "acme"));
        if let Ok(dir) = std::env::var("MUSTER_TEST_MAIL_DIR") {
            std::fs::write(format!("{dir}/{name}.html"), &html).expect("a file");
            std::fs::write(format!("{dir}/{name}.txt"), &text).expect("a file");
        }
        assert!(html.len() <= 60 * 1024, "{name} has {} bytes", html.len());
        // The numbers of steps are the browser's to count.
        let is_step = |word: &String| word.parse::<u32>().is_ok_and(|number| number < 10);
        let missing: Vec<_> = words(&text).difference(&words(&html)).filter(|word| !is_step(word)).cloned().collect();
        assert!(missing.is_empty(), "{name}: only in the text: {missing:?}");
        for address in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(address.starts_with("https://scim.example.com/") && address.ends_with("account=acme"), "{name} leads to {address}");
            assert!(text.contains(&address.replace("&#38;", "&")), "{name}: the text leads there as well: {address}");
        }
        for active in ["src=", "<script", "<img", "url(", "javascript:", "@import", "<link"] {
            assert!(!html.contains(active), "{name} holds {active}");
        }
        assert!(html.contains("<html lang=\"en\"") && html.contains("<h1") && html.contains("prefers-color-scheme: dark"));
        // An address that is broken in two leads nowhere.
        let address = |line: &str| line.trim_start().starts_with("https://");
        assert!(text.lines().all(|line| line.chars().count() <= 76 || address(line)), "{name}");
    }
}

#[test]
fn a_very_large_mail_stays_small() {
    let mut mail = incident(Stage::Failed);
    let long = "x".repeat(100_000);
    mail.items = (0..5).map(|_| Item { who: long.clone(), what: long.clone(), at_ms: 1_795_514_400_000 }).collect();
    mail.cause.clone_from(&long);
    mail.title.clone_from(&long);
    let html = compose(&Content::Incident(mail), &setting()).html(&footer(&setting()), "acme");
    assert!(html.len() <= 60 * 1024, "{} bytes", html.len());
}

#[test]
fn the_subject_of_an_incident_is_the_same_but_for_its_first_word() {
    let subject = |stage| compose(&Content::Incident(incident(stage)), &setting()).subject;
    let stem = |text: String| text.split_once(": ").expect("a state").1.to_owned();
    assert_eq!(subject(Stage::Failed), subject(Stage::Digest), "and a digest stays in the thread of the first mail");
    assert_eq!(stem(subject(Stage::Failed)), stem(subject(Stage::Resolved)));
}
