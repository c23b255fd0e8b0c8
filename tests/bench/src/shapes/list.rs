//! Reads: by userName and other indexed attributes, and page by page.

use super::{Plan, filter_path, user_name};
use crate::{http::Connection, record::Record};
use anyhow::Result;
use fastrand::Rng;
use std::time::Instant;

const PAGE: usize = 100;

/// A user that exists, at random, by userName.
pub async fn lookup(plan: &Plan, rng: &mut Rng, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    while Instant::now() < end {
        let path = filter_path(&user_name(rng.usize(0..plan.users)));
        let start = Instant::now();
        let status = connection.send("GET", &path, "").await?;
        if record.answer("filter", start, status, &[200]) && crate::http::first_id(connection.body()).is_none() {
            record.unexpected("filter", "no user (are --users seeded?)");
        }
    }
    Ok(())
}

/// Page after page from somewhere, and from the start again after the end.
pub async fn walk(plan: &Plan, rng: &mut Rng, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    let mut from = rng.usize(0..plan.users) / PAGE * PAGE;
    while Instant::now() < end {
        let start = Instant::now();
        let status = connection.send("GET", &format!("/Users?startIndex={}&count={PAGE}", from + 1), "").await?;
        record.answer("page", start, status, &[200]);
        from = if from + PAGE < plan.users { from + PAGE } else { 0 };
    }
    Ok(())
}

/// From the first page to the last by cursor, and again, so that a long enough run is at every depth.
pub async fn walk_by_cursor(connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    let mut cursor = String::new();
    while Instant::now() < end {
        let start = Instant::now();
        let status = connection.send("GET", &format!("/Users?count={PAGE}&cursor={cursor}"), "").await?;
        if !record.answer("page", start, status, &[200]) {
            break;
        }
        cursor = text(connection.body(), "nextCursor").unwrap_or_default();
    }
    Ok(())
}

/// Users that exist, at random, by every kind of indexed attribute.
pub async fn indexed(plan: &Plan, rng: &mut Rng, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    let mut id = String::new();
    while Instant::now() < end {
        let name = user_name(rng.usize(0..plan.users));
        let filters = [
            ("userName eq", format!("userName eq \"{name}\"")),
            ("userName sw", format!("userName sw \"{name}\"")),
            ("emails eq", format!("emails.value eq \"{name}\"")),
            ("value path", format!("emails[type eq \"work\" and value eq \"{name}\"]")),
            ("and", format!("userName eq \"{name}\" and active eq true")),
            ("or", format!("userName eq \"{name}\" or externalId eq \"{name}\"")),
            ("externalId eq", format!("externalId eq \"{name}\"")),
            ("id eq", format!("id eq \"{id}\"")),
            ("modified gt", "meta.lastModified gt \"2099-01-01T00:00:00Z\"".to_owned()),
        ];
        for (kind, filter) in filters {
            let path = format!(
                "/Users?filter={}",
                filter.replace(' ', "+").replace('"', "%22").replace('@', "%40").replace('[', "%5B").replace(']', "%5D")
            );
            let start = Instant::now();
            let status = connection.send("GET", &path, "").await?;
            record.answer(kind, start, status, &[200]);
            if kind == "userName eq" {
                id = crate::http::first_id(connection.body()).unwrap_or_default();
            }
        }
    }
    Ok(())
}

/// The first string member of that name, of a body that has no escapes in it.
fn text(body: &[u8], member: &str) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once(&format!("\"{member}\":\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}
