//! Provisioning cycles.

use super::{
    export,
    listing::{self, Pager, choice},
    operations,
    show::{self, State, When},
};
use crate::{
    app::App,
    console::{display, nav::Entry, page::Page, problem::Answer, visit::Visit},
    refusal::Refusal,
};
use askama::Template;
use muster_domain::AccountId;
use muster_scim::{instant_ms, instant_text};
use muster_store::{
    StoreError,
    log::{self, Cycle, CycleQuery},
    now_ms,
};
use std::sync::Arc;

const PATH: &str = "/provisioning/cycles";
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Cycles on one page: a directory that looks every 40 minutes makes 36 a day, and a day is what is read at a time.
const CYCLES: usize = 25;

#[derive(Template)]
#[template(path = "console/pages/cycles.html")]
struct CyclesPage {
    page: Page,
    rows: Vec<Row>,
    from: When,
    to: When,
    pager: Pager,
    export: &'static str,
}

struct Row {
    href: String,
    began: When,
    lasted: String,
    state: State,
    operations: String,
    created: String,
    changed: String,
    deleted: String,
    failed: i64,
    failed_href: String,
}

impl Row {
    fn new(cycle: &Cycle) -> Self {
        let (key, since, until) = (cycle.key.to_string(), local(cycle.first_ms), local(cycle.last_ms + 1));
        let of = |outcome: &str| {
            listing::address(operations::PATH, &[("outcome", outcome), ("key", &key), ("since", &since), ("until", &until)])
        };
        Self {
            href: of(""),
            failed_href: of(operations::FAILED),
            began: When(cycle.first_ms),
            lasted: show::length(cycle.last_ms - cycle.first_ms),
            state: show::cycle(cycle.running, cycle.failed),
            operations: display::number(cycle.operations),
            created: display::number(cycle.created),
            changed: display::number(cycle.replaced + cycle.patched),
            deleted: display::number(cycle.deleted),
            failed: cycle.failed,
        }
    }
}

/// `GET /provisioning/cycles`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let (until, now) = (choice(visit, "until", instant_ms)?, now_ms());
    let to = until.unwrap_or(now + 1);
    let part = visit.read(part(visit.app, visit.account(), to, CYCLES)).await?;
    visit.html(&CyclesPage {
        page: visit.page(Entry::Cycles, "Cycles"),
        rows: part.cycles.iter().map(Row::new).collect(),
        from: When(part.before),
        to: When(to.min(now)),
        pager: Pager {
            first: until.map(|_| PATH.to_owned()),
            previous: None,
            next: part.more.then(|| listing::address(PATH, &[("until", &instant_text(part.before))])),
        },
        export: "/provisioning/cycles.csv",
    })
}

/// `GET /provisioning/cycles.csv`: every one there is.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let account = visit.account();
    let read = move |app, to| chunk(app, account, to);
    export::csv(visit.app, "attachment; filename=\"cycles.csv\"", Cycle::csv_heading(), now_ms() + 1, read)
}

async fn chunk(app: Arc<App>, account: AccountId, to_ms: i64) -> Result<export::Chunk<i64>, Refusal> {
    let part = app.read(part(&app, account, to_ms, listing::EXPORTED as usize)).await?;
    Ok((part.cycles.iter().map(Cycle::csv).collect(), part.more.then_some(part.before)))
}

/// Cycles that follow each other.
struct Part {
    cycles: Vec<Cycle>,
    /// Those that come next ended before this, milliseconds since 1970.
    before: i64,
    /// Whether there may be any.
    more: bool,
}

/// A week of cycles that ended before `to_ms`, or as many as `limit`.
async fn part(app: &App, account: AccountId, to_ms: i64, limit: usize) -> Result<Part, StoreError> {
    let query = CycleQuery { key: None, from_ms: to_ms.saturating_sub(WEEK_MS), to_ms, limit };
    let cycles = log::cycles(&app.store, account, query, now_ms()).await?;
    // A full part goes on before the end of its last cycle, any other with the week before.
    let full = cycles.len() >= limit;
    let before = cycles.last().filter(|_| full).map_or(query.from_ms, |last| last.last_ms);
    let more = full || log::any_before(&app.store, account, before).await?;
    Ok(Part { cycles, before, more })
}

/// As the field of a form writes it: without the zone, which is UTC.
fn local(ms: i64) -> String {
    instant_text(ms).trim_end_matches('Z').to_owned()
}
