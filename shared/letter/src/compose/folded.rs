//! One mail in the place of several.

use super::{FAILURES, Setting, count, number};
use crate::letter::{Letter, Row, Section, Table, Tone};
use muster_domain::notify::{FoldReason, Folded, FoldedLine};

pub(super) fn letter(folded: &Folded, setting: &Setting) -> Letter {
    let mails = count(folded.count, "mail", "mails");
    let (subject, heading, lead, next) = match folded.reason {
        FoldReason::QuietHours => (
            format!("Summary of your quiet hours: {mails}"),
            "While you were away".to_owned(),
            format!("{mails} came during your quiet hours. This is what they were about."),
            "The mails themselves are not sent any more. What cannot wait is sent at once, in quiet hours too.",
        ),
        FoldReason::Outage => (
            format!("{mails} that could not be sent earlier"),
            "The mail server is back".to_owned(),
            format!(
                "{mails} could not be sent while the mail server was away. This is what they were about; provisioning went on meanwhile."
            ),
            "The mails themselves are not sent any more. Everything they were about is in the list of incidents.",
        ),
        FoldReason::Cap => (
            format!("{} more held back", number(folded.count)),
            format!("{} more mails held back", number(folded.count)),
            format!("More happened than anybody should get mail about in so short a time: this mail stands for {mails}."),
            "The mails themselves are not sent any more. Everything they were about is in the list of incidents.",
        ),
    };
    let row = |line: &FoldedLine| Row { cells: [line.subject.clone(), String::new(), setting.moment(line.at_ms)] };
    let shown = folded.lines.len() as u64;
    Letter {
        subject,
        tone: Tone::Warning,
        badge: "SUMMARY",
        heading,
        lead,
        facts: Vec::new(),
        table: Some(Table {
            caption: "What they were about".to_owned(),
            columns: ["Mail", "", "When"],
            rows: folded.lines.iter().map(row).collect(),
            more: (folded.count > shown).then(|| format!("And {} more.", number(folded.count - shown))),
        }),
        sections: vec![Section::text("What happens next", next)],
        actions: vec![setting.action("What is open", FAILURES, "incidents list", "")],
    }
}
