//! Reports of a conversion of user ids.

use super::{Setting, count, number};
use crate::letter::{Action, Fact, Letter, Section, Table, Tone};
use muster_domain::notify::{ConversionReport, ConversionState};

pub(super) fn letter(report: &ConversionReport, setting: &Setting) -> Letter {
    let (word, tone, heading) = match report.state {
        ConversionState::Started => ("STARTED", Tone::Neutral, "The conversion of user ids has started"),
        ConversionState::Completed => ("DONE", Tone::Good, "The user ids are converted"),
        ConversionState::CompletedWithSkips => ("DONE", Tone::Warning, "The user ids are converted, with exceptions"),
        ConversionState::Paused => ("PAUSED", Tone::Warning, "The conversion of user ids has paused"),
        ConversionState::Failed => ("FAILED", Tone::Bad, "The conversion of user ids has stopped"),
        ConversionState::Cancelled => ("CANCELLED", Tone::Neutral, "The conversion of user ids was cancelled"),
        ConversionState::UndoStarted => ("UNDO STARTED", Tone::Neutral, "The conversion of user ids is being taken back"),
        ConversionState::Undone => ("UNDONE", Tone::Neutral, "The conversion of user ids was taken back"),
    };
    let undo = matches!(report.state, ConversionState::UndoStarted | ConversionState::Undone);
    Letter {
        subject: format!("{word}: Conversion of user ids (started {})", setting.day(report.started_ms)),
        tone,
        badge: word,
        heading: heading.to_owned(),
        lead: lead(report),
        facts: vec![
            Fact { label: if undo { "Taken back" } else { "Converted" }, value: of(report.converted, report.total) },
            Fact { label: "Needed nothing", value: number(report.unchanged) },
            Fact { label: if undo { "Not taken back" } else { "Not converted" }, value: number(report.skipped) },
            Fact { label: "Started", value: setting.moment(report.started_ms) },
            Fact { label: "At", value: setting.moment(report.ended_ms) },
        ],
        table: table(report, setting),
        sections: sections(report),
        actions: actions(report, setting),
    }
}

fn actions(report: &ConversionReport, setting: &Setting) -> Vec<Action> {
    let page = format!("/configuration/ad/convert/runs/{}", report.conversion);
    let mut actions = vec![setting.action("See the conversion", &page, "convert status", "")];
    match report.state {
        ConversionState::CompletedWithSkips => {
            actions.push(setting.action("Everybody, with reasons", &format!("{page}/items.csv"), "convert report", "--csv report.csv"));
        }
        ConversionState::Paused | ConversionState::Failed => {
            actions.push(setting.action("Let it go on", &page, "convert resume", ""));
        }
        _ => {}
    }
    actions
}

fn lead(report: &ConversionReport) -> String {
    let converted = count(report.converted, "user signs in with the e-mail address now", "users sign in with their e-mail addresses now");
    match report.state {
        ConversionState::Started => {
            format!("{} are looked at. Everybody keeps working; nobody has to sign in again.", count(report.total, "user", "users"))
        }
        ConversionState::UndoStarted => "The users who were converted get their old user ids back.".to_owned(),
        ConversionState::Completed => format!("{converted}."),
        ConversionState::CompletedWithSkips => {
            format!("{converted}; {} could not be converted.", count(report.skipped, "user", "users"))
        }
        ConversionState::Undone => format!("{} their old user ids again.", count(report.converted, "user has", "users have")),
        ConversionState::Paused | ConversionState::Failed | ConversionState::Cancelled => {
            let reason = report.reason.as_deref().map(|reason| format!(" {}.", reason.trim_end_matches('.'))).unwrap_or_default();
            format!("{} of {} were done before.{reason}", number(report.converted), count(report.total, "user", "users"))
        }
    }
}

fn of(part: u64, total: u64) -> String {
    match (part * 100).checked_div(total) {
        Some(percent) => format!("{} of {} ({percent} %)", number(part), number(total)),
        None => number(part),
    }
}

fn table(report: &ConversionReport, setting: &Setting) -> Option<Table> {
    if report.items.is_empty() {
        return None;
    }
    let shown = report.items.len() as u64;
    let more =
        (report.skipped > shown).then(|| format!("The other {} are in the report of the conversion.", number(report.skipped - shown)));
    Some(Table {
        caption: if report.state == ConversionState::Undone { "Not taken back" } else { "Not converted" }.to_owned(),
        columns: ["User", "Why", "When"],
        rows: setting.items(&report.items),
        more,
    })
}

fn sections(report: &ConversionReport) -> Vec<Section> {
    let next = match report.state {
        ConversionState::Started => {
            "It goes on by itself, in its windows and only as fast as nobody notices. You get one more mail when it is done, or when it needs you."
        }
        ConversionState::UndoStarted => "You get one more mail when it is done, or when it needs you.",
        ConversionState::Completed => "Old user ids still sign their users in, as aliases. Nothing has to be done.",
        ConversionState::CompletedWithSkips => {
            "Users who were not converted sign in as before. Mend what the list names, then start a conversion again: it takes up only these."
        }
        ConversionState::Paused => {
            "It waits until somebody resumes it, and goes on where it stopped. No user is half converted: those done stay so, the others sign in as before."
        }
        ConversionState::Failed => {
            "It does not go on by itself. Those converted stay converted, the others sign in as before; resume it when the cause is mended, or cancel and undo it."
        }
        ConversionState::Cancelled => "Those converted stay converted, the others sign in as before. It can be started again, or undone.",
        ConversionState::Undone => "People sign in as they did before the conversion. The record of it is kept.",
    };
    vec![Section::text("What happens next", next)]
}
