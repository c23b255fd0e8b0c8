//! What may be found of each user.

use std::collections::{BTreeMap, BTreeSet};

/// One possible state of a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does not exist.
    Absent,
    /// It exists, like this.
    Present {
        /// `displayName`
        display: String,
        /// `active`
        active: bool,
    },
}

/// What the answer to a write says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Acknowledged.
    Done,
    /// Refused, or never sent.
    Not,
    /// The connection broke.
    Unknown,
}

/// Whether a user is in the shared group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Nobody added it.
    Out,
    /// It was added.
    In,
    /// Nobody can tell.
    Either,
}

/// One user of the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id, when a create was answered.
    pub id: Option<String>,
    /// What may be found.
    pub possible: BTreeSet<State>,
    /// Its membership in the shared group.
    pub member: Membership,
    /// Whether everything about it is certain so far.
    pub certain: bool,
    /// What was done, for the report.
    pub history: Vec<String>,
}

/// All users, by userName.
#[derive(Debug, Default)]
pub struct Book {
    /// The users.
    pub users: BTreeMap<String, Entry>,
    /// Answers that no rule allows.
    pub violations: Vec<String>,
    /// Counts of acknowledged, refused and unknown writes.
    pub counts: [usize; 3],
    /// Why writes were not acknowledged, and how often.
    pub reasons: BTreeMap<String, usize>,
}

impl Entry {
    /// A user nobody has made yet.
    #[must_use]
    pub fn new() -> Self {
        Self { id: None, possible: BTreeSet::from([State::Absent]), member: Membership::Out, certain: true, history: Vec::new() }
    }

    /// Notes a write that leads to `after`.
    pub fn note(&mut self, what: &str, after: State, verdict: Verdict) {
        self.history.push(format!("{what}: {verdict:?}"));
        match verdict {
            Verdict::Done => self.possible = BTreeSet::from([after]),
            Verdict::Not => {}
            Verdict::Unknown => {
                self.possible.insert(after);
                self.certain = false;
            }
        }
    }

    /// Notes an addition to the shared group.
    pub fn note_member(&mut self, verdict: Verdict) {
        self.history.push(format!("group add: {verdict:?}"));
        match verdict {
            Verdict::Done => self.member = Membership::In,
            Verdict::Not => {}
            Verdict::Unknown => {
                self.member = Membership::Either;
                self.certain = false;
            }
        }
    }

    /// What it is, when that is certain and it exists.
    #[must_use]
    pub fn present(&self) -> Option<(&str, &str, bool)> {
        let id = self.id.as_deref()?;
        match self.possible.first() {
            Some(State::Present { display, active }) if self.certain && self.possible.len() == 1 => Some((id, display, *active)),
            _ => None,
        }
    }
}

impl Book {
    /// Counts an answer.
    pub fn count(&mut self, verdict: Verdict) {
        self.counts[verdict as usize] += 1;
    }

    /// Counts a reason.
    pub fn reason(&mut self, reason: impl Into<String>) {
        *self.reasons.entry(reason.into()).or_default() += 1;
    }

    /// Takes in what another client noted.
    pub fn merge(&mut self, other: Self) {
        self.users.extend(other.users);
        self.violations.extend(other.violations);
        for (own, others) in self.counts.iter_mut().zip(other.counts) {
            *own += others;
        }
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}
