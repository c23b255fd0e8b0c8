//! What passes between the run of a conversion and the throttle that decides how fast it may go.
//!
//! The run does not know why it goes slowly, and the throttle does not know what a row is. Before each chunk the run is told to do so
//! many rows, or to wait and why ([`Step`]); after it, it says how that went ([`ChunkReport`]). What lies between a [`Step::Go`] and the
//! report after it is *during a chunk*, and all other time is *between chunks*: this is the difference the throttle steers on, so
//! nothing else may be done in between.

use super::{throttle::Preset, window::Windows};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// What a chunk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// It changes what people use: only inside the windows, and only once it is known what the database is like without us.
    Change,
    /// It reads, and writes tables of its own (the plan, the verification): a row costs a fraction, and the windows do not matter,
    /// because whoever asks for a plan wants to see it now.
    Look,
}

impl Errand {
    /// How many rows of this errand weigh as much as one that is changed.
    #[must_use]
    pub const fn rows_for_one(self) -> u32 {
        match self {
            Self::Change => 1,
            Self::Look => 10,
        }
    }
}

/// What the run should do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One chunk, now.
    Go {
        /// The most rows it may look at; at least 1.
        rows: u32,
    },
    /// Nothing for this long, then ask again: the pause that makes the rate. Seldom longer than a second; not worth telling anyone.
    Rest(Duration),
    /// Nothing, for a reason people should know.
    Wait(Waiting),
    /// Nothing until a person has looked: the run should pause itself and tell its operators. It did harm even at its slowest.
    Halt(Waiting),
}

/// Why nothing happens at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The reason, for programs and columns.
    pub reason: WaitReason,
    /// The reason in one line, for people: what was measured, and what ends the wait.
    pub text: String,
    /// How long to wait before asking again.
    #[serde(rename = "ask_again_ms", with = "millis")]
    pub ask_again: Duration,
    /// When it will go on, where that is known (the next window). None: when something changes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Timestamp>,
}

/// Why a conversion waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// Somebody paused it.
    Paused,
    /// No window is open.
    Window,
    /// Operations of directories wait to be applied; they always go first.
    ProvisioningBacklog,
    /// Somebody waits for a lock that the conversion holds.
    BlockedByUs,
    /// A replica is behind.
    ReplicaLag,
    /// Write-ahead log is written too fast, or is not archived or taken by its readers fast enough.
    WalRate,
    /// A transaction is open for so long that dead rows cannot be cleared away.
    OldTransaction,
    /// Queries got slower while the conversion worked.
    Latency,
    /// The database does not answer the questions above.
    Blind,
}

impl WaitReason {
    /// Every reason, the one that outranks the others first: what is shown when several hold.
    pub const ALL: [Self; 9] = [
        Self::Paused,
        Self::Window,
        Self::ProvisioningBacklog,
        Self::BlockedByUs,
        Self::ReplicaLag,
        Self::WalRate,
        Self::OldTransaction,
        Self::Latency,
        Self::Blind,
    ];

    /// The word stored in columns and shown in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Window => "window",
            Self::ProvisioningBacklog => "provisioning_backlog",
            Self::BlockedByUs => "blocked_by_us",
            Self::ReplicaLag => "replica_lag",
            Self::WalRate => "wal_rate",
            Self::OldTransaction => "old_transaction",
            Self::Latency => "latency",
            Self::Blind => "blind",
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How one chunk went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkReport {
    /// Rows it looked at, whether or not each of them changed; of an errand that only looks, divided by its weight.
    pub rows: u32,
    /// From BEGIN to the end of COMMIT.
    pub took: Duration,
    /// How it ended.
    pub end: ChunkEnd,
}

/// How a chunk ended, as far as the pace cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChunkEnd {
    /// It was committed, or had nothing to do.
    #[default]
    Committed,
    /// A statement took longer than its timeout, or waited for a lock longer than its timeout: chunks are too large.
    TimedOut,
    /// It failed for another reason, or was given up.
    Failed,
}

/// What people asked for. Stored with the run; read again before every chunk, so that a change holds at once.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// How much of the database it may take.
    pub preset: Preset,
    /// The most rows per second, whatever the preset would allow. It may be more than that: who sets a number means it. 0 is read as
    /// 1, because a conversion that should not go on is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_per_second: Option<u32>,
    /// When it may run.
    #[serde(skip_serializing_if = "Windows::is_any_time")]
    pub windows: Windows,
    /// Nothing happens until it is taken back.
    pub paused: bool,
    /// Until then, windows do not matter; everything else does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_windows_until: Option<Timestamp>,
}

impl Orders {
    /// The most rows per second that hold; none for as many as there can be.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        self.rows_per_second.or(self.preset.max_rows_per_second()).map(|rows| f64::from(rows.max(1)))
    }
}

/// Where the pace stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceStatus {
    /// Rows per second that are allowed at present. None: as fast as it goes.
    pub allowed: Option<f64>,
    /// Rows per second lately, of the time in which it was allowed to work; 0 before anything was done.
    pub rate: f64,
    /// The slow and the fast end of that over the last ten minutes: what an estimate of the end is made of. Waits count in it, except
    /// for windows and pauses, which the estimate knows by itself.
    pub rate_range: (f64, f64),
    /// p99 of the canary query during chunks, milliseconds. None: too few samples.
    pub during_p99_ms: Option<f64>,
    /// p99 of the canary query between chunks, milliseconds. None: too few samples.
    pub between_p99_ms: Option<f64>,
    /// Why it waits, if it does.
    pub waiting: Option<Waiting>,
    /// All of it in one line, for people.
    pub text: String,
}

/// Durations as whole milliseconds, as everywhere else.
mod millis {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_millis(u64::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_stored_by_the_word_they_are_shown_by() {
        for reason in WaitReason::ALL {
            assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
        }
    }

    #[test]
    fn orders_have_defaults_and_name_what_they_do_not_know() {
        let orders: Orders = serde_json::from_str("{}").expect("nothing asked for");
        assert_eq!(orders, Orders::default());
        let orders: Orders = serde_json::from_str(r#"{"preset":"fast","rows_per_second":500,"paused":true}"#).expect("orders");
        assert!(orders.paused && orders.limit() == Some(500.0));
        let error = serde_json::from_str::<Orders>(r#"{"pause":true}"#).expect_err("a typing error");
        assert!(error.to_string().contains("pause"), "{error}");
    }

    #[test]
    fn a_limit_set_by_hand_holds_over_the_preset() {
        let limit = |preset, rows_per_second| Orders { preset, rows_per_second, ..Orders::default() }.limit();
        assert_eq!(limit(Preset::Gentle, None), Some(1_000.0));
        assert_eq!(limit(Preset::Fast, None), None);
        assert_eq!(limit(Preset::Fast, Some(300)), Some(300.0));
        assert_eq!(limit(Preset::Gentle, Some(4_000)), Some(4_000.0));
        assert_eq!(limit(Preset::Normal, Some(0)), Some(1.0));
    }

    #[test]
    fn waiting_reads_back() {
        let waiting = Waiting { reason: WaitReason::Window, text: "closed".into(), ask_again: Duration::from_secs(30), until: None };
        let json = serde_json::to_value(&waiting).expect("JSON");
        assert_eq!(json["ask_again_ms"], 30_000);
        assert_eq!(serde_json::from_value::<Waiting>(json).expect("read back"), waiting);
    }
}
