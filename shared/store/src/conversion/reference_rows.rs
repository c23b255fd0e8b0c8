//! About how many rows of the platform's tables a run has still to read.

use super::targets;
use crate::{Dialect, Store, StoreError};
use muster_domain::{AccountId, ConversionId};
use sea_orm::ConnectionTrait;

/// Bytes of a row, of a table the database has not looked at yet.
const ROW_BYTES: i64 = 100;

/// The rows of the columns that are not walked to their end. An estimate: to count a table of the platform would cost it more than it is
/// worth. A table the database knows nothing of counts as empty.
pub(crate) async fn rows_left(store: &Store, account: AccountId, run: ConversionId) -> Result<i64, StoreError> {
    let mut left: i64 = 0;
    for target in targets(store, account, run).await? {
        let walked = !matches!(target.state.as_str(), "waiting" | "walking");
        if let Some((table, _)) = target.name.rsplit_once('.').filter(|_| !walked) {
            left = left.saturating_add((about(store, table).await? - target.scanned).max(0));
        }
    }
    Ok(left)
}

async fn about(store: &Store, table: &str) -> Result<i64, StoreError> {
    let statement = match store.dialect() {
        Dialect::Postgres => {
            // What the last ANALYZE has seen; before the first one, what its size suggests.
            let sql = "SELECT CASE WHEN reltuples > 0 THEN CAST(reltuples AS bigint) ELSE pg_relation_size(oid) / $2 END AS n \
                 FROM pg_class WHERE oid = to_regclass($1)";
            store.statement(sql, [table.into(), ROW_BYTES.into()])
        }
        // The last key of the table itself, without a scan.
        Dialect::Sqlite => store.statement(format!("SELECT max(rowid) AS n FROM \"{table}\""), []),
    };
    match store.reader().query_one_raw(statement).await {
        Ok(row) => Ok(row.map(|row| row.try_get::<Option<i64>>("", "n")).transpose()?.flatten().unwrap_or(0)),
        // There is no such table, or it has no rowid: the walk will say what is wrong with it.
        Err(_) if store.dialect() == Dialect::Sqlite => Ok(0),
        Err(error) => Err(error.into()),
    }
}
