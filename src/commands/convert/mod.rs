//! `muster convert …`: what an operator tells a conversion, and what it tells back. The database is in between: these commands work
//! beside a running service, and a conversion goes on when they have ended.

mod list;
mod plan;
mod progress;
mod show;
mod watch;

use super::stdout_failure;
use crate::{
    cli::{ConvertCommand, ConvertPace},
    context::Context,
    exit::{CommandResult, Exit, Failure},
};
use muster_domain::conversion::PaceRequest;
use muster_store::{
    Store,
    accounts::Account,
    console::audit::{self, Entry},
    conversion::{self, Conversion},
};

/// Who is noted as having asked.
const BY: &str = "command";
/// How much of a plan that was thrown away is deleted in one statement.
const SLICE: i64 = 2_000;

pub async fn run(context: &Context, command: ConvertCommand) -> CommandResult {
    let store = context.open_store().await?;
    let place = async |slug: &str| context.account(&store, slug).await;
    match command {
        ConvertCommand::Plan(plan) => {
            let account = place(&plan.account).await?;
            plan::run(context, &store, &account, plan).await
        }
        ConvertCommand::Start { account, pace, watch } => {
            let account = place(&account).await?;
            let run = conversion::start(&store, &newest(&store, &account).await?, BY, &asked(&pace).onto(None)).await?;
            note(&store, "conversion.start", &run, &run.pace.to_string()).await?;
            follow(context, &store, &account, &run, watch).await
        }
        ConvertCommand::Undo { account, pace, watch } => {
            let account = place(&account).await?;
            let missing =
                || Failure::new(Exit::NotFound, format!("`{}` has no conversion that was started: there is nothing to undo", account.slug));
            let run = conversion::newest_started(&store, account.id).await?.ok_or_else(missing)?;
            let undo = conversion::undo(&store, &run, BY, &asked(&pace)).await?;
            note(&store, "conversion.undo", &run, &format!("by the run {}; {}", undo.id, undo.pace)).await?;
            follow(context, &store, &account, &undo, watch).await
        }
        ConvertCommand::Status { account } => {
            let account = place(&account).await?;
            show::status(context, &store, &account, &newest(&store, &account).await?).await
        }
        ConvertCommand::Watch { account } => {
            let account = place(&account).await?;
            let run = newest(&store, &account).await?;
            watch::run(context, &store, &account, &run).await
        }
        ConvertCommand::Pause { account, reason } => {
            let account = place(&account).await?;
            let run = conversion::pause(&store, &newest(&store, &account).await?, BY, &reason).await?;
            note(&store, "conversion.pause", &run, &reason).await?;
            show::status(context, &store, &account, &run).await
        }
        ConvertCommand::Resume { account, pace } => {
            let account = place(&account).await?;
            let run = conversion::resume_or_adjust(&store, &newest(&store, &account).await?, BY, &asked(&pace)).await?;
            note(&store, "conversion.resume", &run, &run.pace.to_string()).await?;
            show::status(context, &store, &account, &run).await
        }
        ConvertCommand::Cancel { account } => {
            let account = place(&account).await?;
            let run = conversion::cancel_and_tidy(&store, &newest(&store, &account).await?, BY).await?;
            note(&store, "conversion.cancel", &run, "").await?;
            show::status(context, &store, &account, &run).await
        }
        ConvertCommand::Report { account, csv } => {
            let account = place(&account).await?;
            let run = newest(&store, &account).await?;
            if let Some(file) = &csv {
                list::write(&store, &run, file).await?;
            }
            show::report(context, &store, &account, &run).await
        }
    }
}

/// In the audit log.
async fn note(store: &Store, action: &'static str, run: &Conversion, detail: &str) -> Result<(), Failure> {
    Ok(audit::append(store, run.account, &Entry::by_command(action, run.id.to_string(), detail)).await?)
}

/// The newest run of the account.
async fn newest(store: &Store, account: &Account) -> Result<Conversion, Failure> {
    let missing =
        || Failure::new(Exit::NotFound, format!("`{0}` has no conversion; `muster convert plan --account {0}` makes a plan", account.slug));
    conversion::latest(store, account.id).await?.ok_or_else(missing)
}

/// What the flags ask for.
fn asked(pace: &ConvertPace) -> PaceRequest {
    PaceRequest {
        preset: pace.preset,
        max_rate: pace.max_rate,
        windows: pace.windows.clone(),
        ignore_windows_until: pace.ignore_windows_until,
    }
}

async fn follow(context: &Context, store: &Store, account: &Account, run: &Conversion, watch: bool) -> CommandResult {
    if watch {
        return watch::run(context, store, account, run).await;
    }
    show::status(context, store, account, run).await?;
    if !context.json() {
        eprintln!(
            "A worker takes it within seconds. Follow it: {}",
            context.command_line(&format!("convert watch --account {}", account.slug))
        );
    }
    Ok(Exit::Ok)
}
