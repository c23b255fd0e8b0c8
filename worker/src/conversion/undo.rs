//! An undo: the run in reverse, the last converted first, each row safe.
//!
//! A user goes back only if it still has the user id the run gave it, and nobody else has the old one. Users that were made after the
//! run are not touched.

use super::slice::{Halt, Slice};
use muster_domain::conversion::{Code, Current, ItemState, LOCKED_TRIES, Phase, locked_pause, undo_check};
use muster_store::conversion::{self, Advance, Direction, Item};
use std::time::Instant;

impl Slice<'_> {
    /// Chains from their ends, rings as a whole.
    pub(super) async fn undo_ordered(&mut self) -> Result<(), Halt> {
        loop {
            let rows = self.allowance().await?;
            let journal = (self.run.account, self.journal());
            let mut items = conversion::undo_page(self.store, journal, self.run.users_n, true, 0, rows).await?;
            let Some(first) = items.first() else { break };
            match first.ring {
                Some(ring) => {
                    let mut members = conversion::ring(self.store, self.run.account, self.journal(), ring).await?;
                    members.retain(|item| item.is_done(self.run.users_n));
                    let movable = self.check(members.clone(), true).await?;
                    if movable.len() == members.len() {
                        self.turn(movable, Direction::Undo).await?;
                    } else {
                        // Not whole any more: each by itself, later.
                        members.iter_mut().for_each(|item| (item.state, item.tries) = (ItemState::Done, item.tries + 1));
                        conversion::write_items(self.store, &self.lease, self.journal(), &members, &Advance::default()).await?;
                    }
                }
                None => {
                    items.retain(|item| item.ring.is_none());
                    self.take_back(items).await?;
                }
            }
        }
        self.enter(Phase::Users, Advance::default()).await
    }

    /// All others, from the end of the plan.
    pub(super) async fn undo_users(&mut self) -> Result<(), Halt> {
        let mut before = i64::MAX;
        loop {
            let rows = self.allowance().await?;
            let journal = (self.run.account, self.journal());
            let items = conversion::undo_page(self.store, journal, self.run.users_n, false, before, rows).await?;
            let Some(last) = items.last() else { break };
            before = last.n;
            self.take_back(items).await?;
        }
        self.enter(Phase::Sweep, Advance::default()).await
    }

    /// What could not go back so far: again and again, as long as some do or some are only locked.
    pub(super) async fn undo_rest(&mut self) -> Result<(), Halt> {
        loop {
            let (mut after, mut moved, mut locked) = (0, 0, None);
            loop {
                let rows = self.allowance().await?;
                let journal = (self.run.account, self.journal());
                let items = conversion::undo_retry(self.store, journal, self.run.users_n, after, rows).await?;
                let Some(last) = items.last() else { break };
                after = last.n;
                for item in self.take_back(items).await? {
                    match item.state {
                        ItemState::Undone => moved += 1,
                        _ if item.tries < i64::from(LOCKED_TRIES) => locked = locked.max(Some(item.tries)),
                        _ => {}
                    }
                }
            }
            match locked {
                _ if moved > 0 => {}
                Some(tries) => {
                    let pause = locked_pause(u32::try_from(tries).unwrap_or(u32::MAX));
                    self.wait(pause.mul_f64(self.settings.patience), "rows that are locked").await?;
                }
                None => break,
            }
        }
        self.enter(Phase::References, Advance::default()).await
    }

    /// Takes back those that may. Returns them as they are now, without those for which there is a reason not to.
    async fn take_back(&mut self, items: Vec<Item>) -> Result<Vec<Item>, Halt> {
        let movable = self.check(items, false).await?;
        self.move_each(movable, Direction::Undo).await
    }

    /// Keeps those that may go back, and gives the others their reason (unless `quiet`).
    async fn check(&mut self, items: Vec<Item>, quiet: bool) -> Result<Vec<Item>, Halt> {
        let began = Instant::now();
        let users: Vec<_> = items.iter().map(|item| item.user).collect();
        let keys: Vec<String> = items.iter().map(|item| item.old_key.clone()).collect();
        let now = conversion::present(self.store, &self.lease, &users, &keys).await?;
        let ring: Vec<_> = if quiet { users } else { Vec::new() };
        let (mut movable, mut blocked) = (Vec::new(), Vec::new());
        for mut item in items {
            let user = now.users.get(&item.user);
            let current = user.map(|user| Current { user_id: &user.user_id, email: user.email.as_deref() });
            let owner = now.owners.get(&item.old_key).filter(|owner| **owner != item.user && !ring.contains(owner));
            match undo_check(item.new_id.as_deref().unwrap_or_default(), current, owner.is_some()) {
                Ok(()) => {
                    if item.code == Code::UndoTaken {
                        item.code = Code::Convert;
                    }
                    movable.push(item);
                }
                Err(code) => {
                    (item.state, item.code, item.other) = (ItemState::Done, code, owner.copied());
                    item.tries += 1;
                    blocked.push(item);
                }
            }
        }
        if !quiet && !blocked.is_empty() {
            let rows = i64::try_from(blocked.len()).unwrap_or(i64::MAX);
            self.run.pace = conversion::write_items(self.store, &self.lease, self.journal(), &blocked, &Advance::default()).await?;
            self.tell(rows, began, false);
        }
        Ok(movable)
    }

    /// The aliases of those who have their old user id again.
    pub(super) async fn delete_aliases(&mut self) -> Result<(), Halt> {
        while self.run.walk_n < self.run.total {
            let to = (self.run.walk_n + self.allowance().await?).min(self.run.total);
            let began = Instant::now();
            let advance = Advance { walk_n: Some(to), ..Advance::default() };
            let range = (self.run.walk_n, to);
            self.run.pace = conversion::delete_aliases(self.store, &self.lease, self.journal(), range, &advance).await?;
            self.tell(to - self.run.walk_n, began, false);
            self.run.walk_n = to;
        }
        self.enter(Phase::Verify, Advance::default()).await
    }
}
