//! What was last heard from a directory: the request that came with the account's key, and the one that was refused.

use crate::{Store, StoreError};
use muster_domain::{AccountId, KeyId};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

/// One request of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The key it came with; none when that was not the account's.
    pub key: Option<KeyId>,
    /// Why it was refused, as incidents name it; none when it was let in.
    pub cause: Option<String>,
    /// GET, POST …
    pub method: String,
    /// Without the query, which can hold names.
    pub path: String,
    /// What it was answered.
    pub status: u16,
    /// The address it came from.
    pub peer: String,
    /// What it calls itself.
    pub agent: String,
}

/// The last of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    /// It came with a key that works.
    pub accepted: Option<Sighting>,
    /// It did not.
    pub refused: Option<Sighting>,
}

/// Puts a sighting in the place of an older one of its kind.
///
/// # Errors
/// When the database fails.
pub async fn note(store: &Store, account: AccountId, sighting: &Sighting) -> Result<(), StoreError> {
    let sql = "INSERT INTO scim_sighting (account_id, kind, at_ms, key_id, cause, method, path, status, peer, agent) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (account_id, kind) DO UPDATE SET at_ms = excluded.at_ms, key_id = excluded.key_id, cause = excluded.cause, \
         method = excluded.method, path = excluded.path, status = excluded.status, peer = excluded.peer, agent = excluded.agent \
         WHERE excluded.at_ms >= scim_sighting.at_ms";
    let values: [Value; 10] = [
        account.0.into(),
        if sighting.cause.is_none() { "accepted" } else { "refused" }.into(),
        sighting.at_ms.into(),
        sighting.key.map(|key| key.0).into(),
        sighting.cause.clone().into(),
        sighting.method.clone().into(),
        sighting.path.clone().into(),
        i64::from(sighting.status).into(),
        sighting.peer.clone().into(),
        sighting.agent.clone().into(),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// What was last heard.
///
/// # Errors
/// When the database fails.
pub async fn last(store: &Store, account: AccountId) -> Result<Sightings, StoreError> {
    let sql = "SELECT at_ms, key_id, cause, method, path, status, peer, agent FROM scim_sighting WHERE account_id = $1";
    let mut last = Sightings::default();
    for row in store.reader().query_all_raw(store.statement(sql, [account.0.into()])).await? {
        let sighting = Sighting {
            at_ms: row.try_get("", "at_ms")?,
            key: row.try_get::<Option<uuid::Uuid>>("", "key_id")?.map(KeyId),
            cause: row.try_get("", "cause")?,
            method: row.try_get("", "method")?,
            path: row.try_get("", "path")?,
            status: u16::try_from(row.try_get::<i64>("", "status")?).unwrap_or(0),
            peer: row.try_get("", "peer")?,
            agent: row.try_get("", "agent")?,
        };
        let kind = if sighting.cause.is_none() { &mut last.accepted } else { &mut last.refused };
        *kind = Some(sighting);
    }
    Ok(last)
}
