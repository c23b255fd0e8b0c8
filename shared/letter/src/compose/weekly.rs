//! The summary of a week.

use super::{FAILURES, Setting, count, number};
use crate::letter::{Fact, Letter, Row, Section, Table, Tone};
use muster_domain::notify::Weekly;

pub(super) fn letter(week: &Weekly, setting: &Setting) -> Letter {
    let applied = week.created + week.changed + week.deleted;
    let open = week.open.len() as u64;
    let (tone, badge) = if open > 0 { (Tone::Warning, "NEEDS YOU") } else { (Tone::Good, "ALL WELL") };
    Letter {
        subject: format!("Provisioning in week {}", week.week),
        tone,
        badge,
        heading: format!("Provisioning, {} to {}", setting.day(week.from_ms), setting.day(week.to_ms - 1)),
        lead: lead(applied, week.failed, open),
        facts: vec![
            Fact { label: "Created", value: number(week.created) },
            Fact { label: "Changed", value: number(week.changed) },
            Fact { label: "Deleted", value: number(week.deleted) },
            Fact { label: "Failed", value: number(week.failed) },
            Fact { label: "Incidents", value: format!("{} began, {} ended", number(week.opened), number(week.resolved)) },
        ],
        table: table(week),
        sections: vec![Section::text("What happens next", "The next summary comes in a week. Failures are told when they happen.")],
        actions: vec![
            setting.action("What is open", FAILURES, "incidents list", ""),
            setting.action("The cycles of the week", "/provisioning/cycles", "cycles", "--since 7d"),
        ],
    }
}

fn lead(applied: u64, failed: u64, open: u64) -> String {
    let work = match (applied, failed) {
        (0, 0) => "The directory sent nothing this week.".to_owned(),
        (_, 0) => format!("{}, and none failed.", count(applied, "operation was applied", "operations were applied")),
        _ => format!("{}, {} failed.", count(applied, "operation was applied", "operations were applied"), number(failed)),
    };
    if open == 0 { work } else { format!("{work} {} still open.", count(open, "incident is", "incidents are")) }
}

fn table(week: &Weekly) -> Option<Table> {
    if week.open.is_empty() {
        return None;
    }
    let row = |incident: &muster_domain::notify::WeeklyIncident| Row {
        cells: [incident.title.clone(), incident.reference.clone(), count(incident.failures, "failure", "failures")],
    };
    Some(Table {
        caption: "Open incidents".to_owned(),
        columns: ["What", "Incident", "Size"],
        rows: week.open.iter().map(row).collect(),
        more: None,
    })
}
