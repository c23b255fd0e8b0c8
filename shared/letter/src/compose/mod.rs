//! From the facts to a letter: the wording of every mail.
//!
//! One sentence first, then figures, the latest few examples, the cause, what to do, what happens by itself, where to go. A reader who
//! stops after the first line knows what happened.

mod conversion;
mod folded;
mod incident;
mod weekly;

use crate::letter::{Action, Footer, Letter, Row, Section, Tone};
use jiff::{Timestamp, tz::TimeZone};
use muster_domain::notify::{Content, Item, TestMail};

/// Where a mail comes from and who reads it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The account's short name.
    pub account: String,
    /// The service's address, without a slash at the end: unsubscribing is there.
    pub public_url: String,
    /// The address of the account's console, without a slash at the end.
    pub console_url: String,
    /// The reader's time zone.
    pub zone: TimeZone,
    /// The reader gets mail as the SCIM administrator, and not because somebody put the address on the list.
    pub by_default: bool,
}

/// Words these facts.
pub(crate) fn compose(content: &Content, setting: &Setting) -> Letter {
    let letter = match content {
        Content::Incident(mail) => incident::letter(mail, setting),
        Content::Conversion(report) => conversion::letter(report, setting),
        Content::Weekly(week) => weekly::letter(week, setting),
        Content::Folded(folded) => folded::letter(folded, setting),
        Content::Test(test) => test_letter(test, setting),
    };
    letter.tidied()
}

/// Why the reader gets this, and where to change it.
pub(crate) fn footer(setting: &Setting) -> Footer {
    let account = &setting.account;
    let why = if setting.by_default {
        format!(
            "You get this because you are the SCIM administrator of the account {account}, and nobody else is on its list for notifications."
        )
    } else {
        format!("You get this because your address is on the list for notifications of the account {account}.")
    };
    Footer { why, page: setting.page(RECIPIENTS), change: setting.command("notify list", "") }
}

fn test_letter(test: &TestMail, setting: &Setting) -> Letter {
    Letter {
        subject: "Test of notifications".to_owned(),
        tone: Tone::Neutral,
        badge: "TEST",
        heading: "Notifications arrive here".to_owned(),
        lead: format!(
            "This is the test that was asked for at {}. If you can read it, mail about provisioning will arrive as well.",
            setting.moment(test.at_ms)
        ),
        facts: Vec::new(),
        table: None,
        sections: vec![Section::text("What happens next", "Nothing. You hear from Muster when something needs you, and when it is over.")],
        actions: vec![setting.action("Who gets mail", RECIPIENTS, "notify list", "")],
    }
}

/// Who gets mail, and what became of the latest.
const RECIPIENTS: &str = "/configuration/notifications";
/// The failures that are not resolved.
const FAILURES: &str = "/provisioning/failures";

impl Setting {
    /// A page of the console and the command that does the same: its words, then what stands behind the account.
    fn action(&self, label: &'static str, path: &str, words: &str, rest: &str) -> Action {
        Action { label, page: self.page(path), command: self.command(words, rest) }
    }

    /// The address of a page. It names the account, as somebody may be signed in to another one.
    fn page(&self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{joint}account={}", self.console_url, self.account)
    }

    /// `muster incidents show --account acme 12`.
    fn command(&self, words: &str, rest: &str) -> String {
        format!("muster {words} --account {} {rest}", self.account).trim_end().to_owned()
    }

    /// A moment as the reader's own clock shows it.
    fn moment(&self, at_ms: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(at_ms) else { return "an unknown time".to_owned() };
        at.to_zoned_datetime(self.zone.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string()
    }

    fn day(&self, at_ms: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(at_ms) else { return "an unknown day".to_owned() };
        at.to_zoned_datetime(self.zone.clone()).strftime("%-d %b %Y").to_string()
    }

    fn items(&self, items: &[Item]) -> Vec<Row> {
        let row = |item: &Item| Row { cells: [item.who.clone(), item.what.clone(), self.moment(item.at_ms)] };
        items.iter().map(row).collect()
    }
}

/// `1 user`, `12 users`, `10,000 users`.
fn count(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", number(n)) }
}

fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
