//! `muster convert …`: what an operator tells a conversion, and what it tells back. The database is in between: these commands work
//! beside a running service, and a conversion goes on when they have ended.

mod list;
mod outlook;
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
use muster_domain::conversion::{Kind, PlanOptions, State};
use muster_store::{
    Store,
    accounts::Account,
    conversion::{self, Conversion, NewConversion},
};
use serde_json::{Value, json};

/// Who is noted as having asked.
const BY: &str = "command";
/// How much of a cancelled run's plan is looked at in one statement.
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
            let run = conversion::start(&store, &newest(&store, &account).await?, BY, &wanted(&pace, None)).await?;
            follow(context, &store, &account, &run, watch).await
        }
        ConvertCommand::Undo { account, pace, watch } => {
            let account = place(&account).await?;
            let run = undo(&store, &account, &pace).await?;
            follow(context, &store, &account, &run, watch).await
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
            show::status(context, &store, &account, &run).await
        }
        ConvertCommand::Resume { account, pace } => {
            let account = place(&account).await?;
            resume(context, &store, &account, &pace).await
        }
        ConvertCommand::Cancel { account } => {
            let account = place(&account).await?;
            cancel(context, &store, &account).await
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

/// The newest run of the account.
async fn newest(store: &Store, account: &Account) -> Result<Conversion, Failure> {
    let missing =
        || Failure::new(Exit::NotFound, format!("`{0}` has no conversion; `muster convert plan --account {0}` makes a plan", account.slug));
    conversion::latest(store, account.id).await?.ok_or_else(missing)
}

/// What a pace is stored as; what is not given stays as it was.
fn wanted(pace: &ConvertPace, before: Option<&Value>) -> Value {
    let mut wanted = before.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(preset) = &pace.preset {
        wanted.insert("preset".into(), json!(preset));
        wanted.remove("rows_per_second");
    }
    if let Some(rate) = pace.max_rate {
        wanted.insert("rows_per_second".into(), json!(rate));
    }
    if let Some(windows) = &pace.windows {
        wanted.insert("windows".into(), json!(windows));
    }
    if let Some(until) = pace.ignore_windows_until {
        wanted.insert("ignore_windows_until".into(), json!(until));
    }
    wanted.entry("preset").or_insert_with(|| json!("gentle"));
    Value::Object(wanted)
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

async fn undo(store: &Store, account: &Account, pace: &ConvertPace) -> Result<Conversion, Failure> {
    let runs = conversion::list(store, account.id, 100).await?;
    let missing =
        || Failure::new(Exit::NotFound, format!("`{}` has no conversion that was started: there is nothing to undo", account.slug));
    let run = runs.into_iter().find(|run| run.kind == Kind::Convert && run.started_ms.is_some()).ok_or_else(missing)?;
    let options = serde_json::to_value(PlanOptions::default()).map_err(|error| Failure::new(Exit::Unexpected, error))?;
    let new = NewConversion { undo_of: Some(run.id), requested_by: BY.to_owned(), options, pace: wanted(pace, None) };
    Ok(conversion::create(store, account.id, new).await?)
}

async fn resume(context: &Context, store: &Store, account: &Account, pace: &ConvertPace) -> CommandResult {
    let run = newest(store, account).await?;
    let changes_pace = pace.preset.is_some() || pace.max_rate.is_some() || pace.windows.is_some() || pace.ignore_windows_until.is_some();
    if changes_pace && !run.state.is_over() {
        conversion::set_pace(store, &run, &wanted(pace, Some(&run.pace))).await?;
    }
    // A run that is running has nothing to be resumed; its pace may be what was meant.
    if !(changes_pace && run.state == State::Running) {
        conversion::resume(store, &run, BY).await?;
    }
    show::status(context, store, account, &newest(store, account).await?).await
}

async fn cancel(context: &Context, store: &Store, account: &Account) -> CommandResult {
    let run = conversion::cancel(store, &newest(store, account).await?, BY).await?;
    // Aliases were made for everybody; those who were not converted need none.
    let mut after = 0;
    while run.kind == Kind::Convert && run.started_ms.is_some() && after < run.total {
        conversion::prune_aliases(store, account.id, run.id, run.users_n, (after, after + SLICE)).await?;
        after += SLICE;
    }
    show::status(context, store, account, &run).await
}
