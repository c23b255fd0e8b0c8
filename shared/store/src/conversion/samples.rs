//! How fast a run went: what its worker puts down every few seconds while it works on it.

use crate::{Store, StoreError};
use muster_domain::{AccountId, ConversionId};
use sea_orm::{ConnectionTrait, QueryResult, Value};

/// A stretch of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
    /// How long it was, milliseconds.
    pub length_ms: i64,
    /// How many rows were dealt with in it.
    pub rows: i64,
    /// Rows a second that were allowed at its end; none for as many as there can be, or when nobody measures.
    pub allowed: Option<f64>,
    /// p99 of the canary during chunks, milliseconds.
    pub during_p99_ms: Option<f64>,
    /// p99 of the canary between chunks, milliseconds.
    pub between_p99_ms: Option<f64>,
    /// What it waited for last, by its word; none when it did not wait.
    pub waiting: Option<String>,
}

impl Sample {
    /// Rows a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.length_ms <= 0 { 0.0 } else { self.rows as f64 * 1_000.0 / self.length_ms as f64 }
    }

    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            at_ms: row.try_get("", "at_ms")?,
            length_ms: row.try_get("", "length_ms")?,
            rows: row.try_get("", "row_count")?,
            allowed: row.try_get("", "allowed")?,
            during_p99_ms: row.try_get("", "during_p99_ms")?,
            between_p99_ms: row.try_get("", "between_p99_ms")?,
            waiting: row.try_get("", "waiting")?,
        })
    }
}

/// Puts a sample down. One that is there already stays: two stretches do not end at the same moment.
///
/// # Errors
/// When the database fails.
pub async fn add_sample(store: &Store, account: AccountId, conversion: ConversionId, sample: &Sample) -> Result<(), StoreError> {
    let sql = "INSERT INTO conversion_sample (account_id, conversion_id, at_ms, length_ms, row_count, allowed, during_p99_ms, between_p99_ms, \
         waiting) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let values: [Value; 9] = [
        account.0.into(),
        conversion.0.into(),
        sample.at_ms.into(),
        sample.length_ms.into(),
        sample.rows.into(),
        sample.allowed.into(),
        sample.during_p99_ms.into(),
        sample.between_p99_ms.into(),
        Value::String(sample.waiting.clone()),
    ];
    store.writer().execute_raw(store.statement(sql, values)).await?;
    Ok(())
}

/// The newest samples of a run, in order of time.
///
/// # Errors
/// When the database fails.
pub async fn samples(store: &Store, account: AccountId, conversion: ConversionId, most: u32) -> Result<Vec<Sample>, StoreError> {
    let sql = format!(
        "SELECT at_ms, length_ms, row_count, allowed, during_p99_ms, between_p99_ms, waiting FROM conversion_sample \
         WHERE account_id = $1 AND conversion_id = $2 ORDER BY at_ms DESC LIMIT {most}"
    );
    let rows = store.reader().query_all_raw(store.statement(sql, [account.0.into(), conversion.0.into()])).await?;
    let mut samples = rows.iter().map(Sample::read).collect::<Result<Vec<_>, _>>()?;
    samples.reverse();
    Ok(samples)
}
