//! What pages show of a run beside its progress: counts, what can be done with it, what happened.

use super::{
    address,
    pace::{self, PaceForm},
    timeline::{Timeline, undone},
    verdicts::Verdicts,
};
use crate::console::{display, problem::Problem, visit::Visit};
use jiff::Timestamp;
use muster_domain::{
    ConversionId,
    conversion::{Kind, PlanOptions, State},
};
use muster_store::{
    conversion::{self, Conversion, PLAN_KEEPS_MS},
    now_ms,
};

/// What `console/convert/rest.html` is filled with.
pub(super) struct View {
    pub(super) id: ConversionId,
    pub(super) href: String,
    pub(super) can: Can,
    pub(super) pace: PaceForm,
    /// When it begins with the windows that are set.
    pub(super) begins: String,
    pub(super) planned: String,
    pub(super) converted: String,
    pub(super) alias_days: u32,
    pub(super) undo: bool,
    /// None while the plan is being made.
    pub(super) verdicts: Option<Verdicts>,
    /// What to do first, because of the form in which users were asked for lately.
    pub(super) warnings: Vec<String>,
    pub(super) timeline: Timeline,
}

/// What can be done with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Can {
    /// Nothing any more.
    Nothing,
    /// Its plan is being made: pause, cancel.
    BePlanned,
    /// Its plan is paused: resume, cancel.
    GoOnPlanning,
    /// Start, throw away.
    Start,
    /// The plan converts nobody, or is too old.
    NotStart(&'static str),
    /// Pause, change how fast, cancel.
    Run,
    /// Resume, cancel.
    GoOn,
    /// Take back.
    Undo,
    /// It was taken back.
    Undone,
}

impl View {
    /// Of a run. `runs` are the account's newest.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(visit: &Visit<'_>, run: &Conversion, runs: &[Conversion]) -> Result<Self, Problem> {
        let planned = run.planned_ms.is_some() || run.kind == Kind::Undo;
        let verdicts = if planned { Some(Verdicts::of(visit, run).await?) } else { None };
        let options: PlanOptions = serde_json::from_value(run.options.clone()).unwrap_or_default();
        // Everybody is gone over twice: for the alias, and for the user.
        let rows = if run.started_ms.is_none() { run.total.saturating_mul(2) } else { run.total.max(run.converted) };
        Ok(Self {
            id: run.id,
            href: address(run.id),
            can: can(run, runs, now_ms()),
            pace: PaceForm::of(&run.pace, rows),
            begins: pace::begins(&run.pace, Timestamp::now()),
            planned: display::number(run.planned),
            converted: display::number(run.converted),
            alias_days: options.alias_days,
            undo: run.kind == Kind::Undo,
            verdicts,
            warnings: visit.read(conversion::forms(visit.store(), run, now_ms())).await?.warnings,
            timeline: Timeline::of(visit, run).await?,
        })
    }
}

fn can(run: &Conversion, runs: &[Conversion], now_ms: i64) -> Can {
    let of_plan = run.phase.is_of_plan();
    match run.state {
        State::Planning => Can::BePlanned,
        State::Planned if run.planned == 0 => Can::NotStart("There is nobody to convert."),
        State::Planned if run.planned_ms.is_some_and(|planned| planned + PLAN_KEEPS_MS < now_ms) => {
            Can::NotStart("The plan is older than 7 days, and users have changed since: make a new one.")
        }
        State::Planned => Can::Start,
        State::Running => Can::Run,
        State::Paused if of_plan => Can::GoOnPlanning,
        State::Paused => Can::GoOn,
        State::Finished | State::Cancelled if undone(run, runs) => Can::Undone,
        // Only the newest that was started: an older one has others on top of it.
        State::Finished | State::Cancelled if is_newest_started(run, runs) => Can::Undo,
        State::Finished | State::Cancelled | State::Superseded => Can::Nothing,
    }
}

fn is_newest_started(run: &Conversion, runs: &[Conversion]) -> bool {
    let started = |one: &&Conversion| one.kind == Kind::Convert && one.started_ms.is_some();
    let under_way = runs.iter().any(|one| one.started_ms.is_some() && !one.state.is_over());
    !under_way && runs.iter().find(started).is_some_and(|newest| newest.id == run.id)
}
