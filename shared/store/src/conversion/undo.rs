//! What an undo takes back, the last converted first.

use super::items::{COLUMNS, Item, done, read_all};
use crate::{Store, StoreError};
use muster_domain::{AccountId, ConversionId};
use sea_orm::{ConnectionTrait, Value};

/// The next converted items to take back: chains and rings (`ordered`) from the end of each, or all others from the end of the
/// plan, before `n`. `users_n` is the cursor of the run that is undone.
///
/// # Errors
/// When the database fails.
pub async fn undo_page(
    store: &Store,
    (account, journal): (AccountId, ConversionId),
    users_n: i64,
    ordered: bool,
    before: i64,
    most: i64,
) -> Result<Vec<Item>, StoreError> {
    let (which, order) = if ordered { ("i.depth > 0", "i.depth DESC, i.n DESC") } else { ("i.depth = 0", "i.n DESC") };
    let first = if ordered { "i.tries = 0" } else { "i.n < $4" };
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND {which} AND {} AND {first} \
         AND CAST($4 AS bigint) IS NOT NULL ORDER BY i.conversion_id DESC, {order} LIMIT $5",
        done("$3")
    );
    let values: [Value; 5] = [account.0.into(), journal.0.into(), users_n.into(), before.into(), most.into()];
    let mut items = read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)?;
    if ordered {
        let depth = items.first().map(|item| item.depth);
        items.retain(|item| Some(item.depth) == depth);
    }
    Ok(items)
}

/// The converted items after `n` that could not be taken back so far.
///
/// # Errors
/// When the database fails.
pub async fn undo_retry(
    store: &Store,
    (account, journal): (AccountId, ConversionId),
    users_n: i64,
    n: i64,
    most: i64,
) -> Result<Vec<Item>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND {} AND i.n > $4 \
         ORDER BY i.conversion_id, i.n LIMIT $5",
        done("$3")
    );
    let values: [Value; 5] = [account.0.into(), journal.0.into(), users_n.into(), n.into(), most.into()];
    read_all(&store.writer().query_all_raw(store.statement(sql, values)).await?)
}
