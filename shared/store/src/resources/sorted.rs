//! Orders that no column knows: made in memory.
//!
//! All that match are read, and only what orders them is kept; then the resources of the page are read by id, in the same
//! transaction. Bounded by [`SCAN_MAX`](super::SCAN_MAX).

use super::{
    index::{SCAN_CHUNK, refuse_too_many},
    list::{ListError, Selection},
    order::{Anchor, Order, Position},
    walk::{Row, Walk},
};
use crate::Store;
use muster_domain::AccountId;
use sea_orm::ConnectionTrait;
use std::collections::HashMap;
use uuid::Uuid;

/// How many there are, and the rows from the `skip`th on.
pub(super) async fn page(
    store: &Store,
    account: AccountId,
    selection: &Selection,
    skip: u64,
    count: u64,
) -> Result<(u64, Vec<Row>), ListError> {
    let _turn = store.long_read().await;
    let db = store.begin_read().await?;
    let places = places(&db, store, account, selection).await?;
    let total = places.len() as u64;
    let (skip, count) = (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(count).unwrap_or(usize::MAX));
    let wanted: Vec<Position> = places.into_iter().skip(skip).take(count).collect();
    Ok((total, load(&db, store, account, selection, wanted).await?))
}

/// The rows from a place on, in the direction of the anchor, and whether there are more.
pub(super) async fn onward(
    store: &Store,
    account: AccountId,
    selection: &Selection,
    from: Option<&Anchor>,
    count: u64,
) -> Result<(Vec<Row>, bool), ListError> {
    let _turn = store.long_read().await;
    let db = store.begin_read().await?;
    let mut places = places(&db, store, account, selection).await?;
    if let Some(anchor) = from {
        let descending = selection.sort.as_ref().is_some_and(|sort| sort.descending);
        let lies_beyond = |place: &Position| {
            let order = place.compare(&anchor.position, descending);
            let beyond = if anchor.backwards { order.is_lt() } else { order.is_gt() };
            beyond || (anchor.inclusive && order.is_eq())
        };
        places.retain(lies_beyond);
        if anchor.backwards {
            places.reverse();
        }
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let more = places.len() > count;
    places.truncate(count);
    Ok((load(&db, store, account, selection, places).await?, more))
}

/// The place of everything that matches, in order.
async fn places(db: &impl ConnectionTrait, store: &Store, account: AccountId, selection: &Selection) -> Result<Vec<Position>, ListError> {
    let Some(sort) = &selection.sort else { return Ok(Vec::new()) };
    let walk = Walk::new(store, account, selection, Order::BY_ID);
    refuse_too_many(db, &walk, "the order would have to be made of").await?;
    let (mut places, mut anchor) = (Vec::new(), None);
    loop {
        let chunk = walk.onward(db, anchor.as_ref(), SCAN_CHUNK).await?;
        let full = chunk.len() as u64 == SCAN_CHUNK;
        anchor = chunk.last().map(|row| Anchor::after(row.position.clone()));
        let accepted = chunk.iter().filter(|row| walk.accepts(&row.resource));
        places.extend(accepted.map(|row| Position { key: sort.key(selection.resource_type, &row.resource), id: row.position.id }));
        if !full {
            break;
        }
    }
    places.sort_unstable_by(|a, b| a.compare(b, sort.descending));
    Ok(places)
}

/// The rows at these places.
async fn load(
    db: &impl ConnectionTrait,
    store: &Store,
    account: AccountId,
    selection: &Selection,
    places: Vec<Position>,
) -> Result<Vec<Row>, ListError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let shown = Selection { filter: None, sort: None, ..selection.clone() };
    let walk = Walk::new(store, account, &shown, Order::BY_ID);
    let rows = walk.fetch(db, walk.by_id(places.iter().map(|place| place.id))).await?;
    let mut found: HashMap<Uuid, Row> = rows.into_iter().map(|row| (row.position.id, row)).collect();
    let placed = places.into_iter().filter_map(|place| found.remove(&place.id).map(|row| Row { position: place, resource: row.resource }));
    Ok(placed.collect())
}
