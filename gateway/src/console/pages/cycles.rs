//! Provisioning cycles.

use super::{
    listing::{self, Pager, choice},
    operations,
    show::{self, State, When},
};
use crate::console::{display, nav::Entry, page::Page, problem::Answer, visit::Visit};
use askama::Template;
use muster_scim::{instant_ms, instant_text};
use muster_store::{
    log::{self, Cycle, CycleQuery},
    now_ms,
};

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
    let query = CycleQuery { key: None, from_ms: to.saturating_sub(WEEK_MS), to_ms: to, limit: CYCLES };
    let cycles = visit.read(log::cycles(visit.store(), visit.account(), query, now)).await?;
    // A full page goes on before its last cycle, any other with the week before.
    let before = cycles.last().filter(|_| cycles.len() >= CYCLES).map_or(query.from_ms, |last| last.first_ms);
    let more = cycles.len() >= CYCLES || visit.read(log::any_before(visit.store(), visit.account(), query.from_ms)).await?;
    visit.html(&CyclesPage {
        page: visit.page(Entry::Cycles, "Cycles"),
        rows: cycles.iter().map(Row::new).collect(),
        from: When(if cycles.len() >= CYCLES { before } else { query.from_ms }),
        to: When(to.min(now)),
        pager: Pager {
            first: until.map(|_| PATH.to_owned()),
            previous: None,
            next: more.then(|| listing::address(PATH, &[("until", &instant_text(before))])),
        },
    })
}

/// As the field of a form writes it: without the zone, which is UTC.
fn local(ms: i64) -> String {
    instant_text(ms).trim_end_matches('Z').to_owned()
}
