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
/// Items looked through for those who wait, in one query: nearly all of them wait for nobody.
const READ_MOST: i64 = 20_000;
/// Between two such queries.
const BREATH: Duration = Duration::from_millis(10);
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

    /// Judges them among each other: who shares an address first, because those stay; then who has the new user id now; then the
    /// order of those who wait for each other. A plan of a million takes more than one slice, so each goes on where the one
    /// before it stopped: everything found is in the journal, and the cursor counts both walks.
    pub(super) async fn contest(&mut self) -> Result<(), Halt> {
        if let Err(error) = conversion::refresh_statistics(self.store).await {
            tracing::debug!(%error, "the contest goes on without statistics");
        }
        match self.walk_contest().await {
            Err(halt @ (Halt::TimeIsUp | Halt::GivesWay(_))) => {
                // A walk says now and then how far it is. A slice that is shorter than that would be for nothing.
                self.run.pace = conversion::write_codes(self.store, &self.lease, &[], &self.here()).await?;
                return Err(halt);
            }
            walked => walked?,
        }
        self.order().await?;
        let planned = conversion::unconverted(self.store, self.run.account, self.run.id, self.run.total).await?;
        self.enter(Phase::Ready, Advance { planned: Some(planned), ..Advance::default() }).await?;
        Ok(())
    }

    async fn walk_contest(&mut self) -> Result<(), Halt> {
        let total = self.run.total;
        let mut at = self.run.walk_n;
        while at < 2 * total {
            let (after, end) = if at < total { (at, total) } else { (at - total, total) };
            let to = (after + self.allowance().await?).min(end);
            let began = Instant::now();
            let codes = if at < total { self.shared(after, to).await? } else { self.owned(after, to).await? };
            at += to - after;
            self.run.walk_n = at;
            self.note(&codes).await?;
            self.tell(to - after, began, false);
        }
        Ok(())
    }

    /// The codes of those in `(after, to]` whose new user id somebody has: who waits for whom is settled when all are known.
    async fn owned(&mut self, after: i64, to: i64) -> Result<Vec<(i64, Code, Option<Uuid>)>, Halt> {
        let owners = conversion::owners(self.store, &self.lease, after, to).await?;
        let code = |moves| {
            let claim = if moves { Claim::Moves } else { Claim::Stays };
            contest(&Contest { active: true, sharers: 0, active_sharers: 0, claim }, &self.options)
        };
        Ok(owners.into_iter().filter_map(|(n, _, user, moves)| Some((n, code(moves)?, Some(user)))).collect())
    }

    fn here(&self) -> Advance {
        Advance { walk_n: Some(self.run.walk_n), ..Advance::default() }
    }

    /// Writes codes, and now and then how far it is: most slices have nothing to write, and a transaction for each would be for
    /// nothing.
    async fn note(&mut self, codes: &[(i64, Code, Option<Uuid>)]) -> Result<(), Halt> {
        if codes.is_empty() && self.signs_of_life.elapsed() < SIGN_EVERY {
            return Ok(());
        }
        self.signs_of_life = Instant::now();
        self.run.pace = conversion::write_codes(self.store, &self.lease, codes, &self.here()).await?;
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

    /// Gives those who wait for others their place. It begins anew when it was interrupted, and passes over those who have theirs.
    /// Reading is not paced: it takes a second for a million, and would be for nothing if a slice ended in it.
    async fn order(&mut self) -> Result<(), Halt> {
        let (mut edges, mut stays, mut waits_for) = (Vec::new(), HashSet::new(), HashMap::new());
        let mut after = 0;
        while after < self.run.total {
            let to = (after + READ_MOST).min(self.run.total);
            for wait in conversion::waits(self.store, &self.lease, after, to).await? {
                edges.push((wait.n, wait.owner));
                if !wait.placed {
                    waits_for.insert(wait.n, wait.user);
                }
                if !wait.moves {
                    stays.insert(wait.owner);
                }
            }
            after = to;
            self.nap(BREATH).await;
        }
        let orders = settle(&edges, &stays);
        let mut places: Vec<Ordered> = orders
            .into_iter()
            .filter_map(|(n, order): (i64, Order)| Some(Ordered { n, order, other: waits_for.get(&n).copied()? }))
            .collect();
        places.sort_unstable_by_key(|place| place.n);
        for part in places.chunks(WRITE_MOST) {
            self.allowance().await?;
            conversion::write_orders(self.store, &self.lease, part, self.options.turn_cycles, &Advance::default()).await?;
        }
        Ok(())
    }
}
