//! Pages by number (RFC 7644 §3.4.2.4).

use super::{
    SCAN_MAX,
    list::{ListError, Page, Selection, Typed, descending, merged, too_many},
    order::{self, Anchor},
    sorted,
    walk::{Row, Walk},
};
use crate::Store;
use muster_domain::AccountId;
use muster_scim::{ScimError, ScimType};
use sea_orm::ConnectionTrait;

/// How far into a list of several types a number may reach: all that comes before must be read to be merged.
const MERGE_MAX: u64 = 10_000;
/// Rows judged at a time.
pub(super) const SCAN_CHUNK: u64 = 1_000;

pub(super) async fn list(store: &Store, account: AccountId, selections: &[Selection], skip: u64, count: u64) -> Result<Page, ListError> {
    if let [selection] = selections {
        let (total, rows) = one(store, account, selection, skip, count).await?;
        let resources = rows.into_iter().map(|row| (selection.resource_type, row.resource)).collect();
        return Ok(Page { total: Some(total), resources, ..Page::default() });
    }
    let reach = if count == 0 { 0 } else { skip.saturating_add(count) };
    if reach > MERGE_MAX {
        let detail = format!("a list of several types can be numbered up to {MERGE_MAX}: use a cursor, or ask for one type at a time");
        return Err(ScimError::bad_request(ScimType::TooMany, detail).into());
    }
    let (mut total, mut lists) = (0, Vec::with_capacity(selections.len()));
    for selection in selections {
        let (found, rows) = one(store, account, selection, 0, reach).await?;
        total += found;
        lists.push(rows.into_iter().map(|row| (selection.resource_type, row)).collect::<Vec<Typed>>());
    }
    let (skip, count) = (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(count).unwrap_or(usize::MAX));
    let page = merged(lists, descending(selections)).into_iter().skip(skip).take(count);
    Ok(Page { total: Some(total), resources: page.map(|(kind, row)| (kind, row.resource)).collect(), ..Page::default() })
}

/// How many there are of one type, and the rows from the `skip`th on.
async fn one(store: &Store, account: AccountId, selection: &Selection, skip: u64, count: u64) -> Result<(u64, Vec<Row>), ListError> {
    let Some(order) = order::of(selection.resource_type, selection.sort.as_ref()) else {
        return sorted::page(store, account, selection, skip, count).await;
    };
    let walk = Walk::new(store, account, selection, order);
    if walk.exact { counted(store, &walk, skip, count).await } else { scan(store, &walk, skip, count).await }
}

async fn counted(store: &Store, walk: &Walk<'_>, skip: u64, count: u64) -> Result<(u64, Vec<Row>), ListError> {
    let db = store.reader();
    if count == 0 {
        return Ok((walk.count(db).await?, Vec::new()));
    }
    // One more than asked for: when it does not come, the page is the last one and its end is the total, so the usual lookup
    // (0 or 1 match) needs no second statement.
    let mut rows = walk.page(db, skip, count.saturating_add(1)).await?;
    let found = rows.len() as u64;
    let total = if found <= count && (found > 0 || skip == 0) { skip + found } else { walk.count(db).await? };
    rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    rows.iter_mut().for_each(|row| walk.trim(&mut row.resource));
    Ok((total, rows))
}

async fn scan(store: &Store, walk: &Walk<'_>, skip: u64, count: u64) -> Result<(u64, Vec<Row>), ListError> {
    // What comes in one chunk comes from one moment anyway; only more than that needs a transaction.
    let first = walk.onward(store.reader(), None, SCAN_CHUNK).await?;
    let mut page = Judged { skip, count, total: 0, rows: Vec::new() };
    if (first.len() as u64) < SCAN_CHUNK {
        page.judge(walk, first);
    } else {
        let _turn = store.long_read().await;
        through(&store.begin_read().await?, walk, &mut page).await?;
    }
    page.rows.iter_mut().for_each(|row| walk.trim(&mut row.resource));
    Ok((page.total, page.rows))
}

async fn through(db: &impl ConnectionTrait, walk: &Walk<'_>, page: &mut Judged) -> Result<(), ListError> {
    refuse_too_many(db, walk, "the filter would have to be held against").await?;
    let mut anchor = None;
    loop {
        let chunk = walk.onward(db, anchor.as_ref(), SCAN_CHUNK).await?;
        let full = chunk.len() as u64 == SCAN_CHUNK;
        anchor = chunk.last().map(|row| Anchor::after(row.position.clone()));
        page.judge(walk, chunk);
        if !full {
            return Ok(());
        }
    }
}

/// Asked before anything is read: to count what would be too many is a hundredth of the work.
pub(super) async fn refuse_too_many(db: &impl ConnectionTrait, walk: &Walk<'_>, what: &str) -> Result<(), ListError> {
    let most = SCAN_MAX as u64;
    if walk.count_up_to(db, most + 1).await? > most { Err(too_many(what)) } else { Ok(()) }
}

/// A page that fills while rows are judged.
struct Judged {
    skip: u64,
    count: u64,
    total: u64,
    rows: Vec<Row>,
}

impl Judged {
    fn judge(&mut self, walk: &Walk<'_>, rows: Vec<Row>) {
        for row in rows {
            if walk.accepts(&row.resource) {
                self.total += 1;
                if self.total > self.skip && (self.rows.len() as u64) < self.count {
                    self.rows.push(row);
                }
            }
        }
    }
}
