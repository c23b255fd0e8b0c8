//! Which mail it is, as text: what makes writing it twice impossible.

use super::schedule::Due;
use crate::AccountId;
use std::fmt;
use uuid::Uuid;

/// The identity of a mail within its account, before it is addressed to anybody. Unique in the database together with the
/// recipient, and the left part of the `Message-ID`, so a mail that is sent again is recognised by the reader's mail program as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MailKey(String);

/// The mails that belong together: all about one incident, or all reports of one conversion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thread(String);

impl MailKey {
    /// About an incident: one for each state and window.
    #[must_use]
    pub fn incident(incident: Uuid, due: Due) -> Self {
        Self(format!("inc-{}.{}.{}", incident.simple(), due.stage.as_str(), due.window))
    }

    /// About a conversion: one for each thing that happens to it.
    #[must_use]
    pub fn conversion(event: Uuid) -> Self {
        Self(format!("conv-{}", event.simple()))
    }

    /// The summary of a week, such as `2026-W48`.
    #[must_use]
    pub fn weekly(account: AccountId, week: &str) -> Self {
        Self(format!("week-{}.{}", account.0.simple(), plain(week)))
    }

    /// What stands for several mails that were held back, named after the first of them.
    #[must_use]
    pub fn folded(first: Uuid) -> Self {
        Self(format!("held-{}", first.simple()))
    }

    /// A test somebody asked for.
    #[must_use]
    pub fn test(request: Uuid) -> Self {
        Self(format!("test-{}", request.simple()))
    }

    /// A mail somebody asked for once more: another one to mail programs, so that it is not taken for the first.
    #[must_use]
    pub fn again(request: Uuid) -> Self {
        Self(format!("again-{}", request.simple()))
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Thread {
    /// The mails about one incident.
    #[must_use]
    pub fn incident(incident: Uuid) -> Self {
        Self(format!("inc-{}.0", incident.simple()))
    }

    /// The reports of one conversion.
    #[must_use]
    pub fn conversion(conversion: Uuid) -> Self {
        Self(format!("conv-{}.0", conversion.simple()))
    }

    /// The thread as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys become part of a header: letters, digits and hyphens only.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect()
}
