//! New users.

use super::Plan;
use crate::{http::Connection, record::Record};
use anyhow::Result;
use std::time::{Duration, Instant};

/// A user as Entra ID creates it.
pub fn body(user_name: &str) -> String {
    body_with(user_name, user_name)
}

fn body_with(user_name: &str, address: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"x-{user_name}","userName":"{user_name}","active":true,"displayName":"Ada Quill","emails":[{{"primary":true,"type":"work","value":"{address}"}}],"meta":{{"resourceType":"User"}},"name":{{"formatted":"Ada Quill","familyName":"Quill","givenName":"Ada"}},"title":"Analyst","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"E-1001","department":"Harbour"}}}}"#
    )
}

/// As fast as it goes.
pub async fn burst(plan: &Plan, client: usize, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    for number in 0_usize.. {
        let body = body(&format!("new-{}-{client}-{number}@bench.test", plan.run));
        let start = Instant::now();
        if start > end {
            break;
        }
        let status = connection.send("POST", "/Users", &body).await?;
        record.answer("post", start, status, &[201]);
    }
    Ok(())
}

/// As fast as it goes, by address and by mailbox name in turn, a second each: only an address is looked up by its mailbox name as well.
pub async fn by_turns(plan: &Plan, client: usize, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    for number in 0_usize.. {
        let mailbox = format!("turn-{}-{client}-{number}", plan.run);
        let address = format!("{mailbox}@bench.test");
        let start = Instant::now();
        if start > end {
            break;
        }
        // Counted from the end, which all clients have in common.
        let (kind, name) =
            if end.duration_since(start).as_secs().is_multiple_of(2) { ("by address", &address) } else { ("by name", &mailbox) };
        let status = connection.send("POST", "/Users", &body_with(name, &address)).await?;
        record.answer(kind, start, status, &[201]);
    }
    Ok(())
}

/// With a pause after each.
pub async fn idle(plan: &Plan, client: usize, connection: &mut Connection, record: &mut Record, end: Instant) -> Result<()> {
    for number in 0_usize.. {
        let body = body(&format!("idle-{}-{client}-{number}@bench.test", plan.run));
        let start = Instant::now();
        if start > end {
            break;
        }
        let status = connection.send("POST", "/Users", &body).await?;
        record.answer("post", start, status, &[201]);
        tokio::time::sleep(Duration::from_millis(plan.pause_ms)).await;
    }
    Ok(())
}
