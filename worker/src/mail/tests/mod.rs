//! Mails as their readers' programs see them: snapshots, two parsers that are not the builder's, hostile names.

mod messages;

use super::message::{Source, message};
use jiff::{Timestamp, tz::TimeZone};
use muster_domain::notify::Content;
use muster_letter::Setting;
pub(crate) use muster_letter::sample::{every_kind, incident};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(crate) fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a timestamp").as_millisecond()
}

pub(crate) fn setting() -> Setting {
    Setting {
        account: "acme".to_owned(),
        public_url: "https://scim.example.com".to_owned(),
        console_url: "https://scim.example.com".to_owned(),
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        by_default: false,
    }
}

/// The message as it travels.
pub(crate) fn raw(content: &Content, attachment: Option<&str>) -> String {
    let source = Source {
        content,
        key: "inc-01935a4b000070008000000000000001e2.failed.0",
        thread: Some("inc-01935a4b000070008000000000000001e2.0"),
        to: "ops@acme.test",
        unsubscribe_token: TOKEN,
        written_ms: at("2026-11-24T10:05:00Z"),
        attachment,
    };
    let message = message(&source, "muster@scim.example.com", &setting()).expect("a message");
    String::from_utf8(message.formatted()).expect("seven-bit text")
}
