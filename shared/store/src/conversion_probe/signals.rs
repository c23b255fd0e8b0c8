//! The gauges of the hard stops, in one statement.

use super::{Probe, in_time};
use crate::{Dialect, StoreError};
use muster_domain::conversion::throttle::Signals;
use sea_orm::{ConnectionTrait, QueryResult};
use std::time::Duration;

/// Everything at once, so that the figures belong to one moment and cost one round trip.
///
/// - The oldest transaction: only those that hold back the clearing of dead rows count, and only in this database.
/// - Sessions blocked by us: those that wait for a lock (few, or none) are asked who they wait for. Asking for every session would take
///   the lock manager's locks as many times.
/// - Segments to be archived: the distance from the last one that was; the directory itself may only be read by superusers.
const SQL: &str = "SELECT
    CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bigint) AS wal_position,
    (SELECT CAST(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) AS bigint) FROM pg_replication_slots) AS wal_retained,
    (SELECT CAST(extract(epoch FROM max(replay_lag)) * 1000 AS bigint) FROM pg_stat_replication) AS replica_lag_ms,
    (SELECT CAST(extract(epoch FROM clock_timestamp() - min(began)) * 1000 AS bigint) FROM (
        SELECT xact_start AS began FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
          AND application_name NOT IN ('muster-write', 'muster-read', 'muster-probe') AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
        UNION ALL
        SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()
    ) AS open) AS oldest_ms,
    (SELECT count(*) FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid IS NOT NULL) AS waiting
     WHERE EXISTS (SELECT 1 FROM pg_stat_activity AS blocker
                   WHERE blocker.pid = ANY (pg_blocking_pids(waiting.pid))
                     AND blocker.datname = current_database() AND blocker.application_name = 'muster-write')) AS blocked_by_us,
    (SELECT CASE WHEN current_setting('archive_mode') <> 'off' AND last_archived_wal ~ '^[0-9A-F]{24}$' THEN
        CAST(greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') / pg_size_bytes(current_setting('wal_segment_size'))
          - 1 - (('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / pg_size_bytes(current_setting('wal_segment_size')))
             + ('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint)) AS bigint)
     END FROM pg_stat_archiver) AS archive_backlog";

impl Probe {
    /// What the hard stops go by, as far as the database knows it; the backlog of operations it does not know.
    ///
    /// # Errors
    /// When the database fails or takes longer than a second.
    pub async fn signals(&self) -> Result<Signals, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(Signals::default());
        }
        let statement = self.statement(SQL, []);
        let row = in_time(async { Ok(self.db.query_one_raw(statement).await?) }).await?;
        let row = row.ok_or_else(|| StoreError::Other("the database returned no row".into()))?;
        Ok(Signals {
            backlog: None,
            backlog_age: None,
            blocked_by_us: number(&row, "blocked_by_us")?,
            replica_lag: number(&row, "replica_lag_ms")?.map(Duration::from_millis),
            wal_position: number(&row, "wal_position")?,
            wal_retained: number(&row, "wal_retained")?,
            archive_backlog: number(&row, "archive_backlog")?,
            oldest_transaction: number(&row, "oldest_ms")?.map(Duration::from_millis),
        })
    }
}

/// Clocks differ, and a difference below nothing is nothing.
fn number(row: &QueryResult, column: &str) -> Result<Option<u64>, StoreError> {
    let value: Option<i64> = row.try_get("", column)?;
    Ok(value.map(|n| u64::try_from(n).unwrap_or(0)))
}
