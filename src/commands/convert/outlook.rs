//! What a conversion does at present, and when it will be done: what its worker has put down, and what follows from it.

use crate::exit::Failure;
use jiff::Timestamp;
use muster_domain::conversion::{
    Kind, Phase, State,
    eta::{self, Eta},
    pace::{Orders, PaceStatus},
    window::Zone,
};
use muster_store::{Store, conversion::Conversion, conversion_probe, now_ms};

/// What was put down longer ago is of a worker that has ended, milliseconds.
const FRESH_MS: i64 = 10_000;

/// See the module.
#[derive(Default)]
pub struct Outlook {
    /// What its worker said of its pace; none when no worker has it in hand.
    pub pace: Option<PaceStatus>,
    /// When it will be done; none for what is not started or is over, and for what nobody can know.
    pub eta: Option<Eta>,
    zone: Zone,
}

impl Outlook {
    pub async fn of(store: &Store, run: &Conversion) -> Result<Self, Failure> {
        if !matches!(run.state, State::Planning | State::Running | State::Paused) {
            return Ok(Self::default());
        }
        let orders: Orders = serde_json::from_value(run.pace.clone()).unwrap_or_default();
        let now = now_ms();
        let pace = if run.state.is_worked_on() { conversion_probe::status(store, run.account).await? } else { None };
        let pace = pace.and_then(|(pace, at)| (now - at <= FRESH_MS).then_some(pace));
        let eta = remaining(run).map(|remaining| {
            let rates = pace.as_ref().map_or((0.0, 0.0), |pace| pace.rate_range);
            let paused = run.state == State::Paused || orders.paused;
            let (windows, ignore_windows_until) = (&orders.windows, orders.ignore_windows_until);
            eta::Outlook { remaining, rates, paused, windows, ignore_windows_until }.eta(Timestamp::now())
        });
        Ok(Self { pace, eta, zone: orders.windows.zone().clone() })
    }

    /// When it will be done, by the account's clock.
    pub fn end(&self) -> Option<String> {
        self.eta.as_ref().map(|eta| eta.text(&self.zone))
    }

    /// The same, where there is a time to be told.
    pub fn time(&self) -> Option<String> {
        self.eta.as_ref().filter(|eta| matches!(eta, Eta::Between { .. })).map(|eta| eta.text(&self.zone))
    }
}

/// How many rows a run that was started still has before it, as the pace counts them. Columns of the platform are not in it: nobody
/// knows how many rows of theirs change before they are read.
fn remaining(run: &Conversion) -> Option<u64> {
    let of = |whole: i64, done: i64| (whole - done).max(0);
    let rows = match (run.kind, run.phase) {
        (_, Phase::Read | Phase::Contest | Phase::Ready | Phase::References | Phase::Done) => return None,
        (_, Phase::Verify) => of(run.total, run.walk_n) / 10,
        (Kind::Convert, Phase::Aliases) => of(run.total, run.walk_n) + run.total,
        (Kind::Convert, Phase::Users) => of(run.total, run.users_n),
        (Kind::Convert, Phase::Ordered | Phase::Sweep) => of(run.planned, run.converted),
        (Kind::Undo, Phase::Ordered | Phase::Users | Phase::Sweep) => of(run.planned, run.converted) + run.planned,
        (Kind::Undo, Phase::Aliases) => of(run.total, run.walk_n),
    };
    u64::try_from(rows).ok()
}
