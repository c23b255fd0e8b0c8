//! `muster convert watch`

use super::{progress::Bar, show};
use crate::{
    context::Context,
    exit::{CommandResult, Exit, Failure},
};
use muster_domain::conversion::State;
use muster_runtime::shutdown;
use muster_store::{
    Store,
    accounts::Account,
    conversion::{self, Conversion, Outlook},
};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Looks until there is nothing to be seen any more. The conversion does not care.
pub async fn run(context: &Context, store: &Store, account: &Account, run: &Conversion) -> CommandResult {
    let stop = shutdown::listen().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let bar = Bar::new("convert");
    let ended = loop {
        let now = conversion::get(store, account.id, run.id).await?;
        let now = now.ok_or_else(|| Failure::new(Exit::NotFound, "the conversion has gone"))?;
        bar.show(&now, &Outlook::of(store, &now).await?);
        if !now.state.is_worked_on() || stop.is_cancelled() {
            break now;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    };
    bar.clear();
    show::status(context, store, account, &ended).await?;
    Ok(match ended.state {
        State::Paused | State::Cancelled | State::Superseded => Exit::Partial,
        state if state.is_worked_on() => Exit::Terminated,
        _ => Exit::Ok,
    })
}
