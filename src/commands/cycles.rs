//! `muster cycles`

use super::stdout_failure;
use crate::{
    cli::CyclesCommand,
    context::Context,
    exit::{CommandResult, Exit},
    output,
};
use muster_store::{
    log::{self, Cycle, CycleQuery},
    now_ms,
};

pub async fn run(context: &Context, command: CyclesCommand) -> CommandResult {
    let store = context.open_store().await?;
    let account = context.account(&store, &command.account).await?;
    let now = now_ms();
    let query = CycleQuery { key: command.key, from_ms: command.since, to_ms: now.saturating_add(1), limit: command.limit as usize };
    let cycles = log::cycles(&store, account.id, query, now).await?;
    let rows: Vec<[String; 9]> = cycles.iter().map(row).collect();
    let printed = if command.csv {
        output::csv([Cycle::csv_heading()].into_iter().chain(cycles.iter().map(Cycle::csv)))
    } else if context.json() {
        output::json(&cycles)
    } else {
        output::table(["BEGAN", "ENDED", "OPERATIONS", "CREATED", "REPLACED", "PATCHED", "DELETED", "FAILED", "KEY"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn row(cycle: &Cycle) -> [String; 9] {
    let ended = if cycle.running { "running".to_owned() } else { output::time(cycle.last_ms) };
    let [operations, created, replaced, patched, deleted, failed] =
        [cycle.operations, cycle.created, cycle.replaced, cycle.patched, cycle.deleted, cycle.failed].map(|count| count.to_string());
    [output::time(cycle.first_ms), ended, operations, created, replaced, patched, deleted, failed, cycle.key.to_string()]
}
