//! `muster migrate`

use super::stdout_failure;
use crate::{
    context::Context,
    exit::{CommandResult, Exit},
    output, settings,
};
use muster_store::Store;
use serde_json::json;

pub async fn run(context: &Context, check: bool) -> CommandResult {
    if context.needs_data_dir() {
        context.make_data_dir()?;
    }
    let store = Store::connect(&settings::store(&context.config)).await?;
    let (what, names) = if check { ("pending", store.pending_migrations().await?) } else { ("applied", store.migrate().await?) };
    let exit = if check && !names.is_empty() { Exit::Partial } else { Exit::Ok };
    if context.json() {
        output::json(&json!({ what: names })).map_err(stdout_failure)?;
    } else if names.is_empty() {
        eprintln!("The database is up to date.");
    } else {
        let rows: Vec<[String; 2]> = names.into_iter().map(|name| [name, what.to_owned()]).collect();
        output::table(["MIGRATION", "STATE"], &rows).map_err(stdout_failure)?;
    }
    Ok(exit)
}
