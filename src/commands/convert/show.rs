//! `muster convert status` and `muster convert report`

use super::stdout_failure;
use crate::{
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use jiff::Timestamp;
use muster_domain::conversion::{Code, ItemState, Kind, Phase};
use muster_store::{
    Store,
    accounts::Account,
    conversion::{CodeCount, Conversion, Item, Outlook, Report},
};
use serde_json::Value;

/// How many users of each reason fit on a screen.
const SHOWN: usize = 3;

pub async fn status(context: &Context, store: &Store, account: &Account, run: &Conversion) -> CommandResult {
    let outlook = Outlook::of(store, run).await?;
    let printed = if context.json() {
        output::json(&outlook.document(run, &account.slug))
    } else {
        output::table(["FIELD", "VALUE"], &rows(account, run, &outlook))
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn rows(account: &Account, run: &Conversion, outlook: &Outlook) -> Vec<[String; 2]> {
    let (done, of) = run.position();
    let mut rows = vec![
        ["account".to_owned(), account.slug.clone()],
        ["conversion".to_owned(), run.id.to_string()],
        ["kind".to_owned(), run.kind.to_string()],
        ["state".to_owned(), run.state.to_string()],
    ];
    let mut add = |name: &str, value: String| rows.push([name.to_owned(), value]);
    if run.state.is_worked_on() || !matches!(run.phase, Phase::Ready | Phase::Done) {
        add("phase", format!("{}, {done} of {of}", run.phase));
    }
    add("users", run.total.to_string());
    add("to convert", run.planned.to_string());
    add(if run.undo_of.is_some() { "taken back" } else { "converted" }, run.converted.to_string());
    for (name, value) in [("waiting for", &run.reason), ("error", &run.error), ("worker", &run.lease_owner)] {
        value.iter().for_each(|value| add(name, (*value).clone()));
    }
    // What it waits for has just been said.
    if let Some(now) = outlook.pace.as_ref().filter(|_| run.reason.is_none()) {
        add("at present", now.text.clone());
    }
    if run.kind == Kind::Convert {
        add("directory sent", outlook.forms.scim.text());
        add("sign-ins sent", outlook.forms.sso.text());
    }
    outlook.forms.warnings.iter().for_each(|warning| add("warning", warning.clone()));
    outlook.end().into_iter().for_each(|end| add("will be done", end));
    add("pace", pace(&run.pace));
    for (name, at) in [("planned", run.planned_ms), ("started", run.started_ms), ("over", run.finished_ms)] {
        at.into_iter().for_each(|at| add(name, time(at)));
    }
    rows
}

fn pace(wanted: &Value) -> String {
    let preset = wanted.get("preset").and_then(Value::as_str).unwrap_or("gentle");
    let mut text = preset.to_owned();
    if let Some(rate) = wanted.get("rows_per_second") {
        text.push_str(&format!(", at most {rate} users a second"));
    }
    if let Some(windows) = wanted.get("windows") {
        text.push_str(&format!(", in its windows ({})", windows.get("zone").and_then(Value::as_str).unwrap_or("UTC")));
    }
    if let Some(until) = wanted.get("ignore_windows_until").and_then(Value::as_str) {
        text.push_str(&format!(", and at any time until {until}"));
    }
    text
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|time| format!("{time:.0}")).unwrap_or_default()
}

/// Counts by reason, the first of each, columns, verification.
pub async fn report(context: &Context, store: &Store, account: &Account, run: &Conversion) -> CommandResult {
    let report = Report::of(store, run).await?;
    let outlook = Outlook::of(store, run).await?;
    let failed = |error: std::io::Error| stdout_failure(error);
    if context.json() {
        let mut document = outlook.document(run, &account.slug);
        report.add_to(&mut document);
        return output::json(&document).map(|()| Exit::Ok).map_err(failed);
    }
    output::table(["FIELD", "VALUE"], &rows(account, run, &outlook)).map_err(failed)?;
    println!();
    output::table(["STATE", "REASON", "USERS", "FOR EXAMPLE"], &table(&report.counts, &report.examples)).map_err(failed)?;
    if !report.columns.is_empty() {
        println!();
        let rows: Vec<[String; 6]> = report
            .columns
            .iter()
            .map(|one| {
                let [scanned, rewritten, ambiguous] = [one.scanned, one.rewritten, one.ambiguous].map(|count| count.to_string());
                [one.name.clone(), one.mode.clone(), one.state.clone(), scanned, rewritten, ambiguous]
            })
            .collect();
        output::table(["COLUMN", "MODE", "STATE", "READ", "REWRITTEN", "AMBIGUOUS"], &rows).map_err(failed)?;
    }
    verification(run).map_err(failed)?;
    Ok::<Exit, Failure>(Exit::Ok)
}

fn table(counts: &[CodeCount], examples: &[(Code, Vec<Item>)]) -> Vec<[String; 4]> {
    let named = |code: Code| {
        let items = examples.iter().find(|(known, _)| *known == code).map(|(_, items)| items.as_slice()).unwrap_or_default();
        items.iter().take(SHOWN).map(example).collect::<Vec<_>>().join(", ")
    };
    let word = |state: ItemState| match state {
        ItemState::Todo => "to convert",
        ItemState::Again => "to try again",
        ItemState::Done => "converted",
        ItemState::Left => "left",
        ItemState::Undone => "taken back",
    };
    counts.iter().map(|one| [word(one.state).to_owned(), one.code.to_string(), one.count.to_string(), named(one.code)]).collect()
}

fn example(item: &Item) -> String {
    match item.new_id.as_deref().or(item.email.as_deref()) {
        Some(new) if item.state != ItemState::Left => format!("{} -> {new}", item.old_id),
        Some(new) => format!("{} ({new})", item.old_id),
        None => item.old_id.clone(),
    }
}

fn verification(run: &Conversion) -> std::io::Result<()> {
    let Some(found) = run.verified.as_ref().and_then(Value::as_object) else { return Ok(()) };
    println!();
    let rows: Vec<[String; 2]> = found.iter().map(|(name, count)| [name.replace('_', " "), count.to_string()]).collect();
    output::table(["VERIFIED", "USERS"], &rows)
}
