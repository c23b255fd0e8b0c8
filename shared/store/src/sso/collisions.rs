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
/// Users a page looks at: what takes some milliseconds.
const LOOKED_AT: i64 = 4_000;

/// Users whose user id is the mailbox name of their address: a directory that sends the address as `userName` does not find them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collisions {
    /// How many.
    pub users: i64,
    /// The user ids of some.
    pub examples: Vec<String>,
}

/// The same, counted as far as a page has time for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// Those that were found.
    pub found: Collisions,
    /// How many users were looked at to find them.
    pub looked_at: i64,
    /// Whether that is everybody.
    pub complete: bool,
}

/// Counts them. Goes through the users of the account, a slice at a time.
///
/// # Errors
/// When the database fails.
pub async fn collisions(store: &Store, account: AccountId) -> Result<Collisions, StoreError> {
    Ok(count(store, account, SLICE, i64::MAX, i64::MAX).await?.found)
}

/// Counts them as far as that is cheap: among the first users.
///
/// # Errors
/// When the database fails.
pub async fn glimpse(store: &Store, account: AccountId) -> Result<Glimpse, StoreError> {
    count(store, account, LOOKED_AT, LOOKED_AT, LOOKED_AT).await
}

/// Looks at so many users at most, in slices, and stops when so many collide.
pub(super) async fn count(store: &Store, account: AccountId, slice: i64, users: i64, collide: i64) -> Result<Glimpse, StoreError> {
    let mut glimpse = Glimpse { found: Collisions::default(), looked_at: 0, complete: false };
    let mut after = Uuid::nil();
    while glimpse.looked_at < users && glimpse.found.users < collide {
        // Compared from the front, and not with LIKE: `_` and `%` are letters in a user id.
        let sql = "SELECT id, user_id, \
             CASE WHEN substr(email_key, 1, length(login_key) + 1) = login_key || '@' THEN 1 ELSE 0 END AS collides \
             FROM users WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let values: [Value; 3] = [account.0.into(), after.into(), slice.into()];
        let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
        for row in &rows {
            after = row.try_get("", "id")?;
            glimpse.looked_at += 1;
            if row.try_get::<i32>("", "collides").map(i64::from).or_else(|_| row.try_get::<i64>("", "collides"))? == 1 {
                glimpse.found.users += 1;
                if glimpse.found.examples.len() < NAMED {
                    glimpse.found.examples.push(row.try_get("", "user_id")?);
                }
            }
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < slice {
            glimpse.complete = true;
            break;
        }
    }
    Ok(glimpse)
}
