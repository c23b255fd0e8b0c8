//! What a mail says, as facts: written down when the mail becomes due, turned into text when it is sent.
//!
//! Facts are stored, text is not: a mail that waits through the night or for a server can be folded into another, and every attempt to
//! send it renders the same text from the same facts. Users in it are masked already
//! ([`mask`](fn@crate::mask)).

use super::Stage;
use crate::incident::Resolution;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum Content {
    /// An incident.
    Incident(IncidentMail),
    /// A conversion of user ids.
    Conversion(ConversionReport),
    /// The week.
    Weekly(Weekly),
    /// Mails that were held back.
    Folded(Folded),
    /// Nothing but that mail arrives.
    Test(TestMail),
}

/// An incident, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentMail {
    /// The incident.
    pub incident: Uuid,
    /// Its name for people, such as `#482`.
    pub reference: String,
    /// What it is called; the same in every mail about it.
    pub title: String,
    /// Which mail about it this is.
    pub stage: Stage,
    /// It could not wait.
    pub immediate: bool,
    /// Failures so far.
    pub failures: u64,
    /// Those since the mail before.
    pub new_failures: u64,
    /// The users or groups they are about.
    pub affected: u64,
    /// What these are: `User` or `Group`; none when the failures are about neither.
    pub resource_type: Option<String>,
    /// The attribute that stands in the way, when the errors name one.
    #[serde(default)]
    pub attribute: Option<String>,
    /// When the first one happened, milliseconds since 1970.
    pub first_ms: i64,
    /// When the latest one happened, milliseconds since 1970.
    pub last_ms: i64,
    /// The latest few.
    pub items: Vec<Item>,
    /// Why it happens, in a sentence or two.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Why it is over, when it is.
    pub resolution: Option<Resolution>,
}

/// One failed thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The user or group, masked.
    pub who: String,
    /// What went wrong with it.
    pub what: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// What has become of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionState {
    /// It has been started.
    Started,
    /// Every user is converted, or needed no conversion.
    Completed,
    /// Done, but some users could not be converted.
    CompletedWithSkips,
    /// Stopped by its guard until somebody resumes it.
    Paused,
    /// The same, because of an error.
    Failed,
    /// Cancelled by a person.
    Cancelled,
    /// What a conversion did is being taken back.
    UndoStarted,
    /// Taken back.
    Undone,
}

/// The report of a conversion of user ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversionReport {
    /// The conversion.
    pub conversion: Uuid,
    /// What has become of it.
    pub state: ConversionState,
    /// Users it is about.
    pub total: u64,
    /// Users whose id is their e-mail now.
    pub converted: u64,
    /// Users who needed no conversion.
    pub unchanged: u64,
    /// Users who could not be converted.
    pub skipped: u64,
    /// When it began, milliseconds since 1970.
    pub started_ms: i64,
    /// When it came to this state, milliseconds since 1970.
    pub ended_ms: i64,
    /// Why it stopped, when it did.
    pub reason: Option<String>,
    /// A few of those who could not be converted.
    pub items: Vec<Item>,
}

/// A week of provisioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// The week, such as `2026-W48`.
    pub week: String,
    /// Its first millisecond.
    pub from_ms: i64,
    /// The first millisecond after it.
    pub to_ms: i64,
    /// Resources made.
    pub created: u64,
    /// Resources changed.
    pub changed: u64,
    /// Resources deleted.
    pub deleted: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Incidents that began in it.
    pub opened: u64,
    /// Incidents that ended in it.
    pub resolved: u64,
    /// Those that are open now, the largest first.
    pub open: Vec<WeeklyIncident>,
}

/// An open incident in the summary of a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyIncident {
    /// The incident.
    pub incident: Uuid,
    /// Its name for people.
    pub reference: String,
    /// What it is called.
    pub title: String,
    /// Failures so far.
    pub failures: u64,
}

/// Why mails were held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldReason {
    /// They came during the recipient's quiet hours.
    QuietHours,
    /// The mail server was away.
    Outage,
    /// There were more than anybody should get.
    Cap,
}

/// Several mails in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// Why.
    pub reason: FoldReason,
    /// How many mails it stands for.
    pub count: u64,
    /// What they would have been, the most recent first; not all of them when there are very many.
    pub lines: Vec<FoldedLine>,
}

/// A mail that was held back, in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldedLine {
    /// Its subject, without the name of the account.
    pub subject: String,
    /// The incident it is about, if it is about one.
    pub incident: Option<Uuid>,
    /// When it was due, milliseconds since 1970.
    pub at_ms: i64,
}

/// A test somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMail {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl Content {
    /// The incident it is about, if it is about one.
    #[must_use]
    pub const fn incident(&self) -> Option<Uuid> {
        match self {
            Self::Incident(mail) => Some(mail.incident),
            _ => None,
        }
    }
}
