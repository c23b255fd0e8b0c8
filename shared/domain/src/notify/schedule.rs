//! The mails about one incident, from its first failure to its end.

use serde::{Deserialize, Serialize};

/// How long the first mail waits for more failures of the same kind.
pub const COLLECT_MS: i64 = 60_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Where the windows begin, counted from the first mail; after the last of these, one a day.
const WINDOWS: [i64; 4] = [0, 15 * MINUTE, HOUR, 4 * HOUR];

/// Whether a mail may wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// It waits a minute to collect, and for the end of quiet hours.
    #[default]
    Usual,
    /// It waits for nothing: a voided key in use, a protected user touched, no worker left, a conversion stopped by its guard.
    Immediate,
}

/// What an operator asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// Nothing: mails come as they are due.
    #[default]
    None,
    /// "I know": no digests any more, only the mail that it is over.
    Acknowledged,
    /// No mail before this moment.
    SnoozedUntil(i64),
}

/// Which mail about an incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The first one.
    Failed,
    /// It goes on, and there is news.
    Digest,
    /// It is over.
    Resolved,
}

impl Stage {
    /// The word in keys and headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Digest => "digest",
            Self::Resolved => "resolved",
        }
    }
}

/// A mail that is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which one.
    pub stage: Stage,
    /// The window it belongs to; at most one mail is written in each.
    pub window: u32,
    /// The episode of the incident, counted from 0: it begins again when a failure follows the end.
    pub episode: u32,
}

/// What the last mail said, so that the next can tell whether there is news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The window it was written in.
    pub window: u32,
    /// How many failures it counted.
    pub count: u64,
    /// The cause it named.
    pub cause: String,
}

/// How far the mails about one incident have come. Stored beside the incident, changed by every report of failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailState {
    /// Counts how often it began again after its end.
    pub episode: u32,
    /// When the first mail of this episode is due; windows are counted from here.
    pub base_ms: i64,
    /// When the next mail is to be written; none while there is nothing to say.
    pub due_ms: Option<i64>,
    /// The failures counted by the latest report.
    pub count: u64,
    /// The cause named by the latest report.
    pub cause: String,
    /// What the last mail of this episode said; none before the first.
    pub told: Option<Told>,
    /// It is over.
    pub resolved: bool,
}

impl MailState {
    /// An incident that begins with a failure at this moment.
    #[must_use]
    pub fn opened(at_ms: i64, count: u64, cause: &str, urgency: Urgency) -> Self {
        let base_ms = first_due(at_ms, urgency);
        Self { episode: 0, base_ms, due_ms: Some(base_ms), count, cause: cause.to_owned(), told: None, resolved: false }
    }

    /// Failures were counted, `count` of them by now in all. A report that arrives twice, or late, changes nothing.
    pub fn reported(&mut self, at_ms: i64, count: u64, cause: &str, urgency: Urgency) {
        let news = count > self.count || cause != self.cause;
        if !news {
            return;
        }
        self.count = self.count.max(count);
        cause.clone_into(&mut self.cause);
        if self.resolved {
            self.episode += 1;
            self.base_ms = first_due(at_ms, urgency);
            self.due_ms = Some(self.base_ms);
            self.told = None;
            self.resolved = false;
            return;
        }
        if self.due_ms.is_some() {
            return;
        }
        // The news of a window that has had its mail waits for the next one; in any other it waits to collect, like the first.
        let next = self.told.as_ref().map_or(self.base_ms, |told| window_start(self.base_ms, told.window + 1));
        self.due_ms = Some(next.max(at_ms + COLLECT_MS));
    }

    /// It is over. That is worth a mail when there was one about it.
    pub fn ended(&mut self, at_ms: i64) {
        if !self.resolved {
            self.resolved = true;
            self.due_ms = self.told.is_some().then_some(at_ms);
        }
    }

    /// The mail that is due at this moment, if one is.
    #[must_use]
    pub fn due(&self, now_ms: i64, hold: Hold) -> Option<Due> {
        if now_ms < self.due_ms? {
            return None;
        }
        let stage = match (self.resolved, &self.told) {
            (true, _) => Stage::Resolved,
            (false, None) => Stage::Failed,
            (false, Some(_)) => Stage::Digest,
        };
        match hold {
            Hold::SnoozedUntil(until) if now_ms < until && stage != Stage::Resolved => return None,
            Hold::Acknowledged if stage == Stage::Digest => return None,
            _ => {}
        }
        Some(Due { stage, window: window_at(self.base_ms, now_ms), episode: self.episode })
    }

    /// The mail that was due at this moment has been written.
    pub fn wrote(&mut self, due: Due) {
        self.due_ms = None;
        self.told = Some(Told { window: due.window, count: self.count, cause: self.cause.clone() });
    }
}

const fn first_due(at_ms: i64, urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Usual => at_ms + COLLECT_MS,
        Urgency::Immediate => at_ms,
    }
}

/// When this window begins, for an incident whose first mail is due at `base_ms`.
#[must_use]
pub fn window_start(base_ms: i64, window: u32) -> i64 {
    let last = WINDOWS.len() - 1;
    let window = window as usize;
    match WINDOWS.get(window) {
        Some(offset) => base_ms.saturating_add(*offset),
        None => {
            let days = i64::try_from(window - last).unwrap_or(i64::MAX);
            base_ms.saturating_add(WINDOWS[last]).saturating_add(days.saturating_mul(DAY))
        }
    }
}

/// The window this moment is in; the first when it is before all of them.
#[must_use]
pub fn window_at(base_ms: i64, now_ms: i64) -> u32 {
    let since = now_ms.saturating_sub(base_ms);
    let last = WINDOWS.len() - 1;
    if since >= WINDOWS[last] {
        return u32::try_from((since - WINDOWS[last]) / DAY).unwrap_or(u32::MAX - 8) + 3;
    }
    u32::try_from(WINDOWS.iter().rposition(|offset| since >= *offset).unwrap_or(0)).unwrap_or(0)
}
