//! Mails about an incident.

use super::{
    super::letter::{Action, Fact, Letter, Section, Table, Tone},
    Setting, count, number,
};
use muster_domain::notify::{IncidentMail, Stage};

pub(super) fn letter(mail: &IncidentMail, setting: &Setting) -> Letter {
    // What never changes about the incident stands behind the state, so that mail programs keep the thread together.
    let stem = format!("{} ({})", mail.title, mail.reference);
    let (word, tone, badge) = match mail.stage {
        Stage::Failed | Stage::Digest if mail.immediate => ("URGENT", Tone::Bad, "URGENT"),
        Stage::Failed => ("FAILED", Tone::Bad, "FAILED"),
        Stage::Digest => ("FAILED", Tone::Warning, "STILL FAILING"),
        Stage::Resolved => ("RESOLVED", Tone::Good, "RESOLVED"),
    };
    Letter {
        subject: format!("{word}: {stem}"),
        tone,
        badge,
        heading: mail.title.clone(),
        lead: lead(mail, setting),
        facts: facts(mail, setting),
        table: table(mail, setting),
        sections: sections(mail),
        actions: actions(mail, setting),
    }
}

fn lead(mail: &IncidentMail, setting: &Setting) -> String {
    let failures = count(mail.failures, "operation", "operations");
    let about = if mail.users == 0 { String::new() } else { format!(" for {}", count(mail.users, "user", "users")) };
    match mail.stage {
        Stage::Failed => format!("{failures} failed{about} since {}.", setting.moment(mail.first_ms)),
        Stage::Digest if mail.new_failures == 0 => {
            format!("It still goes on, with another cause than before: {failures} failed{about} since {}.", setting.moment(mail.first_ms))
        }
        Stage::Digest => format!(
            "It still goes on: {} failed since the last mail, {}{about} in all since {}.",
            count(mail.new_failures, "operation", "operations"),
            number(mail.failures),
            setting.moment(mail.first_ms)
        ),
        Stage::Resolved => format!("It is over. {failures} had failed{about}, the last one at {}.", setting.moment(mail.last_ms)),
    }
}

fn facts(mail: &IncidentMail, setting: &Setting) -> Vec<Fact> {
    let mut facts =
        vec![Fact { label: "Incident", value: mail.reference.clone() }, Fact { label: "Failures", value: number(mail.failures) }];
    if mail.users > 0 {
        facts.push(Fact { label: "Users affected", value: number(mail.users) });
    }
    facts.push(Fact { label: "First failure", value: setting.moment(mail.first_ms) });
    facts.push(Fact { label: "Latest failure", value: setting.moment(mail.last_ms) });
    facts
}

fn table(mail: &IncidentMail, setting: &Setting) -> Option<Table> {
    if mail.items.is_empty() {
        return None;
    }
    let shown = mail.items.len() as u64;
    let more = (mail.failures > shown).then(|| format!("The other {} are on the page of the incident.", number(mail.failures - shown)));
    Some(Table {
        caption: if shown == 1 && mail.failures == 1 { "What failed".to_owned() } else { "The latest failures".to_owned() },
        columns: ["Who", "What went wrong", "When"],
        rows: setting.items(&mail.items),
        more,
    })
}

fn sections(mail: &IncidentMail) -> Vec<Section> {
    let mut sections = Vec::new();
    if mail.stage == Stage::Resolved {
        sections.push(Section::text("What happens next", mail.next.clone()));
        return sections;
    }
    sections.push(Section::text("Likely cause", mail.cause.clone()));
    if !mail.remedy.is_empty() {
        sections.push(Section { heading: "What to do", text: None, steps: mail.remedy.clone() });
    }
    sections.push(Section::text("What happens by itself", mail.next.clone()));
    sections
}

fn actions(mail: &IncidentMail, setting: &Setting) -> Vec<Action> {
    let page = setting.url(&format!("/provisioning/failures/{}", mail.incident));
    match mail.stage {
        Stage::Resolved => vec![Action { label: "Open the incident", url: page }],
        Stage::Failed | Stage::Digest => vec![
            Action { label: "Open failures", url: page.clone() },
            Action { label: "Retry all", url: format!("{page}#retry") },
            Action { label: "Snooze 24 h", url: format!("{page}#snooze") },
        ],
    }
}
