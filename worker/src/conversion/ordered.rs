//! Chains, their heads first, and rings, each as a whole. Also what every move by name goes through.

use super::slice::{Halt, Slice, is_passing};
use muster_domain::conversion::{ItemState, Phase};
use muster_store::conversion::{self, Advance, Direction, How, Item};
use std::{collections::VecDeque, time::Instant};

impl Slice<'_> {
    /// Converts chains and rings.
    pub(super) async fn convert_ordered(&mut self) -> Result<(), Halt> {
        loop {
            let rows = self.allowance().await?;
            let mut items = conversion::next_ordered(self.store, self.run.account, self.run.id, rows).await?;
            let Some(first) = items.first() else { break };
            let direction = Direction::Convert(self.terms());
            match first.ring {
                Some(ring) => {
                    let members = conversion::ring(self.store, self.run.account, self.run.id, ring).await?;
                    self.turn(members, direction).await?;
                }
                None => {
                    items.retain(|item| item.ring.is_none());
                    self.move_each(items, direction).await?;
                }
            }
        }
        self.enter(Phase::Sweep, Advance::default()).await
    }

    /// Moves the users of these items, those that cannot move excepted. Returns the items as they are now.
    pub(super) async fn move_each(&mut self, items: Vec<Item>, direction: Direction) -> Result<Vec<Item>, Halt> {
        let (mut parts, mut finished) = (VecDeque::from([items]), Vec::new());
        while let Some(mut part) = parts.pop_front() {
            if part.is_empty() {
                continue;
            }
            let (began, rows) = (Instant::now(), i64::try_from(part.len()).unwrap_or(i64::MAX));
            let moving = (direction, How::Each);
            let result = conversion::move_items(self.store, &self.lease, self.journal(), part.clone(), moving, Advance::default()).await;
            self.tell(rows, began, result.is_err());
            match result {
                Ok((items, pace)) => {
                    self.count(&items, pace);
                    finished.extend(items);
                }
                Err(error) if is_passing(&error) && part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.push_front(second);
                    parts.push_front(part);
                }
                Err(error) if is_passing(&error) => finished.extend(self.postpone(part, direction).await?),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(finished)
    }

    /// Turns a ring: all its users at once, or none.
    pub(super) async fn turn(&mut self, members: Vec<Item>, direction: Direction) -> Result<Vec<Item>, Halt> {
        let began = Instant::now();
        let rows = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let moving = (direction, How::Ring);
        let result = conversion::move_items(self.store, &self.lease, self.journal(), members.clone(), moving, Advance::default()).await;
        self.tell(rows, began, result.is_err());
        match result {
            Ok((items, pace)) => {
                self.count(&items, pace);
                Ok(items)
            }
            Err(error) if is_passing(&error) => self.postpone(members, direction).await,
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, items: &[Item], pace: serde_json::Value) {
        let moved = items.iter().filter(|item| matches!(item.state, ItemState::Undone | ItemState::Done)).count();
        self.run.converted += i64::try_from(moved).unwrap_or(0);
        self.run.pace = pace;
    }

    /// Leaves items to the sweep.
    async fn postpone(&mut self, mut items: Vec<Item>, direction: Direction) -> Result<Vec<Item>, Halt> {
        for item in &mut items {
            item.tries += 1;
            item.state = if direction == Direction::Undo { ItemState::Done } else { ItemState::Again };
        }
        self.run.pace = conversion::write_items(self.store, &self.lease, self.journal(), &items, &Advance::default()).await?;
        Ok(items)
    }
}
