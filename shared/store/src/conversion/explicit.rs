//! Users converted, or taken back, by name: chains, rings, the sweep, the undo. Slower than the hot loop, and rarely needed.

use super::{Advance, ConversionError, Item, Lease, begin_gently, fence, items};
use crate::{Dialect, Store, now_ms, rows::Rows};
use muster_domain::{
    ConversionId,
    conversion::{AliasTerms, ItemState},
};
use sea_orm::ConnectionTrait;
use std::collections::HashSet;
use uuid::Uuid;

/// Which way users move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the old user id to the new one; the old one becomes an alias with these terms.
    Convert(AliasTerms),
    /// From the new user id back to the old one.
    Undo,
}

/// How users move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Each by itself; those who cannot stay.
    Each,
    /// As a ring: all of them or none.
    Ring,
}

/// Moves the users of these items whose row is free and still what the item says, writes the items, and moves the run's row on
/// (`advance`, and how many were moved). Items come back with their new state: `done` or `undone`; `again`, with one more try,
/// where the row was held or is another now.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more; [`StoreError::Raced`](crate::StoreError::Raced) when one of
/// the user ids is taken, and nothing was moved.
pub async fn move_items(
    store: &Store,
    lease: &Lease,
    journal: ConversionId,
    mut moving: Vec<Item>,
    (direction, how): (Direction, How),
    mut advance: Advance,
) -> Result<(Vec<Item>, serde_json::Value), ConversionError> {
    let now = now_ms();
    let tx = begin_gently(store, true).await?;
    let mut moved = HashSet::<Uuid>::new();
    if !moving.is_empty() {
        if how == How::Ring {
            let sql = format!(
                "{} UPDATE users SET login_key = b.hold FROM b WHERE users.account_id = b.account_id AND users.id = b.id \
                 AND users.user_id = b.from_id RETURNING users.id",
                locked(store.dialect())
            );
            let held = tx.inner.query_all_raw(rows(store.dialect(), lease, &moving, direction, now).statement(&sql)).await?;
            if held.len() < moving.len() {
                tx.rollback().await?;
                return stay(store, lease, journal, moving, &advance).await;
            }
        }
        let email = if matches!(direction, Direction::Convert(_)) { "AND users.email IS NOT DISTINCT FROM b.email" } else { "" };
        let sql = format!(
            "{} UPDATE users SET user_id = b.to_id, login_key = b.to_key, version = users.version + 1, modified_ms = b.now \
             FROM b WHERE users.account_id = b.account_id AND users.id = b.id AND users.user_id = b.from_id {email} RETURNING users.id",
            locked(store.dialect())
        );
        for row in tx.inner.query_all_raw(rows(store.dialect(), lease, &moving, direction, now).statement(&sql)).await? {
            moved.insert(row.try_get("", "id")?);
        }
        if how == How::Ring && moved.len() < moving.len() {
            tx.rollback().await?;
            return stay(store, lease, journal, moving, &advance).await;
        }
    }
    for item in &mut moving {
        if moved.contains(&item.user) {
            item.state = if direction == Direction::Undo { ItemState::Undone } else { ItemState::Done };
        } else {
            retry(item, direction);
        }
    }
    if let Direction::Convert(terms) = direction {
        write_aliases(&tx, lease, &moving, terms).await?;
    }
    items::update(&tx, journal, &moving).await?;
    advance.converted += i64::try_from(moved.len()).unwrap_or(i64::MAX);
    let pace = fence(&tx, lease, &advance, now).await?;
    tx.commit().await?;
    Ok((moving, pace))
}

/// A converted item that cannot go back yet stays converted; only the count of tries tells.
fn retry(item: &mut Item, direction: Direction) {
    item.state = if direction == Direction::Undo { ItemState::Done } else { ItemState::Again };
    item.tries += 1;
}

/// None of a ring moves: each waits for the next try.
async fn stay(
    store: &Store,
    lease: &Lease,
    journal: ConversionId,
    mut ring: Vec<Item>,
    advance: &Advance,
) -> Result<(Vec<Item>, serde_json::Value), ConversionError> {
    ring.iter_mut().for_each(|item| {
        item.tries += 1;
        if item.state != ItemState::Done {
            item.state = ItemState::Again;
        }
    });
    let pace = items::write_items(store, lease, journal, &ring, advance).await?;
    Ok((ring, pace))
}

/// The rows of users that are free.
fn locked(dialect: Dialect) -> String {
    let lock = match dialect {
        Dialect::Postgres => "FOR NO KEY UPDATE OF u SKIP LOCKED",
        Dialect::Sqlite => "",
    };
    format!(", b AS MATERIALIZED (SELECT r.* FROM r JOIN users u ON u.account_id = r.account_id AND u.id = r.id {lock})")
}

fn rows(dialect: Dialect, lease: &Lease, moving: &[Item], direction: Direction, now: i64) -> Rows {
    let undo = direction == Direction::Undo;
    let new = |item: &Item| item.new_id.clone().unwrap_or_default();
    let new_key = |item: &Item| item.new_key.clone().unwrap_or_default();
    Rows::new(dialect)
        .uuid("account_id", moving.iter().map(|_| lease.account.0))
        .uuid("id", moving.iter().map(|item| item.user))
        .text("from_id", moving.iter().map(|item| if undo { new(item) } else { item.old_id.clone() }))
        .text("to_id", moving.iter().map(|item| if undo { item.old_id.clone() } else { new(item) }))
        .text("to_key", moving.iter().map(|item| if undo { item.old_key.clone() } else { new_key(item) }))
        .text("hold", moving.iter().map(|item| format!("!conv:{}", item.user)))
        .maybe_text("email", moving.iter().map(|item| item.email.clone()))
        .int("now", moving.iter().map(|_| now))
}

async fn write_aliases(tx: &crate::WriteTransaction, lease: &Lease, moved: &[Item], terms: AliasTerms) -> Result<(), ConversionError> {
    let done: Vec<&Item> = moved.iter().filter(|item| item.state == ItemState::Done).collect();
    if done.is_empty() {
        return Ok(());
    }
    let rows = Rows::new(tx.dialect)
        .uuid("account_id", done.iter().map(|_| lease.account.0))
        .text("old_key", done.iter().map(|item| item.old_key.clone()))
        .uuid("user_id", done.iter().map(|item| item.user))
        .text("old_id", done.iter().map(|item| item.old_id.clone()))
        .uuid("conversion_id", done.iter().map(|_| lease.conversion.0))
        .int("expires_ms", done.iter().map(|_| terms.expires_ms))
        .int("reserved_ms", done.iter().map(|_| terms.reserved_ms));
    let sql = format!(
        "INSERT INTO alias (account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, hits) \
         SELECT account_id, old_key, user_id, old_id, conversion_id, expires_ms, reserved_ms, 0 FROM r WHERE true {}",
        super::aliases::UPSERT
    );
    tx.inner.execute_raw(rows.statement(&sql)).await?;
    Ok(())
}
