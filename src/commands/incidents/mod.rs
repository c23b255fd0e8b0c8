//! `muster incidents list|show|failures|ack|snooze|resolve|retry`

mod failures;
mod retry;
mod show;

use super::stdout_failure;
use crate::{
    cli::{IncidentsCommand, ListIncidents},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    output,
};
use muster_domain::incident::IncidentState;
use muster_store::{
    Store, StoreError,
    accounts::Account,
    incidents::{self, Incident, IncidentPage, IncidentQuery},
    now_ms,
};

pub async fn run(context: &Context, command: IncidentsCommand) -> CommandResult {
    match command {
        IncidentsCommand::List(list) => self::list(context, list).await,
        IncidentsCommand::Show(which) => show::run(context, &which.account, which.number).await,
        IncidentsCommand::Failures(list) => failures::run(context, list).await,
        IncidentsCommand::Ack(which) => {
            let (store, account, incident) = find(context, &which.account, which.number).await?;
            moved(context, &account, incidents::acknowledge(&store, account.id, incident.id, &which.by).await, which.number)
        }
        IncidentsCommand::Snooze { which, time_ms } => {
            let (store, account, incident) = find(context, &which.account, which.number).await?;
            let until = now_ms().saturating_add(time_ms);
            moved(context, &account, incidents::snooze(&store, account.id, incident.id, until, &which.by).await, which.number)
        }
        IncidentsCommand::Resolve(which) => {
            let (store, account, incident) = find(context, &which.account, which.number).await?;
            moved(context, &account, incidents::resolve(&store, account.id, incident.id, &which.by).await, which.number)
        }
        IncidentsCommand::Retry(which) => retry::run(context, which).await,
    }
}

const HEADINGS: [&str; 8] = ["#", "STATE", "CAUSE", "FAILURES", "AFFECTED", "FIRST", "LAST", "WHAT"];
async fn list(context: &Context, list: ListIncidents) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, &list.account).await?;
    count_new(&store).await?;
    let page = list.page;
    let states = if list.state.is_empty() {
        IncidentState::ALL.into_iter().filter(|state| *state != IncidentState::Resolved).collect()
    } else {
        list.state
    };
    let mut query = IncidentQuery { states, cause: list.cause, after: page.after, limit: if page.all { 1_000 } else { page.limit } };
    let mut gathered = IncidentPage { incidents: Vec::new(), next: None };
    loop {
        let found = incidents::list(&store, account.id, &query).await?;
        gathered.incidents.extend(found.incidents);
        gathered.next = found.next;
        query.after = found.next;
        if !page.all || found.next.is_none() {
            break;
        }
    }
    let printed = if page.csv {
        output::csv([Incident::csv_heading()].into_iter().chain(gathered.incidents.iter().map(Incident::csv)))
    } else if context.json() {
        output::json(&gathered)
    } else {
        output::table(HEADINGS, &gathered.incidents.iter().map(row).collect::<Vec<_>>())
    };
    printed.map_err(stdout_failure)?;
    if let (Some(next), false) = (gathered.next, context.json()) {
        eprintln!("More: --after {next}");
    }
    Ok(Exit::Ok)
}

/// Counts what no worker has counted yet, so that a failure of a moment ago is in the list.
async fn count_new(store: &Store) -> Result<(), Failure> {
    loop {
        match incidents::fold(store, now_ms()).await {
            Ok(0) | Err(StoreError::Raced(_) | StoreError::Locked(_)) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn find(context: &Context, slug: &str, number: i64) -> Result<(Store, Account, Incident), Failure> {
    let store = context.open_store().await?;
    let account = context.account(&store, slug).await?;
    count_new(&store).await?;
    let incident = incidents::by_number(&store, account.id, number).await?.ok_or_else(|| missing(&account, number))?;
    Ok((store, account, incident))
}

fn missing(account: &Account, number: i64) -> Failure {
    Failure::new(
        Exit::NotFound,
        format!("the account `{}` has no incident #{number}; `muster incidents list` shows those there are", account.slug),
    )
}

fn moved(context: &Context, account: &Account, result: Result<Option<Incident>, StoreError>, number: i64) -> CommandResult {
    let incident = result?.ok_or_else(|| missing(account, number))?;
    let printed = if context.json() { output::json(&incident) } else { output::table(HEADINGS, &[row(&incident)]) };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn row(incident: &Incident) -> [String; 8] {
    [
        incident.number.to_string(),
        incident.state.as_str().to_owned(),
        incident.cause.as_str().to_owned(),
        incident.failures.to_string(),
        incident.affected.to_string(),
        output::time(incident.first_ms),
        output::time(incident.last_ms),
        what(incident),
    ]
}

/// What failed, in a few words.
fn what(incident: &Incident) -> String {
    let parts = [Some(incident.action.as_str()), incident.resource_type.as_deref(), incident.attribute.as_deref()];
    let place: Vec<&str> = parts.into_iter().flatten().collect();
    format!("{}: {}", place.join(" "), incident.advice().title)
}
