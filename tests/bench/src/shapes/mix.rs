//! Entra ID's cycle.

use super::{Plan, create, filter_path, members, user_name};
use crate::{
    http::{Connection, first_id},
    record::Record,
};
use anyhow::Result;
use fastrand::Rng;
use std::time::Instant;

/// Match a user, read it, change it, disable or enable it; create another and put it into a group.
pub async fn cycle(
    plan: &Plan,
    client: usize,
    rng: &mut Rng,
    connection: &mut Connection,
    record: &mut Record,
    end: Instant,
) -> Result<()> {
    for number in 0_usize.. {
        if Instant::now() > end {
            break;
        }
        let start = Instant::now();
        let status = connection.send("GET", &filter_path(&user_name(rng.usize(0..plan.users))), "").await?;
        record.answer("filter", start, status, &[200]);
        let Some(id) = first_id(connection.body()) else {
            record.unexpected("filter", "no user (are --users seeded?)");
            continue;
        };
        let path = format!("/Users/{id}");

        let start = Instant::now();
        let status = connection.send("GET", &path, "").await?;
        record.answer("get", start, status, &[200]);

        let title = format!(r#"{{"op":"Replace","path":"title","value":"Title {}"}}"#, rng.u32(..));
        patch(connection, record, "patch", &path, &title).await?;
        let active = if number.is_multiple_of(2) { "False" } else { "True" };
        patch(connection, record, "disable", &path, &format!(r#"{{"op":"Replace","path":"active","value":"{active}"}}"#)).await?;

        let start = Instant::now();
        let status = connection.send("POST", "/Users", &create::body(&format!("mix-{}-{client}-{number}@bench.test", plan.run))).await?;
        record.answer("post", start, status, &[201]);
        if let Some(id) = first_id(connection.body()) {
            patch(connection, record, "group add", &format!("/Groups/{}", plan.ready.group), &members::addition(&[id])).await?;
        }
    }
    Ok(())
}

async fn patch(connection: &mut Connection, record: &mut Record, kind: &'static str, path: &str, operation: &str) -> Result<()> {
    let start = Instant::now();
    let status = connection.send("PATCH", path, &members::patch_body(operation)).await?;
    record.answer(kind, start, status, &[200, 204]);
    Ok(())
}
