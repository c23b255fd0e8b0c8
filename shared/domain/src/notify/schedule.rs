//! The mails about one incident, from its first failure to its end.

use serde::{Deserialize, Serialize};

/// How long the first mail waits for more failures of the same kind.
pub const COLLECT_MS: i64 = 60_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Where the windows begin, counted from the first mail; after the last of these, one a day.
const WINDOWS: [i64; 4] = [0, 15 * MINUTE, HOUR, 4 * HOUR];

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
}

/// What the last mail said, so that the next can tell whether there is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The window it was written in.
    pub window: u32,
    /// How many failures it counted.
    pub failures: i64,
    /// It said that the incident is over.
    pub over: bool,
}

/// How far the mails about one incident have come. Stored beside the incident, changed by every event of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailState {
    /// When the first mail is due; windows are counted from here.
    pub base_ms: i64,
    /// When the next mail is to be written; none while there is nothing to say.
    pub due_ms: Option<i64>,
    /// The failures counted by the latest event.
    pub failures: i64,
    /// What the last mail said; none before the first.
    pub told: Option<Told>,
    /// It is over.
    pub resolved: bool,
}

impl MailState {
    /// An incident that begins with a failure at this moment. One that is `immediate` waits for nothing.
    #[must_use]
    pub const fn opened(at_ms: i64, failures: i64, immediate: bool) -> Self {
        let base_ms = if immediate { at_ms } else { at_ms + COLLECT_MS };
        Self { base_ms, due_ms: Some(base_ms), failures, told: None, resolved: false }
    }

    /// Failures were counted, `failures` of them by now in all. An event that comes twice, or late, changes nothing.
    ///
    /// One that comes back after it was over is told about as growth, in the next window: a directory that fails every 40 minutes is
    /// not news every 40 minutes.
    pub fn grew(&mut self, at_ms: i64, failures: i64) {
        if failures <= self.failures {
            return;
        }
        self.failures = failures;
        self.resolved = false;
        self.due_ms = Some(match (self.due_ms, self.told) {
            // Being over was due to be told, and is not true any more.
            (Some(due), None) => due,
            (Some(due), Some(told)) if due >= window_start(self.base_ms, told.window + 1) => due,
            (None, None) => self.base_ms.max(at_ms),
            // The news of a window that has had its mail waits for the next one; in any other it waits to collect, like the first.
            (_, Some(told)) => window_start(self.base_ms, told.window.saturating_add(1)).max(at_ms + COLLECT_MS),
        });
    }

    /// It is over. That is worth a mail when the last one said otherwise.
    pub fn ended(&mut self, at_ms: i64) {
        if !self.resolved {
            self.resolved = true;
            self.due_ms = self.told.is_some_and(|told| !told.over).then_some(at_ms);
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
        Some(Due { stage, window: window_at(self.base_ms, now_ms) })
    }

    /// The mail that was due at this moment has been written.
    pub const fn wrote(&mut self, due: Due) {
        self.due_ms = None;
        self.told = Some(Told { window: due.window, failures: self.failures, over: matches!(due.stage, Stage::Resolved) });
    }

    /// The mail that was due at this moment is not wanted: somebody works on the incident, or has put it off. What is news then is told
    /// when it grows again after that, or when it is over.
    pub const fn passed_over(&mut self) {
        self.due_ms = None;
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
