//! Reads: by userName, and page by page.

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
