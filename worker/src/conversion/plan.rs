//! The plan: every user a verdict. Reads in slices by key, writes in short transactions, changes nobody.

use super::slice::{Halt, Slice};
use muster_domain::conversion::{Candidate, Claim, Code, Contest, ItemState, Order, Phase, base_key, contest, judge, settle};
use muster_store::conversion::{self, Advance, Contestant, Ordered, PlannedUser, UserSlice};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Items written back in one transaction at most.
const WRITE_MOST: usize = 1_000;
/// How often a plan that finds nothing says how far it is.
const SIGN_EVERY: Duration = Duration::from_millis(500);

impl Slice<'_> {
    /// Reads users and judges each alone.
    pub(super) async fn read_users(&mut self) -> Result<(), Halt> {
        loop {
            let rows = self.allowance().await?;
            let began = Instant::now();
            let users = conversion::read_users(self.store, self.run.account, self.run.last_read, rows).await?;
            let Some(last) = users.last().map(|user| user.id) else {
                let total = self.run.walk_n;
                self.enter(Phase::Contest, Advance { total: Some(total), ..Advance::default() }).await?;
                self.run.total = total;
                return Ok(());
            };
            let judged: Vec<PlannedUser> = users.into_iter().map(|user| self.judged(user)).collect();
            let n = self.run.walk_n + i64::try_from(judged.len()).unwrap_or(i64::MAX);
            let advance = Advance { walk_n: Some(n), last_read: Some(last), ..Advance::default() };
            self.run.pace = conversion::insert_items(self.store, &self.lease, self.run.walk_n, &judged, &advance).await?;
            (self.run.walk_n, self.run.last_read) = (n, Some(last));
            self.tell(rows, began, false);
        }
    }

    /// The verdict on a user alone.
    pub(super) fn judged(&self, user: UserSlice) -> PlannedUser {
        let candidate = Candidate { user_id: &user.user_id, email: user.email.as_deref(), user_type: user.user_type.as_deref() };
        let verdict = judge(&candidate, &self.options);
        let new_key = verdict.new_key().map(muster_domain::LoginKey::into_string);
        let state = if verdict.code.converts() { ItemState::Todo } else { ItemState::Left };
        PlannedUser { user, new_id: verdict.new_id, new_key, state, code: verdict.code }
    }

    /// Judges them among each other: who shares an address first, because those stay; then who has the new user id now. It
    /// begins anew when it was interrupted, and comes to the same.
    pub(super) async fn contest(&mut self) -> Result<(), Halt> {
        let total = self.run.total;
        if let Err(error) = conversion::refresh_statistics(self.store).await {
            tracing::debug!(%error, "the contest goes on without statistics");
        }
        let mut after = 0;
        while after < total {
            let to = (after + self.allowance().await?).min(total);
            let began = Instant::now();
            let codes = self.shared(after, to).await?;
            self.note(&codes, to / 2).await?;
            self.tell(to - after, began, false);
            after = to;
        }
        let (mut edges, mut stays, mut waits_for) = (Vec::new(), HashSet::new(), HashMap::new());
        let mut after = 0;
        while after < total {
            let to = (after + self.allowance().await?).min(total);
            let began = Instant::now();
            let mut taken = Vec::new();
            for (n, owner, user, moves) in conversion::owners(self.store, &self.lease, after, to).await? {
                let claim = if moves { Claim::Moves } else { Claim::Stays };
                match contest(&Contest { active: true, sharers: 0, active_sharers: 0, claim }, &self.options) {
                    Some(Code::Chain) => {
                        edges.push((n, owner));
                        waits_for.insert(n, user);
                    }
                    Some(code) => {
                        stays.insert(n);
                        taken.push((n, code, Some(user)));
                    }
                    None => {}
                }
            }
            self.note(&taken, (total + to) / 2).await?;
            self.tell(to - after, began, false);
            after = to;
        }
        self.order(&edges, &stays, &waits_for).await?;
        let planned = conversion::unconverted(self.store, self.run.account, self.run.id, total).await?;
        self.enter(Phase::Ready, Advance { planned: Some(planned), ..Advance::default() }).await?;
        Ok(())
    }

    /// Writes codes, and now and then how far it is: most slices have nothing to write, and a transaction for each would be for
    /// nothing.
    async fn note(&mut self, codes: &[(i64, Code, Option<Uuid>)], walk_n: i64) -> Result<(), Halt> {
        if codes.is_empty() && self.signs_of_life.elapsed() < SIGN_EVERY {
            return Ok(());
        }
        self.signs_of_life = Instant::now();
        let advance = Advance { walk_n: Some(walk_n), ..Advance::default() };
        self.run.pace = conversion::write_codes(self.store, &self.lease, codes, &advance).await?;
        Ok(())
    }

    /// The codes of those in `(after, to]` who share their address, have an alias of somebody else's, or are near another.
    async fn shared(&mut self, after: i64, to: i64) -> Result<Vec<(i64, Code, Option<Uuid>)>, Halt> {
        let found = conversion::contestants(self.store, &self.lease, after, to).await?;
        let mut codes = Vec::new();
        let mut plus: Vec<(i64, String)> = Vec::new();
        for one in found {
            match self.contested(&one) {
                Some(code) => codes.push((one.n, code, if code == Code::AliasTaken { one.alias_of } else { one.sharer })),
                None => plus.extend(one.plus.as_deref().and_then(base_key).map(|key| (one.n, key.into_string()))),
            }
        }
        let near = conversion::near_duplicates(self.store, &self.lease, &plus).await?;
        let mut noted = HashSet::new();
        codes.extend(near.into_iter().filter(|(n, _)| noted.insert(*n)).map(|(n, other)| (n, Code::NearDup, Some(other))));
        Ok(codes)
    }

    fn contested(&self, one: &Contestant) -> Option<Code> {
        let claim = if one.alias_of.is_some() { Claim::Alias } else { Claim::Free };
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let facts = Contest { active: one.active, sharers: count(one.sharers), active_sharers: count(one.active_sharers), claim };
        contest(&facts, &self.options)
    }

    /// Gives those who wait for others their place.
    async fn order(&mut self, edges: &[(i64, i64)], stays: &HashSet<i64>, waits_for: &HashMap<i64, Uuid>) -> Result<(), Halt> {
        let orders = settle(edges, stays);
        let mut places: Vec<Ordered> = orders
            .into_iter()
            .map(|(n, order): (i64, Order)| Ordered { n, order, other: waits_for.get(&n).copied().unwrap_or_default() })
            .collect();
        places.sort_unstable_by_key(|place| place.n);
        for part in places.chunks(WRITE_MOST) {
            self.allowance().await?;
            conversion::write_orders(self.store, &self.lease, part, self.options.turn_cycles, &Advance::default()).await?;
        }
        Ok(())
    }
}
