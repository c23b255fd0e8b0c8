//! Operations, counted by minute and key.
//!
//! A day of a large directory is a million rows of the log, and who looks at cycles or at a chart wants a few hundred sums of them. The sums
//! are kept beside the log, and are exact at any moment:
//!
//! - The transaction that logs operations adds one row for each minute and key among them to `operation_delta`. It is a row of its own, so two
//!   batches never wait for each other, as they would if both added to the same sum.
//! - Now and then a worker folds these rows into `operation_minute`: takes them out and adds them up, in one transaction.
//! - Who reads adds the two tables up in one statement, and so sees every operation once, whether it was folded or not.

use crate::{Dialect, Store, StoreError, WriteTransaction, batch::LogEntry, rows::Rows};
use muster_domain::{AccountId, Actor, Change, KeyId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) const MINUTE_MS: i64 = 60_000;
/// Rows folded in one transaction at most.
pub const TALLY_CHUNK: usize = 2_000;
/// What is counted, in the order of the columns.
const COLUMNS: &str = "first_ms, last_ms, operations, created, replaced, patched, deleted, failed";

/// Sums of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// When the first one was accepted, milliseconds since 1970.
    pub first_ms: i64,
    /// And the last one.
    pub last_ms: i64,
    pub operations: i64,
    pub created: i64,
    pub replaced: i64,
    pub patched: i64,
    pub deleted: i64,
    pub failed: i64,
}

/// What is counted together: an account's minute of one key. The nil key stands for none.
type Minute = (AccountId, i64, KeyId);

impl Tally {
    fn of(entry: &LogEntry<'_>, times: i64) -> Self {
        let is = |which: bool| if which { times } else { 0 };
        let (change, at) = (&entry.operation.change, entry.operation.accepted_ms);
        Self {
            first_ms: at,
            last_ms: at,
            operations: times,
            created: is(matches!(change, Change::Create { .. })),
            replaced: is(matches!(change, Change::Replace { .. })),
            patched: is(matches!(change, Change::Patch { .. })),
            deleted: is(matches!(change, Change::Delete)),
            failed: is(entry.outcome.status >= 400),
        }
    }

    pub(crate) fn read(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            first_ms: row.try_get("", "first_ms")?,
            last_ms: row.try_get("", "last_ms")?,
            operations: row.try_get("", "operations")?,
            created: row.try_get("", "created")?,
            replaced: row.try_get("", "replaced")?,
            patched: row.try_get("", "patched")?,
            deleted: row.try_get("", "deleted")?,
            failed: row.try_get("", "failed")?,
        })
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.operations += other.operations;
        self.created += other.created;
        self.replaced += other.replaced;
        self.patched += other.patched;
        self.deleted += other.deleted;
        self.failed += other.failed;
    }
}

/// Adds up what belongs together, in the order of the table's key: whoever writes several rows writes them in the same order.
fn sums(parts: impl IntoIterator<Item = (Minute, Tally)>) -> BTreeMap<Minute, Tally> {
    let mut sums: BTreeMap<Minute, Tally> = BTreeMap::new();
    for (minute, part) in parts {
        sums.entry(minute).and_modify(|sum| sum.add(&part)).or_insert(part);
    }
    sums
}

fn rows(dialect: Dialect, sums: &BTreeMap<Minute, Tally>) -> Rows {
    let count = |of: fn(&Tally) -> i64| sums.values().map(of);
    Rows::new(dialect)
        .uuid("account_id", sums.keys().map(|(account, ..)| account.0))
        .int("minute", sums.keys().map(|(_, minute, _)| *minute))
        .maybe_uuid("key_id", sums.keys().map(|(.., key)| Some(key.0)))
        .int("first_ms", count(|tally| tally.first_ms))
        .int("last_ms", count(|tally| tally.last_ms))
        .int("operations", count(|tally| tally.operations))
        .int("created", count(|tally| tally.created))
        .int("replaced", count(|tally| tally.replaced))
        .int("patched", count(|tally| tally.patched))
        .int("deleted", count(|tally| tally.deleted))
        .int("failed", count(|tally| tally.failed))
}

