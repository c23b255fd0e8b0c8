//! Who stands in the way of a directory that knows users by address.

use crate::{Store, StoreError};
use muster_domain::AccountId;
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use uuid::Uuid;

/// Users read in one statement, so that none of them takes long.
const SLICE: i64 = 20_000;
/// Users who are named.
const NAMED: usize = 5;

/// Users whose user id is the mailbox name of their address: a directory that sends the address as `userName` does not find them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collisions {
    /// How many.
    pub users: i64,
    /// The user ids of some.
    pub examples: Vec<String>,
}

/// Counts them. Goes through the users of the account, a slice at a time.
///
/// # Errors
/// When the database fails.
pub async fn collisions(store: &Store, account: AccountId) -> Result<Collisions, StoreError> {
    let mut found = Collisions::default();
    let mut after = Uuid::nil();
    loop {
        // Compared from the front, and not with LIKE: `_` and `%` are letters in a user id.
        let sql = "SELECT id, user_id, \
             CASE WHEN substr(email_key, 1, length(login_key) + 1) = login_key || '@' THEN 1 ELSE 0 END AS collides \
             FROM users WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let values: [Value; 3] = [account.0.into(), after.into(), SLICE.into()];
        let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.try_get("", "id")?;
        for row in &rows {
            if row.try_get::<i32>("", "collides").map(i64::from).or_else(|_| row.try_get::<i64>("", "collides"))? == 1 {
                found.users += 1;
                if found.examples.len() < NAMED {
                    found.examples.push(row.try_get("", "user_id")?);
                }
            }
        }
    }
}
