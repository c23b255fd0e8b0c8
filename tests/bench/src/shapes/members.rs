//! Groups and their members.

use super::{Plan, Ready};
use crate::{
    http::{Connection, all_ids, first_id},
    record::Record,
};
use anyhow::{Context, Result, ensure};
use std::time::Instant;

const PAGE: usize = 200;
const FILL: usize = 5_000;
const SPARE_PER_CLIENT: usize = 50;

/// An empty group: its id.
pub async fn new_group(connection: &mut Connection, run: &str) -> Result<String> {
    let body = format!(r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Bench {run}"}}"#);
    let status = connection.send("POST", "/Groups", &body).await?;
    ensure!(status == 201, "creating a group: {status} {}", String::from_utf8_lossy(connection.body()));
    first_id(connection.body()).context("a group without id")
}

/// A group with as many members as planned, and users that are not in it.
pub async fn fill(connection: &mut Connection, plan: &Plan, clients: usize) -> Result<Ready> {
    let spare = clients * SPARE_PER_CLIENT;
    let wanted = plan.members + spare;
    let mut ids = Vec::with_capacity(wanted);
    while ids.len() < wanted {
        let status = connection.send("GET", &format!("/Users?attributes=id&startIndex={}&count={PAGE}", ids.len() + 1), "").await?;
        ensure!(status == 200, "listing users: {status}");
        let page = all_ids(connection.body());
        ensure!(!page.is_empty(), "{wanted} users are needed and there are {}", ids.len());
        ids.extend(page);
    }
    ids.truncate(wanted);
    let group = new_group(connection, &plan.run).await?;
    let spare = ids.split_off(plan.members);
    for chunk in ids.chunks(FILL) {
        let status = connection.send("PATCH", &format!("/Groups/{group}"), &patch_body(&addition(chunk))).await?;
        ensure!(status == 204 || status == 200, "filling the group: {status} {}", String::from_utf8_lossy(connection.body()));
    }
    Ok(Ready { group, spare })
}

/// Adds one member, and removes it again.
pub async fn add(plan: &Plan, client: usize, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    let path = format!("/Groups/{}", plan.ready.group);
    let own = plan.ready.spare.iter().skip(client * SPARE_PER_CLIENT).take(SPARE_PER_CLIENT);
    for id in own.cycle() {
        let start = Instant::now();
        if start > end {
            break;
        }
        let status = connection.send("PATCH", &path, &patch_body(&addition(std::slice::from_ref(id)))).await?;
        record.answer("add", start, status, &[200, 204]);
        let start = Instant::now();
        let remove = format!(r#"{{"op":"Remove","path":"members","value":[{{"$ref":null,"value":"{id}"}}]}}"#);
        let status = connection.send("PATCH", &path, &patch_body(&remove)).await?;
        record.answer("remove", start, status, &[200, 204]);
    }
    Ok(())
}

/// The operation that adds these.
pub fn addition(ids: &[String]) -> String {
    let members: Vec<String> = ids.iter().map(|id| format!(r#"{{"$ref":null,"value":"{id}"}}"#)).collect();
    format!(r#"{{"op":"Add","path":"members","value":[{}]}}"#, members.join(","))
}

/// A PATCH body with one operation.
pub fn patch_body(operation: &str) -> String {
    format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operation}]}}"#)
}
