//! The tables of Convert All User IDs To Use Email: runs, items, targets, events.
//!
//! **The plan is the journal.** An item says what its user had, gets, and what became of it. Where nothing goes wrong an item is
//! never written again: the transaction that rewrites the users of `n` in `(a, b]` also moves the cursor of the run from `a` to
//! `b`, so an item in state `todo` that the cursor has passed *is* converted. Only exceptions are written. A worker that is
//! killed leaves either both or neither.
//!
//! **One worker runs it.** Every write of a run ends with the fence: an update of the run's row that only succeeds while the
//! run is in the state and of the epoch the worker took it over with. A worker that was frozen, and whose lease somebody else took, gets
//! [`ConversionError::Fenced`] and its transaction never happened. So does one whose run was paused or cancelled.
//!
//! **Nobody waits.** Plans are read in slices by key on the read pool; rows of users are taken with `SKIP LOCKED`; every
//! transaction is a few statements long.

mod aliases;
mod chunk;
mod contest;
mod counts;
mod events;
mod explicit;
mod forms;
mod items;
mod lease;
mod news;
mod orders;
mod outlook;
mod plan;
mod reference_rows;
mod references;
mod requests;
mod runs;
mod samples;
mod sweep;
mod undo;
mod verify;

pub(crate) use aliases::UPSERT as UPSERT_ALIAS;
pub use aliases::{delete_aliases, prune_aliases, write_aliases};
pub use chunk::{ChunkDone, convert_chunk};
pub use contest::{Contestant, Ordered, Wait, contestants, near_duplicates, owners, waits, write_codes, write_orders};
pub use counts::{CodeCount, counts, examples, unconverted};
pub use events::{Event, events};
pub use explicit::{Direction, How, move_items};
pub(crate) use forms::discard_forms;
pub use forms::{HourCount, add_forms, forms};
pub use items::{Item, ItemFilter, ItemPage, items_after, items_page, next_ordered, ring, write_items};
pub use lease::{Lease, release, take, waiting};
pub use news::{News, news, tell};
pub use orders::{PLAN_KEEPS_MS, cancel, discard_items, pause, resume, set_pace, start};
pub use outlook::{Outlook, Report, remaining};
pub use plan::{PlannedUser, UserSlice, insert_items, read_users, refresh_statistics};
pub(crate) use reference_rows::rows_left;
pub use references::{
    ReferenceColumn, ReferenceRow, Rewrite, TargetProgress, account_slug, add_targets, lookup_items, read_references, rewrite_references,
    targets,
};
pub use requests::{cancel_and_tidy, named, new_plan, newest_started, resume_or_adjust, undo};
pub use runs::{Conversion, NewConversion, another_is_runnable, create, get, latest, list, next_runnable};
pub use samples::{Sample, add_sample, samples};
pub use sweep::{Present, again, newcomers, present};
pub use undo::{undo_page, undo_retry};
pub use verify::{Findings, verify_slice};

use crate::{StoreError, WriteTransaction};
use muster_domain::conversion::Phase;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// How long a lease holds without a sign of life, milliseconds. Longer than any step takes; a run that lost its worker stands still
/// for so long. A worker that is slower than that loses nothing but its turn.
pub const LEASE_MS: i64 = 6_000;

/// Why a step of a run did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// The run was paused or cancelled, or another worker has taken it over. The step never happened.
    #[error("the run was paused, cancelled or taken over")]
    Fenced,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for ConversionError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// What a step changes in the run's row, in the step's own transaction.
#[derive(Clone, Debug, Default)]
pub struct Advance {
    /// The cursor of the users' phase: where it must stand, and where it goes. A step that was prepared for another place is
    /// refused: the COMMIT before it may have happened though nobody confirmed it, or be lost though it was confirmed.
    pub users_n: Option<(i64, i64)>,
    /// The cursor of any other phase.
    pub walk_n: Option<i64>,
    /// The last user read, in phases that go through users.
    pub last_read: Option<Uuid>,
    /// The phase that comes next; its cursors start again.
    pub phase: Option<Phase>,
    /// How many users were converted (or undone).
    pub converted: i64,
    /// How many users are to be converted, once that is known.
    pub planned: Option<i64>,
    /// How many items there are.
    pub total: Option<i64>,
    /// One more round of the sweep.
    pub rounds: i64,
    /// What the verification has found so far.
    pub verified: Option<serde_json::Value>,
}

