//! `muster doctor`: is everything as it should be, and what to do where it is not.
//!
//! The codes are stable, so that a runbook can name them. Nothing here changes anything.

mod database;
mod local;
mod mail;
mod queue;

use super::stdout_failure;
use crate::{
    cli::Global,
    context::{Context, read_config},
    exit::{CommandResult, Exit, Failure},
    output, schemas,
};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

/// How one check came out; later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    code: &'static str,
    name: &'static str,
    result: Verdict,
    /// What was found.
    fact: String,
    /// What to do about it; none when it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn ok(code: &'static str, name: &'static str, fact: impl Into<String>) -> Self {
        Self { code, name, result: Verdict::Ok, fact: fact.into(), remedy: None }
    }

    fn warn(code: &'static str, name: &'static str, fact: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, name, result: Verdict::Warn, fact: fact.into(), remedy: Some(remedy.into()) }
    }

    fn fail(code: &'static str, name: &'static str, fact: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, name, result: Verdict::Fail, fact: fact.into(), remedy: Some(remedy.into()) }
    }
}

pub async fn run(global: &Global) -> CommandResult {
    let checks = match read_config(global)?.and_then(|loaded| schemas::install(&loaded).map(|()| loaded)) {
        Ok(loaded) => {
            let context = Context { config: loaded.config.clone(), loaded, global: global.clone() };
            context.start_logs(false)?;
            let mut checks = vec![Check::ok(
                "D01",
                "configuration",
                format!("valid, {} keys, {} not default", context.loaded.entries.len(), changed(&context)),
            )];
            checks.extend(local::checks(&context));
            let (database, queue, mail) =
                tokio::join!(database::checks(&context), queue::checks(&context), Box::pin(mail::check(&context)));
            checks.extend(database);
            checks.extend(queue);
            checks.push(mail);
            checks.sort_by_key(|check| check.code);
            checks
        }
        Err(errors) => {
            let facts: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
            vec![Check::fail(
                "D01",
                "configuration",
                facts.join("; "),
                "correct it; `muster config check` checks it alone. Nothing else was checked",
            )]
        }
    };
    let worst = checks.iter().map(|check| check.result).max().unwrap_or(Verdict::Ok);
    let printed = if global.json { output::json(&json!({ "result": worst, "checks": checks })) } else { print(&checks) };
    printed.map_err(stdout_failure)?;
    Ok(match worst {
        Verdict::Ok => Exit::Ok,
        Verdict::Warn => Exit::Partial,
        Verdict::Fail => Exit::Dependency,
    })
}

fn changed(context: &Context) -> usize {
    context.loaded.entries.iter().filter(|entry| entry.origin != muster_runtime::Origin::Default).count()
}

fn print(checks: &[Check]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for check in checks {
        let result = match check.result {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        writeln!(out, "{result:<5} {}  {:<18} {}", check.code, check.name, check.fact)?;
        if let Some(remedy) = &check.remedy {
            writeln!(out, "{:>31} -> {remedy}", "")?;
        }
    }
    Ok(())
}

/// The failure's text without its exit code.
fn because(error: impl Into<Failure>) -> String {
    error.into().message
}
