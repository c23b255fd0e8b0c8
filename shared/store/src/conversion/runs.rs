//! Runs: making one, finding one.

use super::events;
use crate::{Store, StoreError, now_ms};
use muster_domain::{
    AccountId, ConversionId,
    conversion::{Kind, Phase, State},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::Serialize;
use serde_json::json;
use std::str::FromStr;
use uuid::Uuid;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// Whose users.
    #[serde(skip)]
    pub account: AccountId,
    /// Which way.
    pub kind: Kind,
    /// The run this one undoes.
    pub undo_of: Option<ConversionId>,
    /// Where it stands.
    pub state: State,
    /// What it is doing.
    pub phase: Phase,
    /// What it waits for, or why it was paused.
    pub reason: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// How it decides (`PlanOptions`).
    pub options: serde_json::Value,
    /// How fast it goes.
    pub pace: serde_json::Value,
    /// The last user read, in the phases that go through users.
    #[serde(skip)]
    pub last_read: Option<Uuid>,
    /// The cursor of the phase, other than the users' one. The contest goes through all items twice, so it ends at twice the total.
    pub walk_n: i64,
    /// The cursor of the users' phase: items up to it are dealt with.
    pub users_n: i64,
    /// How many items there are; an estimate while the plan is made.
    pub total: i64,
    /// How many of them are to be converted.
    pub planned: i64,
    /// How many were converted so far.
    pub converted: i64,
    /// How often the sweep has gone round.
    pub rounds: i64,
    /// What the verification found.
    pub verified: Option<serde_json::Value>,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// How long it was worked on, milliseconds.
    pub active_ms: i64,
    /// When it was made, milliseconds since 1970, as all times here.
    pub created_ms: i64,
    /// When its plan was ready.
    pub planned_ms: Option<i64>,
    /// When it was started.
    pub started_ms: Option<i64>,
    /// When it was over.
    pub finished_ms: Option<i64>,
    /// When it last moved.
    pub modified_ms: i64,
}

pub(super) const COLUMNS: &str = "id, account_id, kind, undo_of, state, phase, reason, error, requested_by, CAST(options AS text) AS options, \
    CAST(pace AS text) AS pace, last_read, walk_n, users_n, total, planned, converted, rounds, CAST(verified AS text) AS verified, \
    lease_owner, active_ms, created_ms, planned_ms, started_ms, finished_ms, modified_ms";

fn word<T: FromStr>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    let word: String = row.try_get("", column)?;
    word.parse().map_err(|_| StoreError::Other(format!("a conversion has the unknown {column} `{word}`")))
}

fn document(row: &QueryResult, column: &str) -> Result<Option<serde_json::Value>, StoreError> {
    let text: Option<String> = row.try_get("", column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| StoreError::Other(format!("{column} of a conversion: {error}"))))
        .transpose()
}

impl Conversion {
    pub(super) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            id: ConversionId(row.try_get("", "id")?),
            account: AccountId(row.try_get("", "account_id")?),
            kind: word(row, "kind")?,
            undo_of: row.try_get::<Option<Uuid>>("", "undo_of")?.map(ConversionId),
            state: word(row, "state")?,
            phase: word(row, "phase")?,
            reason: row.try_get("", "reason")?,
            error: row.try_get("", "error")?,
            requested_by: row.try_get("", "requested_by")?,
            options: document(row, "options")?.unwrap_or_default(),
            pace: document(row, "pace")?.unwrap_or_default(),
            last_read: row.try_get("", "last_read")?,
            walk_n: row.try_get("", "walk_n")?,
            users_n: row.try_get("", "users_n")?,
            total: row.try_get("", "total")?,
            planned: row.try_get("", "planned")?,
            converted: row.try_get("", "converted")?,
            rounds: row.try_get("", "rounds")?,
            verified: document(row, "verified")?,
            lease_owner: row.try_get("", "lease_owner")?,
            active_ms: row.try_get("", "active_ms")?,
            created_ms: row.try_get("", "created_ms")?,
            planned_ms: row.try_get("", "planned_ms")?,
            started_ms: row.try_get("", "started_ms")?,
            finished_ms: row.try_get("", "finished_ms")?,
            modified_ms: row.try_get("", "modified_ms")?,
        })
    }

    /// The run whose items say what was and what is: itself, or the one it undoes.
    #[must_use]
    pub fn journal(&self) -> ConversionId {
        self.undo_of.unwrap_or(self.id)
    }
}

/// What a new run is made of.
#[derive(Clone, Debug)]
pub struct NewConversion {
    /// A plan to convert; or the run to undo, which starts at once.
    pub undo_of: Option<ConversionId>,
    /// Who asked for it.
    pub requested_by: String,
    /// How it decides (`PlanOptions`).
    pub options: serde_json::Value,
    /// How fast it goes.
    pub pace: serde_json::Value,
}

