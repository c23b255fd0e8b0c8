//! A run to keep: every user as CSV, the report as JSON.

use super::{
    super::{export, listing},
    find,
};
use crate::{
    app::App,
    console::{problem::Answer, visit::Visit},
    refusal::Refusal,
    reply,
};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use muster_store::conversion::{self, Conversion, Item, ItemFilter, Outlook, Report};
use std::sync::Arc;

/// `GET /configuration/ad/convert/runs/{id}/items.csv`, of those who have this `state` and this `reason`.
pub(super) async fn items(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let filter = ItemFilter {
        state: listing::choice(visit, "state", |text| text.parse().ok())?,
        code: listing::choice(visit, "reason", |text| text.parse().ok())?,
    };
    let read = move |app, after| chunk(app, run.clone(), filter, after);
    export::csv(visit.app, "attachment; filename=\"conversion.csv\"", Item::csv_heading(), 0, read)
}

async fn chunk(app: Arc<App>, run: Conversion, filter: ItemFilter, after: i64) -> Result<export::Chunk<i64>, Refusal> {
    let page = app.read(conversion::items_page(&app.store, &run, filter, after, listing::EXPORTED)).await?;
    Ok((page.items.iter().map(|item| item.csv(run.users_n)).collect(), page.next))
}

/// `GET /configuration/ad/convert/runs/{id}/report.json`: what the API says of it.
pub(super) async fn report(visit: &Visit<'_>) -> Answer {
    let run = find(visit).await?;
    let report = visit.read(Report::of(visit.store(), &run)).await?;
    let mut document = visit.read(Outlook::of(visit.store(), &run)).await?.document(&run, &visit.viewer.account_slug);
    report.add_to(&mut document);
    let mut response = reply::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"conversion-report.json\""));
    *response.body_mut() = Body::from(format!("{document:#}\n"));
    Ok(response)
}
