//! One run, from its plan to its undo.

use super::{
    LISTED, PATH, address, chart, find,
    progress::{Progress, topics},
    view::{Can, View},
};
use crate::console::{chart::Chart, nav::Entry, page::Page, problem::Answer, visit::Visit};
use askama::Template;
use muster_domain::conversion::Kind;
use muster_store::conversion;

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
    let chart = match run.started_ms {
        Some(_) => Some(visit.read(chart::of(visit.store(), &run)).await?),
        None => None,
    };
    let mut page = visit.page(Entry::Convert, title);
    // What is over stays as it is.
    if !run.state.is_over() {
        let drawn = chart.as_ref().map(|_| format!(",{}.{}", chart::CHART.name, run.id)).unwrap_or_default();
        page = page.live(format!("{}{drawn}", topics(&run)));
    }
    visit.html(&RunPage {
        page,
        now: Progress::of(visit.app, &run).await?,
        view: View::of(visit, &run, &runs).await?,
        chart,
        chart_id: format!("live-{}", chart::CHART.name),
        chart_title: "Rows a second",
        undoes: run.undo_of.map(address),
    })
}
