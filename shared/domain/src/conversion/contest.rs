//! The verdict on a user among the others of the account.

use super::{Code, Duplicates, PlanOptions};

/// Who signs in with the new user id now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody, or the user itself.
    Free,
    /// Another user, who stays.
    Stays,
    /// Another user, who is to move.
    Moves,
    /// Nobody, but it is an alias of another user.
    Alias,
}

/// What is known about the others.
#[derive(Clone, Copy, Debug)]
pub struct Contest {
    /// The user is active.
    pub active: bool,
    /// How many other users have the same address.
    pub sharers: u64,
    /// How many of these are active.
    pub active_sharers: u64,
    /// Who has the new user id.
    pub claim: Claim,
}

/// The code after the contest, when it is another one than before; `Chain` for those who have to wait for somebody to move,
/// whose order [`settle`](super::settle) finds.
#[must_use]
pub fn contest(facts: &Contest, options: &PlanOptions) -> Option<Code> {
    let wins = options.duplicates == Duplicates::ActiveWins && facts.active && facts.active_sharers == 0;
    if facts.sharers > 0 && !wins {
        return Some(Code::DupEmail);
    }
    match facts.claim {
        Claim::Free => None,
        Claim::Stays => Some(Code::Taken),
        Claim::Alias => Some(Code::AliasTaken),
        Claim::Moves => Some(Code::Chain),
    }
}
