//! `muster incidents show`

use super::{find, what};
use crate::{
    commands::stdout_failure,
    context::Context,
    exit::{CommandResult, Exit},
    output,
};
use muster_store::incidents::{self, Affected, Incident, IncidentEvent, Item};
use serde_json::json;

/// How many users and failures are shown; `muster ops list --incident` has them all.
const SHOWN: u32 = 10;

pub async fn run(context: &Context, slug: &str, number: i64) -> CommandResult {
    let (store, account, incident) = find(context, slug, number).await?;
    let affected = incidents::affected(&store, account.id, incident.id, SHOWN).await?;
    let events = incidents::events(&store, account.id, incident.id).await?;
    let items = incidents::items(&store, account.id, incident.id, None, SHOWN).await?;
    let printed = if context.json() {
        let advice = incident.advice();
        output::json(
            &json!({ "incident": incident, "advice": advice, "affected": affected, "events": events, "items": items.items, "next": items.next }),
        )
    } else {
        output::pairs(&lines(&incident, &affected, &events, &items.items))
    };
    printed.map_err(stdout_failure)?;
    if !context.json() && items.items.iter().any(|item| item.operation.is_some()) {
        eprintln!("Every failed operation: muster ops list --account {slug} --incident {number}");
    } else if !context.json() && items.next.is_some() {
        eprintln!("Every failure: muster incidents failures --account {slug} {number}");
    }
    Ok(Exit::Ok)
}

fn lines(incident: &Incident, affected: &[Affected], events: &[IncidentEvent], items: &[Item]) -> Vec<(String, String)> {
    let advice = incident.advice();
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_owned(), text));
    line("incident", format!("#{} {}", incident.number, what(incident)));
    line("state", format!("{}{}", incident.state.as_str(), incident.state_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default()));
    line("failures", format!("{}, {} users or groups", incident.failures, incident.affected));
    line("first", output::time(incident.first_ms));
    line("last", output::time(incident.last_ms));
    line("likely", advice.likely.to_owned());
    line("do", advice.remedy.to_owned());
    for who in affected {
        line("affects", who.label.clone().unwrap_or_else(|| who.id.to_string()));
    }
    for item in items {
        let name = item.operation.map_or_else(|| format!("{} requests", item.failures), |id| format!("operation {id}"));
        let settled = if item.settled { ", tried again since" } else { "" };
        line("failure", format!("{} {name}{settled}", output::time(item.at_ms)));
    }
    for event in events {
        let by = event.actor.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        line("event", format!("{} {}{by}, {} failures", output::time(event.at_ms), event.kind.as_str(), event.failures));
    }
    lines
}
