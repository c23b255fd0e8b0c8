//! The page everything begins at.

use super::{
    display,
    nav::Entry,
    page::Page,
    problem::Answer,
    route::Route,
    setup::connection::{self, Connection},
    viewer::Right,
    visit::Visit,
};
use askama::Template;
use muster_domain::incident::IncidentState;
use muster_store::{
    incidents::{self, IncidentQuery},
    now_ms,
};

pub(super) const ROUTES: &[Route] = &[Route::get("/", Right::Look, |visit| Box::pin(show(visit)))];

#[derive(Template)]
#[template(path = "console/home.html")]
struct Home {
    page: Page,
    sentence: String,
    connection: Connection,
    heard: String,
    failures: usize,
    /// The same, for people.
    counted: String,
    /// There are more than were counted.
    more_failures: bool,
}

/// `GET /`
async fn show(visit: &Visit<'_>) -> Answer {
    let connection = connection::of(visit.app, &visit.viewer).await?;
    let open = visit.read(incidents::list(visit.store(), visit.account(), &open_ones())).await?;
    let failures = open.incidents.len();
    let heard = connection.heard_ms.map_or_else(|| "never".to_owned(), |at| display::ago(at, now_ms()));
    visit.html(&Home {
        page: visit.page(Entry::Home, "Home"),
        sentence: sentence(&connection, failures),
        connection,
        heard,
        failures,
        counted: display::number(i64::try_from(failures).unwrap_or(i64::MAX)),
        more_failures: open.next.is_some(),
    })
}

/// The failures that wait for somebody: neither acknowledged nor put off.
fn open_ones() -> IncidentQuery {
    IncidentQuery { states: vec![IncidentState::Open], limit: 50, ..IncidentQuery::default() }
}

/// How things are, in one sentence.
fn sentence(connection: &Connection, failures: usize) -> String {
    match (connection.is_good(), failures) {
        (true, 0) => "Provisioning works, and nothing waits for you.".to_owned(),
        (true, 1) => "Provisioning works; one kind of failure waits for somebody.".to_owned(),
        (true, many) => format!("Provisioning works; {many} kinds of failure wait for somebody."),
        (false, _) => connection.sentence(),
    }
}