/// Makes a run. A plan that was not started gives way to the new one.
///
/// # Errors
/// [`StoreError::Conflict`] when a run of the account is under way.
pub async fn create(store: &Store, account: AccountId, new: NewConversion) -> Result<Conversion, StoreError> {
    let (id, now) = (ConversionId::new(), now_ms());
    let undone = match new.undo_of {
        Some(undo_of) => Some(undoable(store, account, undo_of).await?),
        None => None,
    };
    // What an undo is measured by is what the run did.
    let (total, users_n, planned) = match &undone {
        Some(run) => (run.total, run.users_n, run.converted),
        None => (users_about(store, account).await, 0, 0),
    };
    let tx = store.begin().await?;
    let supersede = "UPDATE conversion SET state = 'superseded', finished_ms = $2, epoch = epoch + 1 \
         WHERE account_id = $1 AND finished_ms IS NULL AND started_ms IS NULL";
    tx.inner.execute_raw(store.statement(supersede, [account.0.into(), now.into()])).await?;
    let (kind, state, phase) = match new.undo_of {
        Some(_) => (Kind::Undo, State::Running, Phase::Ordered),
        None => (Kind::Convert, State::Planning, Phase::Read),
    };
    let sql = "INSERT INTO conversion (id, account_id, kind, undo_of, state, phase, requested_by, options, pace, walk_n, users_n, total, planned, \
         converted, rounds, epoch, active_ms, created_ms, started_ms, modified_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $12, $13, $14, 0, 0, 0, 0, $10, $11, $10)";
    let values: [Value; 14] = [
        id.0.into(),
        account.0.into(),
        kind.as_str().into(),
        Value::Uuid(new.undo_of.map(|id| id.0)),
        state.as_str().into(),
        phase.as_str().into(),
        new.requested_by.clone().into(),
        Value::Json(Some(Box::new(new.options))),
        Value::Json(Some(Box::new(new.pace))),
        now.into(),
        Value::BigInt(new.undo_of.map(|_| now)),
        users_n.into(),
        total.into(),
        planned.into(),
    ];
    if let Err(error) = tx.inner.execute_raw(store.statement(sql, values)).await.map_err(StoreError::from) {
        return Err(match error {
            StoreError::Raced(_) => StoreError::Conflict("a conversion of this account is under way: `status` shows it".into()),
            error => error,
        });
    }
    let event = if new.undo_of.is_some() { "started" } else { "created" };
    events::add(&tx, account, id, event, json!({"by": new.requested_by, "kind": kind})).await?;
    tx.commit().await?;
    get(store, account, id).await?.ok_or_else(|| StoreError::Other("a conversion has gone as soon as it was made".into()))
}

/// The run that is to be undone.
async fn undoable(store: &Store, account: AccountId, id: ConversionId) -> Result<Conversion, StoreError> {
    let run = get(store, account, id).await?.ok_or_else(|| StoreError::Conflict("there is no such conversion".into()))?;
    if run.kind != Kind::Convert || run.started_ms.is_none() || !matches!(run.state, State::Finished | State::Cancelled) {
        return Err(StoreError::Conflict(format!("a conversion that is {} cannot be undone: cancel it first", run.state)));
    }
    Ok(run)
}

/// How many users there are, for a progress bar: none when counting takes too long.
async fn users_about(store: &Store, account: AccountId) -> i64 {
    let counting = store.statement("SELECT count(*) AS n FROM users WHERE account_id = $1", [account.0.into()]);
    let row = store.reader().query_one_raw(counting).await;
    row.ok().flatten().and_then(|row| row.try_get("", "n").ok()).unwrap_or(0)
}

/// A run.
///
/// # Errors
/// When the database fails.
pub async fn get(store: &Store, account: AccountId, id: ConversionId) -> Result<Option<Conversion>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversion WHERE account_id = $1 AND id = $2");
    store.writer().query_one_raw(store.statement(sql, [account.0.into(), id.0.into()])).await?.as_ref().map(Conversion::read).transpose()
}

/// The account's newest run.
///
/// # Errors
/// When the database fails.
pub async fn latest(store: &Store, account: AccountId) -> Result<Option<Conversion>, StoreError> {
    Ok(list(store, account, 1).await?.pop())
}

/// The account's runs, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, most: u32) -> Result<Vec<Conversion>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversion WHERE account_id = $1 ORDER BY created_ms DESC, id DESC LIMIT {most}");
    store.writer().query_all_raw(store.statement(sql, [account.0.into()])).await?.iter().map(Conversion::read).collect()
}

/// What a worker may take.
const RUNNABLE: &str = "finished_ms IS NULL AND state IN ('planning', 'running') AND (lease_until_ms IS NULL OR lease_until_ms < $1)";

/// A run that is to be worked on and that nobody works on, of whatever account: one nobody has worked on yet, or else the one that has
/// been free for longest. So runs take turns, slice by slice. For workers.
///
/// # Errors
/// When the database fails.
pub async fn next_runnable(store: &Store) -> Result<Option<Conversion>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversion WHERE {RUNNABLE} ORDER BY COALESCE(lease_until_ms, 0), created_ms, id LIMIT 1");
    store.writer().query_one_raw(store.statement(sql, [now_ms().into()])).await?.as_ref().map(Conversion::read).transpose()
}

/// Whether a worker that holds this run could work on another one instead.
///
/// # Errors
/// When the database fails.
pub async fn another_is_runnable(store: &Store, than: ConversionId) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 AS one FROM conversion WHERE {RUNNABLE} AND id <> $2 LIMIT 1");
    Ok(store.writer().query_one_raw(store.statement(sql, [now_ms().into(), than.0.into()])).await?.is_some())
}
