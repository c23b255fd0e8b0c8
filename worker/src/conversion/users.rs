//! The users of the plan, in its order; before that, their aliases.

use super::slice::{Halt, Slice, is_passing};
use muster_domain::conversion::{ItemState, Phase};
use muster_store::{
    StoreError,
    conversion::{self, Advance, ConversionError},
};
use std::time::{Duration, Instant};

/// A chunk of so many rows takes no time to speak of.
const SMALL: i64 = 32;
/// The pause after a chunk that took too long.
const PAUSE: Duration = Duration::from_millis(250);

impl Slice<'_> {
    /// Makes old user ids aliases before anyone needs them.
    pub(super) async fn write_aliases(&mut self) -> Result<(), Halt> {
        while self.run.walk_n < self.run.total {
            let to = (self.run.walk_n + self.allowance().await?).min(self.run.total);
            let began = Instant::now();
            let advance = Advance { walk_n: Some(to), ..Advance::default() };
            let range = (self.run.walk_n, to);
            self.run.pace = conversion::write_aliases(self.store, &self.lease, range, self.terms(), &advance).await?;
            self.tell(to - self.run.walk_n, began, false);
            self.run.walk_n = to;
        }
        self.enter(Phase::Users, Advance::default()).await
    }

    /// Converts the users, chunk by chunk.
    pub(super) async fn convert_users(&mut self) -> Result<(), Halt> {
        while self.run.users_n < self.run.total {
            let rows = self.allowance().await?;
            let after = self.run.users_n;
            let to = (after + self.limit.map_or(rows, |limit| limit.min(rows))).min(self.run.total);
            let began = Instant::now();
            let result = conversion::convert_chunk(self.store, &self.lease, after, to).await;
            self.tell(to - after, began, result.is_err());
            match result {
                Ok(done) => {
                    self.run.users_n = to;
                    self.run.converted += done.converted;
                    self.run.pace = done.pace;
                    self.limit = self.limit.map(|limit| limit * 2).filter(|limit| *limit < rows);
                }
                // A user id that is taken, or a key somebody is taking at this moment: the chunk is halved down to the one row.
                Err(error) if is_passing(&error) && to - after > 1 => {
                    tracing::debug!(%error, rows = to - after, "a chunk is halved");
                    self.limit = Some((to - after) / 2);
                }
                Err(error) if is_passing(&error) => self.set_aside(after).await?,
                // Perhaps it took too long: less at once. A database that is away fails for the small chunk too.
                Err(ConversionError::Store(error @ StoreError::Unavailable(_))) if to - after > SMALL => {
                    tracing::debug!(%error, rows = to - after, "a chunk is halved");
                    self.limit = Some((to - after) / 2);
                    self.wait(PAUSE, "the database is busy or away").await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.limit = None;
        self.enter(Phase::Ordered, Advance::default()).await
    }

    /// Leaves the one item after `n` to the sweep.
    async fn set_aside(&mut self, n: i64) -> Result<(), Halt> {
        let mut items = conversion::items_after(self.store, self.run.account, self.run.id, n, 1).await?;
        items.retain(|item| item.state == ItemState::Todo);
        for item in &mut items {
            item.state = ItemState::Again;
            item.tries += 1;
        }
        let advance = Advance { users_n: Some((n, n + 1)), ..Advance::default() };
        self.run.pace = conversion::write_items(self.store, &self.lease, self.run.id, &items, &advance).await?;
        self.run.users_n = n + 1;
        Ok(())
    }
}
