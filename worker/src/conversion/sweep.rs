//! After the plan: users that were locked or changed when their turn came, and users the plan has not seen.
//!
//! It goes round until a round finds nothing: first everything that waits for another try, each judged by what is there now; then
//! all users of the account, for those without an item and those whose reason to be left has changed.

use super::slice::{Halt, Slice};
use muster_domain::{
    LoginKey,
    conversion::{Claim, Code, Contest, Current, ItemState, LOCKED_TRIES, Phase, Recheck, contest, locked_pause, recheck},
};
use muster_store::conversion::{self, Advance, Direction, Item, PlannedUser, Present, UserSlice};
use std::collections::BTreeSet;

const PAGE: i64 = 200;
const USERS: i64 = 2_000;
/// A directory that makes users faster than they are converted is not waited for.
const MOST_ROUNDS: i64 = 30;
/// A plan looks at users from a little before it was made: clocks differ.
const CLOCKS_MS: i64 = 60_000;

impl Slice<'_> {
    /// Goes round until nothing is found.
    pub(super) async fn sweep(&mut self) -> Result<(), Halt> {
        // A round that was interrupted may have found something before.
        let mut resumed = self.run.last_read.is_some();
        loop {
            let tries = self.look_again().await?;
            let found = self.look_around().await? > 0 || std::mem::take(&mut resumed);
            if tries.is_none() && !found {
                break;
            }
            self.run.rounds += 1;
            conversion::advance(self.store, &self.lease, &Advance { rounds: 1, ..Advance::default() }).await?;
            if self.run.rounds >= MOST_ROUNDS {
                break;
            }
            if let (Some(tries), false) = (tries, found) {
                self.wait(locked_pause(tries).mul_f64(self.settings.patience), "rows that are locked").await?;
            }
        }
        self.enter(Phase::References, Advance::default()).await
    }

    /// Tries every item that waits for it, once. The most tries of those that still wait; none when none does.
    async fn look_again(&mut self) -> Result<Option<u32>, Halt> {
        let (mut after, mut most) = (0, None);
        loop {
            let rows = self.allowance().await?.min(PAGE);
            let items = conversion::again(self.store, &self.lease, after, rows).await?;
            let Some(last) = items.last() else { return Ok(most) };
            after = last.n;
            for item in self.try_again(items).await? {
                most = most.max(Some(u32::try_from(item.tries).unwrap_or(u32::MAX)));
            }
        }
    }

    /// One try. Returns those that still wait.
    async fn try_again(&mut self, items: Vec<Item>) -> Result<Vec<Item>, Halt> {
        let (ringed, mut items): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| item.ring.is_some());
        let users: Vec<_> = items.iter().map(|item| item.user).collect();
        let now = conversion::present(self.store, &self.lease, &users, &[]).await?;
        let (mut left, mut moving) = (Vec::new(), Vec::new());
        items.retain_mut(|item| self.is_to_move(item, now.users.get(&item.user)));
        let keys: Vec<String> = items.iter().filter_map(|item| item.new_key.clone()).collect();
        let around = conversion::present(self.store, &self.lease, &[], &keys).await?;
        let waiting: BTreeSet<_> = users.iter().copied().collect();
        for mut item in items {
            match self.contested_now(&item, &around) {
                None if item.state == ItemState::Again => moving.push(item),
                // It was decided above: gone, linked, or left by the verdict.
                None => left.push(item),
                // Its owner is waiting as well, and may be gone from there next time.
                Some((Code::Taken, other)) if other.is_some_and(|other| waiting.contains(&other)) => {
                    item.tries += 1;
                    item.other = other;
                    give_up(&mut item, Code::Taken);
                    left.push(item);
                }
                Some((code, other)) => {
                    (item.state, item.code, item.other) = (ItemState::Left, code, other);
                    left.push(item);
                }
            }
        }
        let direction = Direction::Convert(self.terms());
        let mut tried = self.move_each(moving, direction).await?;
        let rings: BTreeSet<i64> = ringed.iter().filter_map(|item| item.ring).collect();
        for ring in rings {
            tried.extend(self.turn_again(ring, direction).await?);
        }
        for mut item in tried {
            if item.state == ItemState::Again && item.tries >= i64::from(LOCKED_TRIES) {
                give_up(&mut item, Code::Locked);
                left.push(item);
            } else if item.state == ItemState::Again {
                left.push(item);
            }
        }
        let linked = left.iter().filter(|item| item.state == ItemState::Done).count();
        let advance = Advance { converted: i64::try_from(linked).unwrap_or(0), ..Advance::default() };
        self.run.pace = conversion::write_items(self.store, &self.lease, self.run.id, &left, &advance).await?;
        left.retain(|item| item.state == ItemState::Again);
        Ok(left)
    }

    /// Judges an item by what its user is now. Every item is kept: those that are decided leave the state `again`.
    fn is_to_move(&self, item: &mut Item, now: Option<&UserSlice>) -> bool {
        let current = now.map(|user| Current { user_id: &user.user_id, email: user.email.as_deref() });
        match (recheck(&item.old_id, item.new_id.as_deref().unwrap_or_default(), item.email.as_deref(), current), now) {
            (Recheck::Gone, _) | (_, None) => (item.state, item.code) = (ItemState::Left, Code::Gone),
            (Recheck::Linked, Some(user)) if Some(user.user_id.as_str()) == item.new_id.as_deref() => {
                (item.state, item.code) = (ItemState::Done, Code::ScimLinked);
            }
            (Recheck::Linked, Some(_)) => (item.state, item.code) = (ItemState::Left, Code::CaseOnly),
            (Recheck::Convert, Some(_)) => {}
            (Recheck::Replan, Some(user)) => {
                let judged = self.judged(user.clone());
                replan(item, &judged);
                if judged.code.converts() {
                    item.code = Code::Changed;
                } else {
                    (item.state, item.code) = (ItemState::Left, judged.code);
                }
            }
        }
        true
    }

    /// What stands between an item and its new user id at this moment.
    fn contested_now(&self, item: &Item, around: &Present) -> Option<(Code, Option<uuid::Uuid>)> {
        if item.state != ItemState::Again {
            return None;
        }
        let key = item.new_key.as_ref()?;
        let owner = around.owners.get(key).copied().filter(|owner| *owner != item.user);
        let alias = around.aliases.get(key).copied().filter(|user| *user != item.user);
        let (all, active) = around.sharers.get(key).copied().unwrap_or((0, 0));
        let own = |count: i64, counts_own: bool| u64::try_from(count - i64::from(counts_own)).unwrap_or(0);
        let facts = Contest {
            active: item.active,
            sharers: own(all, true),
            active_sharers: own(active, item.active),
            claim: match (owner, alias) {
                (Some(_), _) => Claim::Stays,
                (None, Some(_)) => Claim::Alias,
                (None, None) => Claim::Free,
            },
        };
        contest(&facts, &self.options).map(|code| (code, if code == Code::AliasTaken { alias } else { owner }))
    }

    /// Turns a ring that could not be turned, if all of it is still what the plan saw.
    async fn turn_again(&mut self, ring: i64, direction: Direction) -> Result<Vec<Item>, Halt> {
        let mut members = conversion::ring(self.store, self.run.account, self.run.id, ring).await?;
        let users: Vec<_> = members.iter().map(|item| item.user).collect();
        let now = conversion::present(self.store, &self.lease, &users, &[]).await?;
        let whole = members.iter().all(|item| {
            let user = now.users.get(&item.user);
            let current = user.map(|user| Current { user_id: &user.user_id, email: user.email.as_deref() });
            let as_planned = recheck(&item.old_id, item.new_id.as_deref().unwrap_or_default(), item.email.as_deref(), current);
            item.state == ItemState::Again && as_planned == Recheck::Convert
        });
        if whole {
            return self.turn(members, direction).await;
        }
        members.retain(|item| item.state == ItemState::Again);
        members.iter_mut().for_each(|item| (item.state, item.code) = (ItemState::Left, Code::Cycle));
        self.run.pace = conversion::write_items(self.store, &self.lease, self.run.id, &members, &Advance::default()).await?;
        Ok(Vec::new())
    }

    /// Looks through all users for those the plan has not seen, or saw otherwise. How many there were.
    async fn look_around(&mut self) -> Result<usize, Halt> {
        let since = self.run.created_ms - CLOCKS_MS;
        let mut found = 0;
        loop {
            self.allowance().await?;
            let (users, last) = conversion::newcomers(self.store, &self.lease, since, self.run.last_read, USERS).await?;
            found += users.len();
            let (mut fresh, mut known) = (Vec::new(), Vec::new());
            for (user, item) in users {
                let mut judged = self.judged(user);
                if judged.state == ItemState::Todo {
                    judged.state = ItemState::Again;
                }
                match item {
                    None => fresh.push(judged),
                    Some(mut item) => {
                        replan(&mut item, &judged);
                        (item.state, item.code, item.tries) = (judged.state, judged.code, 0);
                        known.push(item);
                    }
                }
            }
            self.add(&fresh).await?;
            let end = last.is_none();
            // The end of the account is the start of the next round.
            let advance = if end { Advance::to(Phase::Sweep) } else { Advance { last_read: last, ..Advance::default() } };
            self.run.pace = conversion::write_items(self.store, &self.lease, self.run.id, &known, &advance).await?;
            self.run.last_read = last;
            if end {
                return Ok(found);
            }
        }
    }

    /// Appends items.
    async fn add(&mut self, fresh: &[PlannedUser]) -> Result<(), Halt> {
        if fresh.is_empty() {
            return Ok(());
        }
        let total = self.run.total + i64::try_from(fresh.len()).unwrap_or(i64::MAX);
        let more = fresh.iter().filter(|one| one.state == ItemState::Again).count();
        let planned = self.run.planned + i64::try_from(more).unwrap_or(0);
        let advance = Advance { total: Some(total), planned: Some(planned), ..Advance::default() };
        conversion::insert_items(self.store, &self.lease, self.run.total, fresh, &advance).await?;
        (self.run.total, self.run.planned) = (total, planned);
        Ok(())
    }
}

/// Takes over what the user is now.
fn replan(item: &mut Item, now: &PlannedUser) {
    item.old_id.clone_from(&now.user.user_id);
    item.old_key = LoginKey::of(&now.user.user_id).into_string();
    item.new_id.clone_from(&now.new_id);
    item.new_key.clone_from(&now.new_key);
    item.email.clone_from(&now.user.email);
    item.active = now.user.active;
}

/// After enough tries it stays as it is.
fn give_up(item: &mut Item, code: Code) {
    if item.tries >= i64::from(LOCKED_TRIES) {
        (item.state, item.code) = (ItemState::Left, code);
    }
}
