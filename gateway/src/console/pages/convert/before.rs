//! What there is before a run: the plan that is made or waits to be started, how to make one, and what was done earlier.

use super::super::show::{self, State, When};
use super::{
    LISTED, PATH, address,
    plan_form::PlanForm,
    progress::{Progress, counted, topics},
    timeline::undone,
    view::{Can, View},
    words,
};
use crate::console::{nav::Entry, page::Page, problem::Answer, visit::Visit};
use askama::Template;
use muster_domain::conversion::{Kind, State as RunState};
use muster_store::conversion::{self, Conversion};

#[derive(Template)]
#[template(path = "console/convert/before.html")]
struct BeforePage {
    page: Page,
    newest: Newest,
    form: PlanForm,
    /// A plan can be made: nothing is under way.
    may_plan: bool,
    /// There is no plan whose place the new one takes.
    first: bool,
    runs: Vec<Row>,
}

/// What matters now.
enum Newest {
    /// Nothing was ever planned, or all of it is over.
    Nothing,
    /// A plan that was not started.
    Plan(Box<Progress>, Box<View>),
    /// A run that was, and is not over.
    Run(Row),
}

/// A run in a line.
struct Row {
    href: String,
    state: State,
    what: &'static str,
    made: When,
    by: String,
    converted: String,
}

/// `GET /configuration/ad/convert`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let runs = visit.read(conversion::list(visit.store(), visit.account(), LISTED)).await?;
    let newest = runs.first();
    let mut page = visit.page(Entry::Convert, "Convert All UserIDs To Use Email");
    let shown = match newest.filter(|run| !run.state.is_over()) {
        None => Newest::Nothing,
        Some(run) if run.started_ms.is_some() => Newest::Run(row(run, &runs)),
        Some(run) => {
            page = page.live(topics(run));
            Newest::Plan(Box::new(Progress::of(visit.app, run).await?), Box::new(View::of(visit, run, &runs).await?))
        }
    };
    visit.html(&BeforePage {
        page,
        first: matches!(shown, Newest::Nothing),
        may_plan: !matches!(shown, Newest::Run(_)),
        newest: shown,
        form: PlanForm::of(runs.iter().find(|run| run.kind == Kind::Convert).map(|run| &run.options)),
        runs: runs.iter().filter(|run| run.state.is_over()).map(|run| row(run, &runs)).collect(),
    })
}

fn row(run: &Conversion, runs: &[Conversion]) -> Row {
    let undo = run.kind == Kind::Undo;
    let (what, converted) = match (undo, run.started_ms) {
        (true, _) => ("Undo", counted(run.converted, run.planned)),
        (false, Some(_)) => ("Conversion", counted(run.converted, run.planned)),
        (false, None) => ("Plan", String::new()),
    };
    let state = match run.state {
        RunState::Finished | RunState::Cancelled if undone(run, runs) => show::state("idle", "Undone"),
        _ => words::state(run),
    };
    Row { href: address(run.id), state, what, made: When(run.created_ms), by: run.requested_by.clone(), converted }
}
