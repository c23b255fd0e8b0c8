//! The audit log as a page, and as a file.

use super::{
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    route::Route,
    viewer::Right,
    visit::Visit,
};
use crate::reply;
use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use muster_domain::csv_line;
use muster_store::console::audit::{self, Written};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/audit", Right::Administer, |visit| Box::pin(show(visit))),
    Route::get("/audit.csv", Right::Administer, |visit| Box::pin(export(visit))),
];

const ROWS: u32 = 50;
/// In one file. Whoever needs more uses `muster audit list`.
const EXPORTED: u32 = 10_000;

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Audit {
    page: Page,
    entries: Vec<Written>,
    /// Where the next page begins; none on the last one.
    next: Option<i64>,
    /// Whether this is not the first page.
    later: bool,
}

/// `GET /audit`
async fn show(visit: &Visit<'_>) -> Answer {
    let before = before(visit)?;
    let mut entries = visit.read(audit::list(visit.store(), visit.account(), before, ROWS + 1)).await?;
    let more = entries.len() > ROWS as usize;
    entries.truncate(ROWS as usize);
    let next = entries.last().filter(|_| more).map(|last| last.number);
    visit.html(&Audit { page: visit.page(Entry::Audit, "Audit log"), entries, next, later: before.is_some() })
}

/// `GET /audit.csv`
async fn export(visit: &Visit<'_>) -> Answer {
    let entries = visit.read(audit::list(visit.store(), visit.account(), before(visit)?, EXPORTED)).await?;
    let head = csv_line(["number", "time", "who", "what", "to_whom", "detail", "from", "hash"]);
    let lines = entries.iter().map(|entry| {
        let (number, time) = (entry.number.to_string(), super::display::machine(entry.at_ms));
        let texts = [&number, &time, &entry.actor, &entry.action, &entry.target, &entry.detail, &entry.peer, &entry.hash];
        csv_line(texts.map(String::as_str))
    });
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\""));
    *response.body_mut() = Body::from(std::iter::once(head).chain(lines).collect::<String>());
    Ok(response)
}

fn before(visit: &Visit<'_>) -> Result<Option<i64>, Problem> {
    match visit.query.text("before") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Problem::Bad("`before` is the number of an entry.".to_owned())),
    }
}
