//! One run, from its plan to its undo.

use super::{
    LISTED, PATH, address, canary, chart, find,
    progress::{Progress, topics},
    view::{Can, View},
};
use crate::console::{chart::Chart, nav::Entry, page::Page, problem::Answer, visit::Visit};
use askama::Template;
use muster_domain::conversion::Kind;
use muster_store::{Dialect, conversion};

#[derive(Template)]
#[template(path = "console/convert/run.html")]
struct RunPage {
    page: Page,
    now: Progress,
    view: View,
    /// None before it was started.
    chart: Option<Chart>,
    chart_id: String,
    chart_title: &'static str,
    /// None before it was started, and where nothing measures what others feel.
    canary: Option<Chart>,
    canary_id: String,
    /// The run this one takes back.
    undoes: Option<String>,
}

/// `GET /configuration/ad/convert/runs/{id}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let runs = visit.read(conversion::list(visit.store(), visit.account(), LISTED)).await?;
    let title = match (run.kind, run.started_ms) {
        (Kind::Undo, _) => "Undo of a conversion",
        (Kind::Convert, Some(_)) => "Conversion",
        (Kind::Convert, None) => "Plan of a conversion",
    };
    let samples = match run.started_ms {
        Some(_) => Some(visit.read(chart::samples(visit.store(), &run)).await?),
        None => None,
    };
    let chart = samples.as_deref().map(chart::drawn);
    let canary = samples.as_deref().filter(|_| visit.store().dialect() == Dialect::Postgres).map(canary::drawn);
    let mut page = visit.page(Entry::Convert, title);
    // What is over stays as it is.
    if !run.state.is_over() {
        let drawn = [chart.as_ref().map(|_| &chart::CHART), canary.as_ref().map(|_| &canary::CHART)];
        let drawn: String = drawn.into_iter().flatten().map(|topic| format!(",{}.{}", topic.name, run.id)).collect();
        page = page.live(format!("{}{drawn}", topics(&run)));
    }
    visit.html(&RunPage {
        page,
        now: Progress::of(visit.app, &run).await?,
        view: View::of(visit, &run, &runs).await?,
        chart,
        chart_id: format!("live-{}", chart::CHART.name),
        chart_title: "Rows a second",
        canary,
        canary_id: format!("live-{}", canary::CHART.name),
        undoes: run.undo_of.map(address),
    })
}
