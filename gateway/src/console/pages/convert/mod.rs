//! Configuration › AD Options › Convert All UserIDs To Use Email.
//!
//! ```text
//! before    what there is to plan, the plan that waits to be started, earlier runs
//! run       one run, from its plan to its undo
//!   view      what both show of a run           progress   the part that is live
//!   verdicts  what becomes of whom, counted     timeline   what happened when
//!   pace      how fast and when: shown, read    orders     plan, start, pause, resume, cancel, undo
//!   chart     how fast it went                  plan_form  how a plan decides: shown, read
//!   canary    what others felt of it
//! aliases   the user ids from before
//!   files     items and report to keep          words      states, phases, reasons and verdicts in words
//! ```
//!
//! The pages do what `muster convert` and the API do, through the same functions of the store; what works on a run is a worker.
//!
//! **What is live has no fields.** A part that is replaced each second would take away what somebody types. So progress is live, and the
//! forms are not: when the run's state is another than the one they were made for, they are loaded again, once.

mod aliases;
mod before;
mod canary;
mod chart;
mod files;
mod orders;
mod pace;
mod plan_form;
mod progress;
mod run;
mod timeline;
mod verdicts;
mod view;
mod words;

use crate::console::{problem::Problem, route::Route, viewer::Right, visit::Visit};
use muster_domain::ConversionId;
use muster_store::conversion::{self, Conversion};

pub(in crate::console) use canary::CHART as CANARY;
pub(in crate::console) use chart::CHART;
pub(in crate::console) use progress::{PROGRESS, STATE};

const PATH: &str = "/configuration/ad/convert";
/// Runs that are named as earlier ones.
const LISTED: u32 = 20;

/// Everybody who may be here sees how it stands; a conversion changes what everybody signs in with, so administrators act.
pub(in crate::console) const ROUTES: &[Route] = &[
    Route::get(PATH, Right::Look, |visit| Box::pin(before::get(visit))),
    Route::post("/configuration/ad/convert/plan", Right::Administer, |visit| Box::pin(orders::plan(visit))),
    Route::get("/configuration/ad/convert/runs/{id}", Right::Look, |visit| Box::pin(run::get(visit))),
    Route::get("/configuration/ad/convert/runs/{id}/items.csv", Right::Look, |visit| Box::pin(files::items(visit))),
    Route::get("/configuration/ad/convert/runs/{id}/report.json", Right::Look, |visit| Box::pin(files::report(visit))),
    Route::post("/configuration/ad/convert/runs/{id}/start", Right::Administer, |visit| Box::pin(orders::start(visit))),
    Route::post("/configuration/ad/convert/runs/{id}/pause", Right::Administer, |visit| Box::pin(orders::pause(visit))),
    Route::post("/configuration/ad/convert/runs/{id}/resume", Right::Administer, |visit| Box::pin(orders::resume(visit))),
    Route::post("/configuration/ad/convert/runs/{id}/cancel", Right::Administer, |visit| Box::pin(orders::cancel(visit))),
    Route::post("/configuration/ad/convert/runs/{id}/undo", Right::Administer, |visit| Box::pin(orders::undo(visit))),
    Route::get(aliases::PATH, Right::Look, |visit| Box::pin(aliases::list(visit))),
    Route::get("/configuration/ad/aliases.csv", Right::Look, |visit| Box::pin(aliases::export(visit))),
    Route::post("/configuration/ad/aliases/extend", Right::Administer, |visit| Box::pin(aliases::extend(visit))),
    Route::post("/configuration/ad/aliases/release", Right::Administer, |visit| Box::pin(aliases::release(visit))),
];

/// The page of a run.
fn address(id: ConversionId) -> String {
    format!("{PATH}/runs/{id}")
}

/// The run the address names.
async fn find(visit: &Visit<'_>) -> Result<Conversion, Problem> {
    let id = ConversionId(visit.id(0)?);
    visit.read(conversion::get(visit.store(), visit.account(), id)).await?.ok_or(Problem::NotFound)
}