impl WriteTransaction {
    /// Counts operations that this transaction logs.
    pub(crate) async fn put_tally(&self, entries: &[LogEntry<'_>]) -> Result<(), StoreError> {
        self.count_operations(entries, 1).await
    }

    /// No longer counts operations that this transaction takes out of the log: they will be logged, and counted, again.
    pub(crate) async fn take_back_tally(&self, entries: &[LogEntry<'_>]) -> Result<(), StoreError> {
        self.count_operations(entries, -1).await
    }

    async fn count_operations(&self, entries: &[LogEntry<'_>], times: i64) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let sums = sums(entries.iter().map(|entry| {
            let operation = entry.operation;
            let key = match operation.actor {
                Actor::Key { key, .. } => key,
                Actor::Command | Actor::Console { .. } | Actor::SignIn => KeyId(Uuid::nil()),
            };
            ((operation.account, operation.accepted_ms.div_euclid(MINUTE_MS), key), Tally::of(entry, times))
        }));
        let sql = format!(
            "INSERT INTO operation_delta (account_id, minute, id, key_id, {COLUMNS}) \
             SELECT account_id, minute, id, COALESCE(key_id, {}), {COLUMNS} FROM r",
            self.dialect.nil()
        );
        let rows = rows(self.dialect, &sums).uuid("id", sums.keys().map(|_| Uuid::now_v7()));
        self.inner.execute_raw(rows.statement(&sql)).await?;
        Ok(())
    }
}

/// Adds up what was counted since the last time, a chunk at most, and says how many rows that were: there may be more when it was
/// [`TALLY_CHUNK`].
/// Several may call it at once; each takes others.
///
/// # Errors
/// When the database fails. Nothing has changed then.
pub async fn fold_tally(store: &Store) -> Result<usize, StoreError> {
    // Most of the time there is nothing to do, and finding that out takes no write transaction.
    if store.writer().query_one_raw(store.statement("SELECT 1 FROM operation_delta LIMIT 1", [])).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    let skip = if tx.dialect == Dialect::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT account_id, minute, id FROM operation_delta ORDER BY account_id, minute, id LIMIT {TALLY_CHUNK}{skip}) \
         DELETE FROM operation_delta WHERE (account_id, minute, id) IN (SELECT account_id, minute, id FROM due) \
         RETURNING account_id, minute, key_id, {COLUMNS}"
    );
    let taken = tx.inner.query_all_raw(Statement::from_string(tx.dialect.backend(), sql)).await?;
    let parts: Vec<(Minute, Tally)> = taken.iter().map(|row| Ok((minute(row)?, Tally::read(row)?))).collect::<Result<_, StoreError>>()?;
    let sums = sums(parts);
    let sql = format!(
        "INSERT INTO operation_minute (account_id, minute, key_id, {COLUMNS}) \
         SELECT account_id, minute, COALESCE(key_id, {}), {COLUMNS} FROM r WHERE true ORDER BY account_id, minute, key_id \
         ON CONFLICT (account_id, minute, key_id) DO UPDATE SET \
         first_ms = CASE WHEN excluded.first_ms < operation_minute.first_ms THEN excluded.first_ms ELSE operation_minute.first_ms END, \
         last_ms = CASE WHEN excluded.last_ms > operation_minute.last_ms THEN excluded.last_ms ELSE operation_minute.last_ms END, \
         {}",
        tx.dialect.nil(),
        ["operations", "created", "replaced", "patched", "deleted", "failed"]
            .map(|column| format!("{column} = operation_minute.{column} + excluded.{column}"))
            .join(", ")
    );
    if !sums.is_empty() {
        tx.inner.execute_raw(rows(tx.dialect, &sums).statement(&sql)).await?;
    }
    tx.commit().await?;
    Ok(taken.len())
}

fn minute(row: &QueryResult) -> Result<Minute, StoreError> {
    Ok((AccountId(row.try_get("", "account_id")?), row.try_get("", "minute")?, KeyId(row.try_get("", "key_id")?)))
}

/// The minutes `[$2, $3)` of the account `$1`: what was folded and what was not.
const BOTH: &str = "(SELECT minute, key_id, first_ms, last_ms, operations, created, replaced, patched, deleted, failed \
      FROM operation_minute WHERE account_id = $1 AND minute >= $2 AND minute < $3 \
     UNION ALL SELECT minute, key_id, first_ms, last_ms, operations, created, replaced, patched, deleted, failed \
      FROM operation_delta WHERE account_id = $1 AND minute >= $2 AND minute < $3) t";

