//! `muster convert plan`

use super::{BY, SLICE, list, note, progress::Bar, show};
use crate::{
    cli::{ConvertPlan, Duplicates},
    context::Context,
    exit::{CommandResult, Exit, Failure},
    settings,
};
use muster_domain::conversion::{self as rules, PlanOptions, PlanRequest, State};
use muster_runtime::shutdown;
use muster_store::{
    Store,
    accounts::Account,
    conversion::{self, Conversion, Outlook},
};
use muster_worker::conversion::{SliceEnd, run_slice};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Makes the plan here, unless a worker was faster and makes it there.
pub async fn run(context: &Context, store: &Store, account: &Account, plan: ConvertPlan) -> CommandResult {
    let options = options(&plan).map_err(|why| Failure::new(Exit::Usage, why))?;
    let stop = shutdown::listen().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let run = conversion::create(store, account.id, conversion::new_plan(&options, BY)).await?;
    note(store, "conversion.plan", &run, "").await?;
    let bar = Bar::new("plan");
    let made = tokio::select! {
        made = make(context, store, &run, &stop) => made,
        never = watch(store, &run, &bar) => never,
    };
    bar.clear();
    let run = made?;
    while conversion::discard_items(store, account.id, SLICE).await? {}
    if run.state == State::Paused {
        let why = run.reason.as_deref().unwrap_or("no reason given");
        let resume = context.command_line(&format!("convert resume --account {}", account.slug));
        return Err(Failure::new(Exit::Partial, format!("the plan is paused ({why}); it goes on where it stood with {resume}")));
    }
    if run.state != State::Planned {
        return Err(Failure::new(Exit::Terminated, format!("the plan is {}: it was stopped before it was ready", run.state)));
    }
    if let Some(file) = &plan.csv {
        list::write(store, &run, file).await?;
    }
    show::report(context, store, account, &run).await
}

fn options(plan: &ConvertPlan) -> Result<PlanOptions, String> {
    let request = PlanRequest {
        duplicates: match plan.duplicates {
            Duplicates::Skip => rules::Duplicates::Skip,
            Duplicates::ActiveWins => rules::Duplicates::ActiveWins,
        },
        leave_cycles: plan.leave_cycles,
        allow_unicode: plan.allow_unicode,
        include_excluded: plan.include_excluded,
        exclude: plan.exclude.clone(),
        domains: plan.domain.clone(),
        only_own_domains: plan.only_own_domains,
        alias_days: plan.alias_days,
    };
    request.options()
}

async fn make(context: &Context, store: &Store, run: &Conversion, stop: &CancellationToken) -> Result<Conversion, Failure> {
    let settings = settings::conversions(&context.config);
    loop {
        let now = current(store, run).await?;
        if now.state != State::Planning {
            return Ok(now);
        }
        if stop.is_cancelled() {
            return Ok(conversion::cancel(store, &now, BY).await?);
        }
        match conversion::take(store, run.account, run.id, "command").await? {
            Some(lease) => {
                if let SliceEnd::Failed(error) = run_slice(store, now, lease, &settings, stop.clone()).await {
                    conversion::cancel(store, run, BY).await?;
                    return Err(error.into());
                }
            }
            None => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Shows how far it is; never ends.
async fn watch(store: &Store, run: &Conversion, bar: &Bar) -> Result<Conversion, Failure> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        bar.show(&current(store, run).await?, &Outlook::default());
    }
}

async fn current(store: &Store, run: &Conversion) -> Result<Conversion, Failure> {
    conversion::get(store, run.account, run.id).await?.ok_or_else(|| Failure::new(Exit::Conflict, "the plan has gone"))
}
