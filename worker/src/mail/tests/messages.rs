//! Messages as they travel.

use super::{TOKEN, every_kind, incident, raw};
use insta::assert_snapshot;
use mail_parser::{MessageParser, MimeHeaders};
use muster_domain::notify::{Content, Stage};
use proptest::prelude::*;
use std::{
    io::Write,
    process::{Command, Stdio},
};

#[test]
fn a_message_travels_like_this() {
    let message = raw(&Content::Incident(incident(Stage::Failed)), Some("\"who\"\r\n\"j***\"\r\n"));
    let (headers, _) = message.split_once("\r\n\r\n").expect("headers");
    assert_snapshot!("headers", headers.replace("\r\n", "\n"));
    assert_eq!(message, raw(&Content::Incident(incident(Stage::Failed)), Some("\"who\"\r\n\"j***\"\r\n")), "again, to the byte");
    assert!(message.is_ascii() && message.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
}

#[test]
fn another_parser_reads_what_was_meant() {
    for (name, content) in every_kind() {
        let raw = raw(&content, Some("\"who\"\r\n\"j***\"\r\n"));
        let message = MessageParser::default().parse(raw.as_bytes()).expect("a message");
        let header = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
        assert!(message.subject().is_some_and(|subject| subject.starts_with("[Muster][acme] ")), "{name}");
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert_eq!(header("X-Auto-Response-Suppress"), "All");
        assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert_eq!(message.in_reply_to().as_text(), message.references().as_text());
        assert_eq!(message.attachment(0).and_then(|part| part.attachment_name()), Some("failures.csv"), "{name}");
        let (text, html) = (message.body_text(0).expect("text"), message.body_html(0).expect("HTML"));
        assert!(text.contains("acme") && html.contains("</html>"), "{name}");
        assert!(!text.contains(TOKEN) && !html.contains(TOKEN), "{name}: a link in the body holds a secret");
    }
}

/// Python's `email` is a parser of its own, and the strictest there is when told to be.
const PYTHON: &str = r#"
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = [p.get_content_type() for p in m.walk()]
defects = [str(d) for p in m.walk() for d in p.defects]
defects += [str(d) for n, v in m.items() for d in getattr(v, "defects", [])]
print(json.dumps({"subject": m["Subject"], "id": m["Message-ID"], "to": m["To"], "names": sorted(m.keys()), "parts": parts,
  "defects": defects, "text": m.get_body(("plain",)).get_content(), "html": m.get_body(("html",)).get_content(),
  "csv": [a.get_content() for a in m.iter_attachments()]}))
"#;

#[test]
fn python_reads_what_was_meant() {
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("left out: needs python3");
        return;
    }
    for (name, content) in every_kind() {
        let raw = raw(&content, Some("\"who\"\r\n\"Ø***\"\r\n"));
        let mut python =
            Command::new("python3").args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3");
        python.stdin.take().expect("a pipe").write_all(raw.as_bytes()).expect("written");
        let output = python.wait_with_output().expect("an end");
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(read["defects"], serde_json::json!([]), "{name}");
        assert_eq!(read["to"], "ops@acme.test");
        assert_eq!(read["parts"], serde_json::json!(["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"]));
        assert!(read["csv"][0].as_str().expect("the attachment").contains("Ø***"), "{name}");
        assert!(read["html"].as_str().expect("HTML").contains("color-scheme"), "{name}");
    }
}

/// The names of all headers of a message, as they stand there.
fn names(raw: &str) -> Vec<String> {
    let (headers, _) = raw.split_once("\r\n\r\n").expect("headers");
    let lines = headers.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split_once(':').expect("a header").0.to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_name_adds_a_header_or_a_part(evil in "(\r\n|\n|\r|\u{2028}|[ -~]|\\PC|[\u{0}-\u{1f}]|Bcc: x@evil.test|--text-|\r\n\r\n){0,60}") {
        let expected = names(&raw(&Content::Incident(incident(Stage::Failed)), None));
        let mut mail = incident(Stage::Failed);
        mail.title.clone_from(&evil);
        mail.reference.clone_from(&evil);
        mail.items[0].who.clone_from(&evil);
        mail.cause.clone_from(&evil);
        let raw = raw(&Content::Incident(mail), None);
        prop_assert_eq!(names(&raw), expected);
        prop_assert!(raw.is_ascii() && raw.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        let message = MessageParser::default().parse(raw.as_bytes()).expect("a message");
        prop_assert_eq!(message.parts.len(), 3);
        prop_assert!(message.bcc().is_none());
        let html = message.body_html(0).expect("HTML");
        prop_assert!(!html.contains("<script"));
    }
}

#[test]
fn markup_in_a_name_is_text() {
    let mut mail = incident(Stage::Failed);
    "<script>alert(1)</script>\"><img src=x>".clone_into(&mut mail.items[0].who);
    let raw = raw(&Content::Incident(mail), None);
    let message = MessageParser::default().parse(raw.as_bytes()).expect("a message");
    let html = message.body_html(0).expect("HTML");
    assert!(!html.contains("<script") && !html.contains("<img") && html.contains("alert(1)"));
}
