//! New users.

use super::Plan;
use crate::{http::Connection, record::Record};
use anyhow::Result;
use std::time::{Duration, Instant};

/// A user as Entra ID creates it.
pub fn body(user_name: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"x-{user_name}","userName":"{user_name}","active":true,"displayName":"Ada Quill","emails":[{{"primary":true,"type":"work","value":"{user_name}"}}],"meta":{{"resourceType":"User"}},"name":{{"formatted":"Ada Quill","familyName":"Quill","givenName":"Ada"}},"title":"Analyst","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"E-1001","department":"Harbour"}}}}"#
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
