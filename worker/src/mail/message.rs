//! From a letter to a message as it travels (RFC 5322, RFC 2045).
//!
//! The message depends on nothing but what it is made from: sent again, it is the same to the byte, `Message-ID` and MIME boundaries
//! included. So a mail program that gets it twice shows it once.

use lettre::{
    Address, Message,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use muster_domain::notify::Content;
use muster_letter::{Setting, one_line, word};
use std::time::{Duration, UNIX_EPOCH};

/// What a message is made from.
#[derive(Clone, Debug)]
pub(crate) struct Source<'a> {
    /// What it says.
    pub content: &'a Content,
    /// Which mail it is ([`MailKey`](muster_domain::notify::MailKey)): the left part of the `Message-ID`.
    pub key: &'a str,
    /// The mails it belongs with; none when it stands alone.
    pub thread: Option<&'a str>,
    /// The recipient.
    pub to: &'a str,
    /// What lets the recipient end these mails with one click.
    pub unsubscribe_token: &'a str,
    /// When it was written, milliseconds since 1970.
    pub written_ms: i64,
    /// What is attached: a CSV file.
    pub attachment: Option<&'a str>,
}

/// An address in it cannot be written in a message.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` cannot stand in a mail: {reason}")]
pub(crate) struct Unwritable {
    address: String,
    reason: String,
}

/// Builds the message.
pub(crate) fn message(source: &Source<'_>, from: &str, setting: &Setting) -> Result<Message, Unwritable> {
    let worded = word(source.content, setting);
    let account = setting.account.as_str();
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let id = |left: &str| format!("<{left}@{domain}>");

    let written = UNIX_EPOCH + Duration::from_millis(source.written_ms.max(0).unsigned_abs());
    let mut builder = Message::builder()
        .from(mailbox(Some("Muster".to_owned()), from)?)
        .to(mailbox(None, source.to)?)
        .subject(worded.subject)
        .date(written)
        .message_id(Some(id(source.key)));
    if let Some(thread) = source.thread {
        // Every mail of a thread answers a first one that need never have been sent: programs group by it all the same.
        builder = builder.in_reply_to(id(thread)).references(id(thread));
    }
    let unsubscribe = format!("{}/notifications/unsubscribe/{}", setting.public_url, source.unsubscribe_token);
    let headers: [(&'static str, String); 8] = [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("<provisioning.{account}.{domain}>")),
        ("List-Unsubscribe", format!("<{unsubscribe}>")),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ("X-Muster-Severity", worded.severity.to_owned()),
        ("X-Muster-Account", account.to_owned()),
        ("X-Muster-Mail", source.key.to_owned()),
    ];
    for (name, value) in headers {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), one_line(&value)));
    }
    if let Content::Incident(mail) = source.content {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("X-Muster-Incident"), one_line(&mail.reference)));
    }

    let body = MultiPart::alternative()
        .boundary(format!("text-{}", boundary(source.key)))
        .singlepart(part(ContentType::TEXT_PLAIN, worded.text))
        .singlepart(part(ContentType::TEXT_HTML, worded.html));
    let body = match source.attachment {
        None => body,
        Some(csv) => {
            let kind = ContentType::parse("text/csv; charset=utf-8; header=present").expect("a content type");
            MultiPart::mixed()
                .boundary(format!("whole-{}", boundary(source.key)))
                .multipart(body)
                .singlepart(Attachment::new("failures.csv".to_owned()).body(csv.to_owned(), kind))
        }
    };
    builder.multipart(body).map_err(|error| Unwritable { address: source.to.to_owned(), reason: error.to_string() })
}

/// Quoted-printable always: some servers change eight-bit text and long lines, and a signature of the relay's would break.
fn part(kind: ContentType, text: String) -> SinglePart {
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        .unwrap_or_else(|text| Body::new(String::from_utf8_lossy(&text).into_owned()));
    SinglePart::builder().header(kind).body(body)
}

fn mailbox(name: Option<String>, address: &str) -> Result<Mailbox, Unwritable> {
    let parsed: Address = address
        .parse()
        .map_err(|error: lettre::address::AddressError| Unwritable { address: one_line(address), reason: error.to_string() })?;
    Ok(Mailbox::new(name, parsed))
}

/// Keys are made of letters, digits, dots and hyphens, all of which a boundary may hold; at most 70 characters.
fn boundary(key: &str) -> String {
    key.chars().filter(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-')).take(60).collect()
}
