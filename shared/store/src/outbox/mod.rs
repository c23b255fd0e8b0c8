//! The outbox: mails that are written, and what becomes of them.
//!
//! ```text
//! incident events ──> plan: is a mail due? which? ──┐ one transaction; one planner at a time
//! reports, tests ───────────────────────────────────┤
//!                                                   ▼
//!                         one row for each recipient, its key unique
//!                                                   ▼
//! sender: lease a recipient ──> fold, mark, send ──> what the server said
//! ```
//!
//! **A mail is a row before it is a message.** It is written in the transaction that makes true what it tells; after that, whatever
//! dies, it is there, and its key (incident, state, window) makes writing it twice impossible.
//!
//! **A recipient is leased, not a mail.** Whoever holds the lease arranges everything that waits for the recipient: caps and summaries
//! are decisions about all of it. Each mail is marked before it is handed to the server, so that nobody changes it from then on.
//!
//! **A newer mail takes the place of an older one** about the same incident that has not been sent: a server that was away for half an
//! hour, or a night, ends in one mail about each incident and not in all that would have been sent.
//!
//! **No loop.** Nothing here writes a failure or an incident: a mail that cannot be sent stays visible in its row, and that is all.

mod plan;
mod recent;
mod recipients;
mod resend;
mod send;
mod waiting;
mod weekly;
mod write;

pub use plan::plan;
pub use recent::{SentMail, prune, recent, recent_before};
pub use recipients::{NewRecipient, Recipient, Source, add, list, remove, unsubscribe};
pub use resend::resend;
pub use send::{Ending, Envelope, Lease, defer, end, lease, mark, prolong, release};
pub use waiting::{WaitingMail, due_recipients, fold, used, waiting};
pub use weekly::{is_written, week};
pub use write::{NewMail, write};

use crate::StoreError;
use muster_domain::notify::FoldReason;
use sea_orm::QueryResult;
use serde::Serialize;

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// It waits for its moment, or for the server.
    Pending,
    /// The server has taken it.
    Sent,
    /// Handed over twice, and the server never said whether it took it.
    Unconfirmed,
    /// The server refused it, or did not take it for a day.
    Failed,
    /// A newer mail about the same incident took its place.
    Superseded,
    /// It went out as a line of a summary.
    Folded,
    /// The recipient had unsubscribed, or was removed, before it was sent.
    Suppressed,
}

impl MailStatus {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Unconfirmed => "unconfirmed",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Folded => "folded",
            Self::Suppressed => "suppressed",
        }
    }

    const ALL: [Self; 7] = [Self::Pending, Self::Sent, Self::Unconfirmed, Self::Failed, Self::Superseded, Self::Folded, Self::Suppressed];

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// The stored word of a reason for holding a mail back.
const fn held_word(reason: FoldReason) -> &'static str {
    match reason {
        FoldReason::QuietHours => "quiet_hours",
        FoldReason::Outage => "outage",
        FoldReason::Cap => "cap",
    }
}

fn held(row: &QueryResult) -> Result<Option<FoldReason>, StoreError> {
    let word: Option<String> = row.try_get("", "held")?;
    Ok(word.and_then(|word| {
        [FoldReason::QuietHours, FoldReason::Outage, FoldReason::Cap].into_iter().find(|reason| held_word(*reason) == word)
    }))
}