impl Advance {
    /// On to this phase.
    #[must_use]
    pub fn to(phase: Phase) -> Self {
        Self { phase: Some(phase), ..Self::default() }
    }
}

/// The fence: moves the run's row on, if the lease still holds. Returns the run's pace as it is now.
pub(crate) async fn fence(
    tx: &WriteTransaction,
    lease: &Lease,
    advance: &Advance,
    now_ms: i64,
) -> Result<serde_json::Value, ConversionError> {
    let mut sets = vec!["modified_ms = $4", "lease_until_ms = $5", "converted = converted + $6", "rounds = rounds + $7", "reason = NULL"];
    let mut values: Vec<Value> = vec![
        lease.account.0.into(),
        lease.conversion.0.into(),
        lease.epoch.into(),
        now_ms.into(),
        (now_ms + LEASE_MS).into(),
        advance.converted.into(),
        advance.rounds.into(),
    ];
    let mut more: Vec<String> = Vec::new();
    let mut set = |column: &str, value: Value| {
        values.push(value);
        more.push(format!("{column} = ${}", values.len()));
    };
    if let Some(phase) = advance.phase {
        set("phase", phase.as_str().into());
        set("walk_n", advance.walk_n.unwrap_or(0).into());
        set("last_read", Value::Uuid(advance.last_read));
    } else {
        advance.walk_n.into_iter().for_each(|n| set("walk_n", n.into()));
        advance.last_read.into_iter().for_each(|id| set("last_read", id.into()));
    }
    advance.users_n.into_iter().for_each(|(_, to)| set("users_n", to.into()));
    advance.planned.into_iter().for_each(|n| set("planned", n.into()));
    advance.total.into_iter().for_each(|n| set("total", n.into()));
    if let Some(found) = &advance.verified {
        set("verified", Value::Json(Some(Box::new(found.clone()))));
    }
    if advance.phase == Some(Phase::Ready) {
        set("state", "planned".into());
        set("planned_ms", now_ms.into());
    } else if advance.phase == Some(Phase::Done) {
        set("state", "finished".into());
        set("finished_ms", now_ms.into());
    }
    sets.extend(more.iter().map(String::as_str));
    let place = advance.users_n.map(|(from, _)| {
        values.push(from.into());
        format!("AND users_n = ${} ", values.len())
    });
    let place = place.unwrap_or_default();
    let sql = format!(
        "UPDATE conversion SET {} WHERE account_id = $1 AND id = $2 AND epoch = $3 AND state IN ('planning', 'running') \
         {place}RETURNING CAST(pace AS text) AS pace",
        sets.join(", ")
    );
    let row = tx.inner.query_one_raw(Statement::from_sql_and_values(tx.dialect.backend(), sql, values)).await?;
    let pace: String = row.ok_or(ConversionError::Fenced)?.try_get("", "pace")?;
    Ok(serde_json::from_str(&pace).unwrap_or_default())
}

/// Moves the run's row on, by itself.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn advance(store: &crate::Store, lease: &Lease, advance: &Advance) -> Result<serde_json::Value, ConversionError> {
    let tx = store.begin().await?;
    let pace = fence(&tx, lease, advance, crate::now_ms()).await?;
    if let Some(phase) = advance.phase.filter(|phase| matches!(phase, Phase::Ready | Phase::Done)) {
        events::add(
            &tx,
            lease.account,
            lease.conversion,
            if phase == Phase::Ready { "planned" } else { "finished" },
            serde_json::json!({}),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(pace)
}

/// Begins a step that touches rows other people use. It is the one that gives way: it waits for nobody's lock for long.
///
/// A step that is not `durable` does not wait for the disk either: what a crash of the server may take back is the last such steps as a
/// whole, their cursor with them. The next step finds the cursor elsewhere and is refused, and the run goes on from there.
pub(crate) async fn begin_gently(store: &crate::Store, durable: bool) -> Result<WriteTransaction, StoreError> {
    let tx = store.begin().await?;
    if tx.dialect == crate::Dialect::Postgres {
        let timeouts = "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '2s'";
        let disk = if durable { "" } else { "; SET LOCAL synchronous_commit = off" };
        tx.inner.execute_unprepared(&format!("{timeouts}{disk}")).await?;
    }
    Ok(tx)
}

/// A statement within a transaction.
pub(crate) fn statement(tx: &WriteTransaction, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(tx.dialect.backend(), sql, values)
}
