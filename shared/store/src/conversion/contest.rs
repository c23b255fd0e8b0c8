//! Items held against each other, a slice of the plan at a time.

use super::{Advance, ConversionError, Lease, fence};
use crate::{Store, StoreError, now_ms, rows::Rows};
use muster_domain::conversion::{Code, ItemState, Order};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

/// What is known about an item and the others of its address.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// The item.
    pub n: i64,
    /// Whether its user is active.
    pub active: bool,
    /// How many others have the same address.
    pub sharers: i64,
    /// How many of these are active.
    pub active_sharers: i64,
    /// One of them.
    pub sharer: Option<Uuid>,
    /// Another user whose alias the address is.
    pub alias_of: Option<Uuid>,
    /// The new user id, when it has a plus sign in it.
    pub plus: Option<String>,
}

/// Those of the items in `(after, to]` that are to be converted and share their address, have one that is an alias, or one with
/// a plus sign in it.
///
/// # Errors
/// When the database fails.
pub async fn contestants(store: &Store, lease: &Lease, after: i64, to: i64) -> Result<Vec<Contestant>, StoreError> {
    // Users whose user id is the address already do not share it: they own it, which `owners` finds.
    let others = "FROM conversion_item d WHERE d.conversion_id = i.conversion_id AND d.new_key = i.new_key AND d.user_id <> i.user_id \
         AND d.code NOT IN ('already', 'case_only')";
    let sql = format!(
        "SELECT * FROM (SELECT i.n, i.active, i.new_id, (SELECT count(*) {others}) AS sharers, \
         (SELECT count(*) {others} AND d.active) AS active_sharers, (SELECT d.user_id {others} LIMIT 1) AS sharer, \
         (SELECT a.user_id FROM alias a JOIN users u ON u.account_id = a.account_id AND u.id = a.user_id \
          WHERE a.account_id = i.account_id AND a.old_key = i.new_key AND a.user_id <> i.user_id AND a.reserved_ms > $5) AS alias_of \
         FROM conversion_item i WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND i.state = 'todo') c \
         WHERE c.sharers > 0 OR c.alias_of IS NOT NULL OR c.new_id LIKE '%+%@%'"
    );
    let values: [Value; 5] = [lease.account.0.into(), lease.conversion.0.into(), after.into(), to.into(), now_ms().into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            let new_id: Option<String> = row.try_get("", "new_id")?;
            Ok(Contestant {
                n: row.try_get("", "n")?,
                active: row.try_get("", "active")?,
                sharers: row.try_get("", "sharers")?,
                active_sharers: row.try_get("", "active_sharers")?,
                sharer: row.try_get("", "sharer")?,
                alias_of: row.try_get("", "alias_of")?,
                plus: new_id.filter(|id| id.contains('+')),
            })
        })
        .collect()
}

/// Which of these comparison keys (by item) are the new user id of another item.
///
/// # Errors
/// When the database fails.
pub async fn near_duplicates(store: &Store, lease: &Lease, keys: &[(i64, String)]) -> Result<Vec<(i64, Uuid)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::new(store.dialect())
        .uuid("conversion", keys.iter().map(|_| lease.conversion.0))
        .int("n", keys.iter().map(|(n, _)| *n))
        .text("key", keys.iter().map(|(_, key)| key.clone()));
    let sql = "SELECT r.n, d.user_id FROM r JOIN conversion_item d ON d.conversion_id = r.conversion AND d.new_key = r.key AND d.n <> r.n";
    let found = store.writer().query_all_raw(rows.statement(sql)).await?;
    found.iter().map(|row| Ok((row.try_get("", "n")?, row.try_get("", "user_id")?))).collect()
}

/// `(item, the item that has its new user id now, that one's user, whether that one is to move)`, for the items in `(after, to]`
/// that are to be converted.
///
/// # Errors
/// When the database fails.
pub async fn owners(store: &Store, lease: &Lease, after: i64, to: i64) -> Result<Vec<(i64, i64, Uuid, bool)>, StoreError> {
    let sql = "SELECT i.n, o.n AS owner, o.user_id, o.state = 'todo' AS moves FROM conversion_item i \
         JOIN conversion_item o ON o.conversion_id = i.conversion_id AND o.old_key = i.new_key AND o.user_id <> i.user_id \
         WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND i.state = 'todo'";
    let values: [Value; 4] = [lease.account.0.into(), lease.conversion.0.into(), after.into(), to.into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "n")?, row.try_get("", "owner")?, row.try_get("", "user_id")?, row.try_get("", "moves")?)))
        .collect()
}

/// An item that waits for another to give up its user id.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// The item.
    pub n: i64,
    /// The item that has its new user id now.
    pub owner: i64,
    /// That one's user.
    pub user: Uuid,
    /// Whether that one is to move.
    pub moves: bool,
    /// Whether its place was written before.
    pub placed: bool,
}