fn sum(column: &str) -> String {
    format!("CAST(sum({column}) AS bigint) AS {column}")
}

/// Minutes that have operations of a key in `[from_ms, to_ms)`, newest first. A minute that lies in it only in part counts as a whole when its
/// first operation does not come after it and its last not before.
pub(super) async fn minutes(store: &Store, account: AccountId, from_ms: i64, to_ms: i64) -> Result<Vec<(KeyId, Tally)>, StoreError> {
    let rows = store.reader().query_all_raw(minutes_statement(store, account, from_ms, to_ms)).await?;
    rows.iter().map(|row| Ok((KeyId(row.try_get("", "key_id")?), Tally::read(row)?))).collect()
}

pub(crate) fn minutes_statement(store: &Store, account: AccountId, from_ms: i64, to_ms: i64) -> Statement {
    let sql = format!(
        "SELECT key_id, min(first_ms) AS first_ms, max(last_ms) AS last_ms, {} FROM {BOTH} WHERE key_id <> {} \
         GROUP BY key_id, minute HAVING min(first_ms) < $4 AND max(last_ms) >= $5 AND sum(operations) > 0 ORDER BY last_ms DESC",
        ["operations", "created", "replaced", "patched", "deleted", "failed"].map(sum).join(", "),
        store.dialect().nil()
    );
    let (from, end) = (from_ms.div_euclid(MINUTE_MS), to_ms.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS));
    store.statement(sql, [Value::from(account.0), from.into(), end.into(), to_ms.into(), from_ms.into()])
}

/// Operations of a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins, milliseconds since 1970.
    pub from_ms: i64,
    /// Operations that were accepted in it.
    pub operations: i64,
    /// Of these, those that were not carried out.
    pub failed: i64,
}

/// How many operations there were in each of `stretches` stretches of `length_ms` (whole minutes), the last of which is the one that is going on.
/// Oldest first; stretches without operations are there too.
///
/// # Errors
/// When the database fails.
pub async fn history(store: &Store, account: AccountId, length_ms: i64, stretches: i64, now_ms: i64) -> Result<Vec<Stretch>, StoreError> {
    let length = length_ms.div_euclid(MINUTE_MS).max(1);
    let last = now_ms.div_euclid(MINUTE_MS).div_euclid(length);
    let first = last - stretches + 1;
    let mut found: Vec<Stretch> =
        (first..=last).map(|stretch| Stretch { from_ms: stretch * length * MINUTE_MS, ..Stretch::default() }).collect();
    for row in store.reader().query_all_raw(history_statement(store, account, length, first * length, (last + 1) * length)).await? {
        let stretch: i64 = row.try_get("", "stretch")?;
        if let Some(at) = usize::try_from(stretch - first).ok().and_then(|index| found.get_mut(index)) {
            (at.operations, at.failed) = (row.try_get("", "operations")?, row.try_get("", "failed")?);
        }
    }
    Ok(found)
}

/// Minutes are counted from 1970 on, and none is before it: dividing them is the same on both engines.
pub(crate) fn history_statement(store: &Store, account: AccountId, length: i64, from: i64, end: i64) -> Statement {
    let sql = format!("SELECT minute / $4 AS stretch, {}, {} FROM {BOTH} GROUP BY minute / $4", sum("operations"), sum("failed"));
    store.statement(sql, [Value::from(account.0), from.into(), end.into(), length.into()])
}

/// How many operations were accepted in `[from_ms, now)`, and how many of them were not carried out; by whole minutes.
///
/// # Errors
/// When the database fails.
pub async fn counted_since(store: &Store, account: AccountId, from_ms: i64) -> Result<(i64, i64), StoreError> {
    let sql = format!(
        "SELECT CAST(COALESCE(sum(operations), 0) AS bigint) AS operations, CAST(COALESCE(sum(failed), 0) AS bigint) AS failed FROM {BOTH}"
    );
    let values = [Value::from(account.0), from_ms.div_euclid(MINUTE_MS).into(), i64::MAX.into()];
    let row = store.reader().query_one_raw(store.statement(sql, values)).await?;
    let row = row.ok_or_else(|| StoreError::Other("a sum returned nothing".into()))?;
    Ok((row.try_get("", "operations")?, row.try_get("", "failed")?))
}

#[cfg(test)]
mod tests;
