//! Pages by place (RFC 9865): each begins where the one before it ended, whatever happened in between.

use super::{
    index::SCAN_CHUNK,
    list::{ListError, Page, Selection, Typed, descending, merged},
    order::{self, Anchor, Order, Position},
    sorted,
    walk::{Row, Walk},
};
use crate::Store;
use muster_domain::AccountId;

/// How many rows one page may judge with a filter that SQL cannot say. A page that has judged so many ends there, full or not, and
/// the next one goes on: so each page takes a bounded time, however rare a match is.
const JUDGE_MAX: usize = 20_000;
/// Lists up to this long have their length told on the first page; to count a longer one would cost more than the page.
const COUNT_MAX: u64 = 1_000;

/// The rows of one type from a place on.
struct Run {
    rows: Vec<Row>,
    /// How far this type is known; to its end, when there is none.
    horizon: Option<Position>,
}

pub(super) async fn list(
    store: &Store,
    account: AccountId,
    selections: &[Selection],
    from: Option<&Anchor>,
    count: u64,
) -> Result<Page, ListError> {
    let backwards = from.is_some_and(|anchor| anchor.backwards);
    let (mut rows, end) = run(store, account, selections, from, count).await?;
    if backwards && rows.is_empty() && end.is_none() {
        // Everything before is gone: what is left begins here.
        return Box::pin(list(store, account, selections, None, count)).await;
    }
    let first = rows.first().map(|(_, row)| row.position.clone());
    let mut page = Page::default();
    if backwards {
        rows.reverse();
        page.previous = end.map(Anchor::before);
        page.next = match (first, from) {
            (Some(last), _) => Some(Anchor::after(last)),
            (None, from) => from.map(|anchor| Anchor { backwards: false, inclusive: true, ..anchor.clone() }),
        };
    } else {
        page.total = match (from, &end) {
            (None, None) => Some(rows.len() as u64),
            (None, Some(_)) => small_total(store, account, selections).await?,
            (Some(_), _) => None,
        };
        page.next = end.map(Anchor::after);
        page.previous = from.and(first).map(Anchor::before);
    }
    page.resources = rows.into_iter().map(|(kind, row)| (kind, row.resource)).collect();
    Ok(page)
}

/// How many there are, if that is soon counted.
async fn small_total(store: &Store, account: AccountId, selections: &[Selection]) -> Result<Option<u64>, ListError> {
    let mut total = 0;
    for selection in selections {
        let walk = Walk::new(store, account, selection, Order::BY_ID);
        if !walk.exact {
            return Ok(None);
        }
        total += walk.count_up_to(store.reader(), COUNT_MAX + 1).await?;
        if total > COUNT_MAX {
            return Ok(None);
        }
    }
    Ok(Some(total))
}

/// The rows of all types from a place on, as one list; and where it goes on, unless it ends.
async fn run(
    store: &Store,
    account: AccountId,
    selections: &[Selection],
    from: Option<&Anchor>,
    count: u64,
) -> Result<(Vec<Typed>, Option<Position>), ListError> {
    let descending = descending(selections) != from.is_some_and(|anchor| anchor.backwards);
    let (mut lists, mut horizon) = (Vec::with_capacity(selections.len()), None::<Position>);
    for selection in selections {
        let run = one(store, account, selection, from, count).await?;
        lists.push(run.rows.into_iter().map(|row| (selection.resource_type, row)).collect::<Vec<Typed>>());
        // Beyond the nearest horizon, a type may have something that has not been seen.
        horizon = match (horizon, run.horizon) {
            (Some(a), Some(b)) => Some(if a.compare(&b, descending).is_le() { a } else { b }),
            (a, b) => a.or(b),
        };
    }
    let mut rows = merged(lists, descending);
    if let Some(horizon) = &horizon {
        rows.retain(|(_, row)| row.position.compare(horizon, descending).is_le());
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if rows.len() > count {
        rows.truncate(count);
        horizon = rows.last().map(|(_, row)| row.position.clone());
    }
    Ok((rows, horizon))
}

async fn one(store: &Store, account: AccountId, selection: &Selection, from: Option<&Anchor>, count: u64) -> Result<Run, ListError> {
    let Some(order) = order::of(selection.resource_type, selection.sort.as_ref()) else {
        let (rows, more) = sorted::onward(store, account, selection, from, count).await?;
        let horizon = rows.last().filter(|_| more).map(|row| row.position.clone());
        return Ok(Run { rows, horizon });
    };
    let walk = Walk::new(store, account, selection, order);
    let mut run = if walk.exact { exact(store, &walk, from, count).await? } else { judged(store, &walk, from, count).await? };
    run.rows.iter_mut().for_each(|row| walk.trim(&mut row.resource));
    Ok(run)
}

async fn exact(store: &Store, walk: &Walk<'_>, from: Option<&Anchor>, count: u64) -> Result<Run, ListError> {
    // One more than asked for tells whether the list goes on.
    let mut rows = walk.onward(store.reader(), from, count.saturating_add(1)).await?;
    let more = rows.len() as u64 > count;
    rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let horizon = rows.last().filter(|_| more).map(|row| row.position.clone());
    Ok(Run { rows, horizon })
}

async fn judged(store: &Store, walk: &Walk<'_>, from: Option<&Anchor>, count: u64) -> Result<Run, ListError> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut anchor = from.cloned();
    let (mut rows, mut seen): (Vec<Row>, usize) = (Vec::new(), 0);
    let mut turn = None;
    loop {
        let chunk = walk.onward(store.reader(), anchor.as_ref(), SCAN_CHUNK).await?;
        let full = chunk.len() as u64 == SCAN_CHUNK;
        seen += chunk.len();
        let last = chunk.last().map(|row| row.position.clone());
        for row in chunk {
            if walk.accepts(&row.resource) {
                if rows.len() == count {
                    let horizon = rows.last().map(|row| row.position.clone());
                    return Ok(Run { rows, horizon });
                }
                rows.push(row);
            }
        }
        if !full {
            return Ok(Run { rows, horizon: None });
        }
        if seen >= JUDGE_MAX {
            return Ok(Run { rows, horizon: last });
        }
        if turn.is_none() {
            turn = Some(store.long_read().await);
        }
        let backwards = from.is_some_and(|anchor| anchor.backwards);
        anchor = last.map(|position| Anchor { position, backwards, inclusive: false });
    }
}
