//! When a mail is due, and which mail it is: the rules, without a clock, a database or a mail server.
//!
//! **The unit is the incident.** [`MailState`] follows one incident: its first mail waits a minute to collect, later ones (digests)
//! come at growing intervals and only when there is news, and one more tells that it is over. Intervals are *windows* counted from
//! the first mail, so that everybody who asks "which window is this?" gets one answer; [`MailKey`] is that answer as text, unique in
//! the database, and therefore the same mail is never written twice, however often it is asked for.
//!
//! **Then the recipient.** [`QuietHours`] hold what can wait until the morning, [`arrange`](fn@arrange) keeps within [`Caps`] and folds what does
//! not fit into one mail that says so. What cannot wait
//! ([`Urgency::Immediate`](crate::incident::Urgency)) is held by neither collection nor quiet hours.
//!
//! **Then the server.** [`retry_at`] says when to try again after it said "not now".
//!
//! All times are milliseconds since 1970 and come in as arguments.

mod address;
mod arrange;
mod backoff;
mod content;
pub mod csv;
mod key;
mod quiet;
mod schedule;
mod token;
mod weekly;

pub use address::{MailAddress, NotAnAddress};
pub use arrange::{Arrangement, Caps, Used, Waiting, arrange};
pub use backoff::{GIVE_UP_AFTER_MS, retry_at};
pub use content::{
    Content, ConversionReport, ConversionState, FoldReason, Folded, FoldedLine, IncidentMail, Item, TestMail, Weekly, WeeklyIncident,
};
pub use key::{MailKey, Thread};
pub use quiet::{BadQuietHours, QuietHours};
pub use schedule::{COLLECT_MS, Due, Hold, MailState, Stage, Told, window_at, window_start};
pub use token::unsubscribe_token;
pub use weekly::week_of;

#[cfg(test)]
mod tests;