/// Who waits for whom among the items in `(after, to]` that were found to wait, also when their places were written before.
///
/// # Errors
/// When the database fails.
pub async fn waits(store: &Store, lease: &Lease, after: i64, to: i64) -> Result<Vec<Wait>, StoreError> {
    // A ring that is not to be turned stays, but is still a ring when its members are placed again.
    let sql = "SELECT i.n, o.n AS owner, o.user_id, (o.state = 'todo' OR o.code = 'cycle') AS moves, \
         (i.depth > 0 OR i.code = 'cycle') AS placed FROM conversion_item i \
         JOIN conversion_item o ON o.conversion_id = i.conversion_id AND o.old_key = i.new_key AND o.user_id <> i.user_id \
         WHERE i.account_id = $1 AND i.conversion_id = $2 AND i.n > $3 AND i.n <= $4 AND i.code IN ('chain', 'cycle') ORDER BY i.n";
    let values: [Value; 4] = [lease.account.0.into(), lease.conversion.0.into(), after.into(), to.into()];
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(Wait {
                n: row.try_get("", "n")?,
                owner: row.try_get("", "owner")?,
                user: row.try_get("", "user_id")?,
                moves: row.try_get("", "moves")?,
                placed: row.try_get("", "placed")?,
            })
        })
        .collect()
}

/// Gives items their code, and with it their state, with a step of the run: `(item, code, the other user)`.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn write_codes(
    store: &Store,
    lease: &Lease,
    codes: &[(i64, Code, Option<Uuid>)],
    advance: &Advance,
) -> Result<serde_json::Value, ConversionError> {
    let tx = store.begin().await?;
    if !codes.is_empty() {
        let state = |code: Code| if code.converts() { ItemState::Todo } else { ItemState::Left };
        let rows = Rows::new(store.dialect())
            .uuid("conversion", codes.iter().map(|_| lease.conversion.0))
            .int("n", codes.iter().map(|(n, ..)| *n))
            .text("state", codes.iter().map(|(_, code, _)| state(*code).as_str().to_owned()))
            .text("code", codes.iter().map(|(_, code, _)| code.as_str().to_owned()))
            .maybe_uuid("other", codes.iter().map(|(.., other)| *other));
        let sql = "UPDATE conversion_item SET state = r.state, code = r.code, other = r.other \
             FROM r WHERE conversion_item.conversion_id = r.conversion AND conversion_item.n = r.n";
        tx.inner.execute_raw(rows.statement(sql)).await?;
    }
    let pace = fence(&tx, lease, advance, now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}

/// An item that waits for another, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Ordered {
    /// The item.
    pub n: i64,
    /// Its place.
    pub order: Order,
    /// The user it waits for.
    pub other: Uuid,
}

/// Gives items that wait for others their place, with a step of the run. `turn` says whether rings are turned.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn write_orders(
    store: &Store,
    lease: &Lease,
    orders: &[Ordered],
    turn: bool,
    advance: &Advance,
) -> Result<serde_json::Value, ConversionError> {
    let tx = store.begin().await?;
    if !orders.is_empty() {
        let place = |one: &Ordered| match one.order {
            Order::Depth(depth) => (ItemState::Todo, Code::Chain, i64::from(depth), None),
            Order::Ring(ring) if turn => (ItemState::Todo, Code::Cycle, 1, Some(ring)),
            Order::Ring(_) => (ItemState::Left, Code::Cycle, 0, None),
            Order::Stuck => (ItemState::Left, Code::Taken, 0, None),
        };
        let places: Vec<_> = orders.iter().map(place).collect();
        let rows = Rows::new(store.dialect())
            .uuid("conversion", orders.iter().map(|_| lease.conversion.0))
            .int("n", orders.iter().map(|one| one.n))
            .text("state", places.iter().map(|(state, ..)| state.as_str().to_owned()))
            .text("code", places.iter().map(|(_, code, ..)| code.as_str().to_owned()))
            .int("depth", places.iter().map(|(.., depth, _)| *depth))
            .maybe_int("ring", places.iter().map(|(.., ring)| *ring))
            .uuid("other", orders.iter().map(|one| one.other));
        let sql = "UPDATE conversion_item SET state = r.state, code = r.code, depth = r.depth, ring = r.ring, other = r.other \
             FROM r WHERE conversion_item.conversion_id = r.conversion AND conversion_item.n = r.n";
        tx.inner.execute_raw(rows.statement(sql)).await?;
    }
    let pace = fence(&tx, lease, advance, now_ms()).await?;
    tx.commit().await?;
    Ok(pace)
}
