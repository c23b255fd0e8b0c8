//! How many items have which code, and the first of each.

use super::items::{COLUMNS, Item, done, of_code, read_all};
use crate::{Store, StoreError};
use muster_domain::{
    AccountId, ConversionId,
    conversion::{Code, ItemState},
};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;

/// How many items stand so, for this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    /// Where they stand.
    pub state: ItemState,
    /// Why.
    pub code: Code,
    /// How many.
    pub count: i64,
}

/// Counts the items of a run whose users' cursor stands at `users_n`, a slice of the plan at a time, so that no statement is long.
///
/// # Errors
/// When the database fails.
pub async fn counts(
    store: &Store,
    account: AccountId,
    journal: ConversionId,
    users_n: i64,
    total: i64,
) -> Result<Vec<CodeCount>, StoreError> {
    const SLICE: i64 = 50_000;
    let mut found = std::collections::BTreeMap::<(ItemState, Code), i64>::new();
    let done = done("$3");
    let sql = format!(
        "SELECT CASE WHEN {done} THEN 'done' ELSE i.state END AS word, i.code, count(*) AS n FROM conversion_item i \
         WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $4 AND i.n <= $5 GROUP BY 1, i.code"
    );
    let mut after = 0;
    while after < total {
        let values: [Value; 5] = [account.0.into(), journal.0.into(), users_n.into(), after.into(), (after + SLICE).into()];
        for row in store.writer().query_all_raw(store.statement(&sql, values)).await? {
            let (state, code): (String, String) = (row.try_get("", "word")?, row.try_get("", "code")?);
            let (Ok(state), Ok(code)) = (state.parse(), code.parse()) else {
                return Err(StoreError::Other(format!("items of a conversion have the unknown words `{state}`, `{code}`")));
            };
            *found.entry((state, code)).or_default() += row.try_get::<i64>("", "n")?;
        }
        after += SLICE;
    }
    Ok(found.into_iter().map(|((state, code), count)| CodeCount { state, code, count }).collect())
}

/// The first items of a code.
///
/// # Errors
/// When the database fails.
pub async fn examples(store: &Store, account: AccountId, journal: ConversionId, code: Code, most: i64) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2{} \
         ORDER BY i.conversion_id, i.n LIMIT $3",
        of_code(code)
    );
    let values: [Value; 3] = [account.0.into(), journal.0.into(), most.into()];
    // The read pool: it may plan as it likes, and a page of examples may be a moment old.
    read_all(&store.reader().query_all_raw(store.statement(sql, values)).await?)
}

/// How many items are still to be converted.
///
/// # Errors
/// When the database fails.
pub async fn unconverted(store: &Store, account: AccountId, journal: ConversionId, total: i64) -> Result<i64, StoreError> {
    let all = counts(store, account, journal, 0, total).await?;
    Ok(all.iter().filter(|one| one.state == ItemState::Todo).map(|one| one.count).sum())
}
