//! Who may be in flight.
//!
//! Three rules, checked in this order, over the places there are:
//! 1. When all places are taken, everyone is refused.
//! 2. While others have something in flight too, no account takes more than half of all places.
//! 3. The last eighth of the places is for accounts below their fair share, which is reckoned as if one more account were there:
//!    all places divided by the accounts in flight plus one.
//!
//! So an account alone has seven eighths of everything, a newcomer beside it gets in at once, and any further one at the latest
//! with the next place that becomes free: those who have much do not get it back.

use muster_domain::AccountId;
use std::collections::HashMap;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// All places are taken.
    Full,
    /// This account has its share.
    Share,
}

/// Who is in flight.
pub(super) struct Admission {
    limit: usize,
    total: usize,
    accounts: HashMap<AccountId, usize>,
}

impl Admission {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, total: 0, accounts: HashMap::new() }
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Lets so many operations of an account in, all or none. Those of a bulk request come in where there is room for one: whether
    /// a bulk fits must not depend on its size, or a large one might never.
    pub(super) fn enter(&mut self, account: AccountId, operations: usize) -> Result<(), Refusal> {
        if self.total >= self.limit {
            return Err(Refusal::Full);
        }
        let mine = self.accounts.get(&account).copied().unwrap_or(0);
        let others = self.total > mine;
        let half = self.limit.div_ceil(2);
        let fair = (self.limit / (self.accounts.len() + usize::from(mine == 0) + 1)).max(1);
        let reserved = self.limit / 8;
        if (others && mine >= half) || (self.total >= self.limit - reserved && mine >= fair) {
            return Err(Refusal::Share);
        }
        self.total += operations;
        *self.accounts.entry(account).or_default() += operations;
        Ok(())
    }

    pub(super) fn leave(&mut self, account: AccountId, operations: usize) {
        if let Some(mine) = self.accounts.get_mut(&account) {
            *mine -= operations;
            self.total -= operations;
            if *mine == 0 {
                self.accounts.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(admission: &mut Admission, account: AccountId) -> (usize, Refusal) {
        let mut entered = 0;
        loop {
            match admission.enter(account, 1) {
                Ok(()) => entered += 1,
                Err(refusal) => return (entered, refusal),
            }
        }
    }

    #[test]
    fn an_account_alone_leaves_an_eighth_for_newcomers() {
        let (a, b) = (AccountId::new(), AccountId::new());
        let mut admission = Admission::new(4096);
        assert_eq!(fill(&mut admission, a), (3584, Refusal::Share));
        assert_eq!(fill(&mut admission, b), (512, Refusal::Full));
    }

    #[test]
    fn nobody_has_more_than_half_beside_another() {
        let (a, b) = (AccountId::new(), AccountId::new());
        let mut admission = Admission::new(4096);
        admission.enter(b, 1).expect("empty");
        assert_eq!(fill(&mut admission, a), (2048, Refusal::Share));
        assert_eq!(fill(&mut admission, b), (1535, Refusal::Share));
        assert_eq!(admission.total(), 3584);
    }

    #[test]
    fn the_next_free_place_is_for_a_newcomer() {
        let (a, b, c) = (AccountId::new(), AccountId::new(), AccountId::new());
        let mut admission = Admission::new(4096);
        fill(&mut admission, a);
        fill(&mut admission, b);
        assert_eq!(admission.enter(c, 1), Err(Refusal::Full));
        admission.leave(a, 1);
        assert_eq!(admission.enter(a, 1), Err(Refusal::Share));
        assert_eq!(admission.enter(c, 1), Ok(()));
    }

    #[test]
    fn a_few_places_are_shared_as_well() {
        let mut admission = Admission::new(2);
        assert_eq!(admission.enter(AccountId::new(), 1), Ok(()));
        assert_eq!(admission.enter(AccountId::new(), 1), Ok(()));
        assert_eq!(admission.enter(AccountId::new(), 1), Err(Refusal::Full));
    }

    #[test]
    fn a_bulk_comes_in_where_there_is_room_for_one_and_counts_in_full() {
        let (a, b) = (AccountId::new(), AccountId::new());
        let mut admission = Admission::new(8);
        assert_eq!(admission.enter(a, 1000), Ok(()));
        assert_eq!(admission.enter(b, 1), Err(Refusal::Full));
        admission.leave(a, 1000);
        assert_eq!((admission.enter(b, 1), admission.total()), (Ok(()), 1));
    }

    #[test]
    fn places_come_back() {
        let a = AccountId::new();
        let mut admission = Admission::new(8);
        fill(&mut admission, a);
        for _ in 0..7 {
            admission.leave(a, 1);
        }
        assert_eq!(admission.total(), 0);
        assert!(admission.accounts.is_empty());
    }
}
