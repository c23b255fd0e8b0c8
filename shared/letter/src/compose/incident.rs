//! Mails about an incident.

use super::{FAILURES, Setting, count, number};
use crate::letter::{Action, Fact, Letter, Section, Table, Tone};
use muster_domain::{
    incident::Resolution,
    notify::{IncidentMail, Stage},
};

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
        heading: capitalised(&mail.title),
        lead: lead(mail, setting),
        facts: facts(mail, setting),
        table: table(mail, setting),
        sections: sections(mail),
        actions: actions(mail, setting),
    }
}

fn lead(mail: &IncidentMail, setting: &Setting) -> String {
    let failures = count(mail.failures, noun(mail).0, noun(mail).1);
    let about = if mail.affected == 0 { String::new() } else { format!(" for {}", affected(mail)) };
    match mail.stage {
        Stage::Failed => format!("{failures} failed{about} since {}.", setting.moment(mail.first_ms)),
        Stage::Digest => format!(
            "It still goes on: {} failed since the last mail, {}{about} in all since {}.",
            count(mail.new_failures, noun(mail).0, noun(mail).1),
            number(mail.failures),
            setting.moment(mail.first_ms)
        ),
        Stage::Resolved => format!("It is over. {failures} had failed{about}, the last one at {}.", setting.moment(mail.last_ms)),
    }
}

fn facts(mail: &IncidentMail, setting: &Setting) -> Vec<Fact> {
    let mut facts =
        vec![Fact { label: "Incident", value: mail.reference.clone() }, Fact { label: "Failures", value: number(mail.failures) }];
    if mail.affected > 0 {
        facts.push(Fact { label: "Affected", value: affected(mail) });
    }
    if let Some(attribute) = &mail.attribute {
        facts.push(Fact { label: "Attribute", value: attribute.clone() });
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
    let more = (mail.failures > shown && mail.affected > 0).then(|| format!("All {} are in the log of operations.", number(mail.failures)));
    Some(Table {
        caption: if shown == 1 && mail.failures == 1 { "What failed".to_owned() } else { "The latest failures".to_owned() },
        columns: ["Who", "What went wrong", "When"],
        rows: setting.items(&mail.items),
        more,
    })
}

fn sections(mail: &IncidentMail) -> Vec<Section> {
    if mail.stage == Stage::Resolved {
        let why = match mail.resolution {
            Some(Resolution::Retried) => {
                "Everything that had failed was applied when it was tried again. A new failure of this kind is mailed about again."
            }
            Some(Resolution::Person) => "Somebody marked it as resolved. A new failure of this kind is mailed about again.",
            Some(Resolution::Quiet) | None => "Nothing of this kind has failed for a while. If it comes back, you are told.",
        };
        return vec![Section::text("Why it is over", why)];
    }
    vec![
        Section::text("Likely cause", mail.cause.clone()),
        Section::text("What to do", mail.remedy.clone()),
        Section::text(
            "What happens by itself",
            "Everything else goes on. You hear again in growing intervals while this grows, and once when it is over.",
        ),
    ]
}

/// The users or groups it is about, counted.
fn affected(mail: &IncidentMail) -> String {
    match mail.resource_type.as_deref() {
        Some("Group") => count(mail.affected, "group", "groups"),
        Some("User") => count(mail.affected, "user", "users"),
        _ => count(mail.affected, "user or group", "users and groups"),
    }
}

/// What failed: an operation on something, or a request that did not get that far.
fn noun(mail: &IncidentMail) -> (&'static str, &'static str) {
    if mail.affected > 0 { ("operation", "operations") } else { ("request", "requests") }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn actions(mail: &IncidentMail, setting: &Setting) -> Vec<Action> {
    let number = mail.reference.trim_start_matches('#');
    let page = format!("{FAILURES}/{number}");
    let mut actions = vec![setting.action("See the failure", &page, "incidents show", number)];
    if mail.stage == Stage::Resolved {
        return actions;
    }
    // Requests that never became operations are not in the log, and there is nothing to try again.
    if mail.affected > 0 {
        let all = format!("--incident {number} --all");
        let operations = format!("/provisioning/operations?incident={number}");
        actions.push(setting.action("Every failed operation", &operations, "ops list", &all));
        actions.push(setting.action("Try all again", &page, "incidents retry", number));
    } else {
        actions.push(setting.action("Every failed request", &page, "incidents failures", number));
    }
    actions.push(setting.action("Silence it for a day", &page, "incidents snooze", number));
    actions
}
