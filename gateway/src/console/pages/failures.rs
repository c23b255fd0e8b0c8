//! Failures: the incidents they are grouped into.

use super::{
    export, listing,
    listing::{Choice, Pager, ROWS, choice, choices},
    show::{self, State, When},
};
use crate::{
    app::App,
    console::{
        display,
        nav::Entry,
        page::Page,
        problem::{Answer, Problem},
        visit::Visit,
    },
    refusal::Refusal,
};
use askama::Template;
use muster_domain::{
    AccountId,
    incident::{Cause, IncidentState},
};
use muster_store::incidents::{self, Incident, IncidentQuery};
use std::sync::Arc;

pub(super) const PATH: &str = "/provisioning/failures";
/// What is not over.
const UNRESOLVED: [IncidentState; 3] = [IncidentState::Open, IncidentState::Acknowledged, IncidentState::Snoozed];

#[derive(Template)]
#[template(path = "console/pages/failures.html")]
struct FailuresPage {
    page: Page,
    states: Vec<Choice>,
    causes: Vec<Choice>,
    /// Nothing but what the page shows by itself.
    plain: bool,
    rows: Vec<Row>,
    pager: Pager,
    export: String,
}

struct Row {
    href: String,
    number: i64,
    title: &'static str,
    state: State,
    failures: String,
    affected: String,
    first: When,
    last: When,
}

impl Row {
    fn new(incident: &Incident) -> Self {
        Self {
            href: format!("{PATH}/{}", incident.number),
            number: incident.number,
            title: incident.advice().title,
            state: show::incident(incident.state),
            failures: display::number(incident.failures),
            affected: display::number(incident.affected),
            first: When(incident.first_ms),
            last: When(incident.last_ms),
        }
    }
}

/// `GET /provisioning/failures`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let (query, incidents) = (visit.query.text("state"), query(visit)?);
    let found = visit.read(incidents::list(visit.store(), visit.account(), &incidents)).await?;
    let filter = [("state", query), ("cause", visit.query.text("cause"))];
    let next = found.next.map(|next| next.to_string()).unwrap_or_default();
    visit.html(&FailuresPage {
        page: visit.page(Entry::Failures, "Failures"),
        states: states(query),
        causes: choices(Cause::ALL.map(|cause| (cause.as_str(), cause.advice().title)), filter[1].1),
        plain: filter.iter().all(|(_, value)| value.is_empty()),
        rows: found.incidents.iter().map(Row::new).collect(),
        pager: Pager {
            first: incidents.after.map(|_| listing::address(PATH, &filter)),
            previous: None,
            next: found.next.map(|_| listing::address(PATH, &[filter[0], filter[1], ("after", &next)])),
        },
        export: listing::address("/provisioning/failures.csv", &filter),
    })
}

/// `GET /provisioning/failures.csv`: everything the filter lets through.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let query = IncidentQuery { after: None, limit: listing::EXPORTED, ..query(visit)? };
    let account = visit.account();
    let read = move |app, after| chunk(app, account, IncidentQuery { after, ..query.clone() });
    export::csv(visit.app, "attachment; filename=\"failures.csv\"", Incident::csv_heading(), None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, query: IncidentQuery) -> Result<export::Chunk<Option<i64>>, Refusal> {
    let found = app.read(incidents::list(&app.store, account, &query)).await?;
    Ok((found.incidents.iter().map(Incident::csv).collect(), found.next.map(Some)))
}

fn query(visit: &Visit<'_>) -> Result<IncidentQuery, Problem> {
    let states = |text: &str| match text {
        "all" => Some(Vec::new()),
        word => IncidentState::from_word(word).map(|state| vec![state]),
    };
    Ok(IncidentQuery {
        states: choice(visit, "state", states)?.unwrap_or_else(|| UNRESOLVED.to_vec()),
        cause: choice(visit, "cause", Cause::from_word)?,
        after: choice(visit, "after", |text| text.parse().ok())?,
        limit: ROWS,
    })
}

fn states(chosen: &str) -> Vec<Choice> {
    let each = IncidentState::ALL.map(|state| (state.as_str(), show::incident(state).text));
    choices([("", "Not resolved"), ("all", "Any")].into_iter().chain(each), chosen)
}
