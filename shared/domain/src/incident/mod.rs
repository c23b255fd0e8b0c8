//! Incidents: failures of one kind in one account, from the first until it is over.
//!
//! A failure is an operation that was not carried out, or a request that never became one. Ten thousand failures with one
//! [`Fingerprint`] are one incident: one line in a list, one mail, one thing to mend. The fingerprint holds a cause and a place, never
//! a person.
//!
//! What an operator reads about a cause, in the console, in commands and in mails, is written in one place: [`Cause::advice`].

mod advice;
mod cause;
mod fingerprint;

pub use advice::Advice;
pub use cause::{Cause, Urgency};
pub use fingerprint::{Fingerprint, attribute_of};

use serde::{Deserialize, Serialize};

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Nobody has taken it.
    Open,
    /// Somebody works on it.
    Acknowledged,
    /// Somebody does not want to hear of it for a while.
    Snoozed,
    /// It is over. A failure of the same kind opens a new incident; or this one again, when only silence had ended it.
    Resolved,
}

impl IncidentState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Acknowledged, Self::Snoozed, Self::Resolved];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What happened to an incident: what mails are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentEventKind {
    /// The first failure of its kind.
    Opened,
    /// More failures. One such event stands for all of them until somebody takes it.
    Grew,
    /// Somebody works on it.
    Acknowledged,
    /// Somebody does not want to hear of it for a while.
    Snoozed,
    /// That while is over and it still fails.
    Woke,
    /// Its failed operations were applied again; some may have failed again.
    Retried,
    /// It was over, by half an hour's silence, and fails again: to be told about as growth, not as news.
    Reopened,
    /// It is over.
    Resolved,
}

impl IncidentEventKind {
    /// Every kind.
    pub const ALL: [Self; 8] =
        [Self::Opened, Self::Grew, Self::Acknowledged, Self::Snoozed, Self::Woke, Self::Retried, Self::Reopened, Self::Resolved];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Grew => "grew",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Woke => "woke",
            Self::Retried => "retried",
            Self::Reopened => "reopened",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Why an incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// No failure of its kind for half an hour; longer each time it comes back.
    Quiet,
    /// Every failed operation was applied when it was tried again.
    Retried,
    /// Somebody said so.
    Person,
}

impl Resolution {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Quiet, Self::Retried, Self::Person];

    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Retried => "retried",
            Self::Person => "person",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_read_back() {
        assert!(IncidentState::ALL.into_iter().all(|state| IncidentState::from_word(state.as_str()) == Some(state)));
        assert!(IncidentEventKind::ALL.into_iter().all(|kind| IncidentEventKind::from_word(kind.as_str()) == Some(kind)));
        assert!(Resolution::ALL.into_iter().all(|resolution| Resolution::from_word(resolution.as_str()) == Some(resolution)));
        assert_eq!(IncidentState::from_word("gone"), None);
    }
}
