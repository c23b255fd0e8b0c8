//! `muster incidents retry`

use super::{find, missing};
use crate::{
    cli::ByPerson,
    commands::stdout_failure,
    context::Context,
    exit::{CommandResult, Exit},
    output, settings,
};
use muster_domain::Operation;
use muster_store::{incidents, now_ms};
use muster_worker::Applier;

/// How long a database that is away is waited for. Milliseconds.
const PATIENCE_MS: i64 = 20_000;

pub async fn run(context: &Context, which: ByPerson) -> CommandResult {
    let (store, account, incident) = find(context, &which.account, which.number).await?;
    let applier = Applier::new(store.clone(), settings::apply(&context.config));
    let apply = |operations: Vec<Operation>| {
        let applier = applier.clone();
        async move { applier.apply(operations).await }
    };
    let report = incidents::retry(&store, account.id, incident.id, &which.by, (u64::MAX, PATIENCE_MS), apply).await?;
    let report = report.ok_or_else(|| missing(&account, which.number))?;
    // What failed again is counted, and an incident all of which succeeded ended, without waiting for a worker.
    super::count_new(&store).await?;
    incidents::settle(&store, now_ms()).await?;
    let printed = if context.json() {
        output::json(&report)
    } else {
        let counts = [report.applied, report.failed, report.superseded].map(|count| count.to_string());
        output::table(["APPLIED", "FAILED AGAIN", "OVERTAKEN"], &[counts])
    };
    printed.map_err(stdout_failure)?;
    Ok(if report.failed == 0 { Exit::Ok } else { Exit::Partial })
}
