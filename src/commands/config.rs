//! `muster config show|check|defaults`

use super::stdout_failure;
use crate::{
    cli::{ConfigCommand, Global},
    context::read_config,
    exit::{CommandResult, Exit},
    output, schemas,
};
use muster_runtime::DEFAULTS;
use serde_json::json;
use std::io::{self, Write};

pub fn run(command: &ConfigCommand, global: &Global) -> CommandResult {
    match command {
        ConfigCommand::Show => show(global),
        ConfigCommand::Check => check(global),
        ConfigCommand::Defaults => io::stdout().write_all(DEFAULTS.as_bytes()).map(|()| Exit::Ok).map_err(stdout_failure),
    }
}

fn show(global: &Global) -> CommandResult {
    let entries = read_config(global)??.entries;
    let printed = if global.json {
        output::json(&entries)
    } else {
        let rows: Vec<[String; 3]> = entries
            .into_iter()
            .map(|entry| {
                let value = entry
                    .value
                    .as_str()
                    .map_or_else(|| entry.value.to_string(), |text| if text.is_empty() { "\"\"".to_owned() } else { text.to_owned() });
                [entry.key, value, entry.origin.to_string()]
            })
            .collect();
        output::table(["KEY", "VALUE", "ORIGIN"], &rows)
    };
    printed.map(|()| Exit::Ok).map_err(stdout_failure)
}

fn check(global: &Global) -> CommandResult {
    match read_config(global)?.and_then(|loaded| schemas::read(&loaded)) {
        Ok(_) if global.json => output::json(&json!({ "valid": true, "problems": [] })).map_err(stdout_failure)?,
        Ok(_) => eprintln!("The configuration is valid."),
        Err(errors) if global.json => {
            output::json(&json!({ "valid": false, "problems": errors.0 })).map_err(stdout_failure)?;
            return Ok(Exit::Configuration);
        }
        Err(errors) => return Err(errors.into()),
    }
    Ok(Exit::Ok)
}
