//! What a conversion does at present, and when it will be done: what its worker has put down, and what follows from it.

use super::{CodeCount, Conversion, Event, Item, TargetProgress, counts, events, examples, forms, rows_left, targets};
use crate::{Store, StoreError, conversion_probe, now_ms};
use jiff::Timestamp;
use muster_domain::conversion::{
    Code, Forms, Kind, Phase, State,
    eta::{self, Eta},
    pace::{Orders, PaceStatus},
    window::Zone,
};
use serde_json::{Value, json};

/// What was put down longer ago is of a worker that has ended, milliseconds.
const FRESH_MS: i64 = 10_000;
/// How many users of each reason a report names.
const EXAMPLES: i64 = 20;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// What its worker said of its pace; none when no worker has it in hand.
    pub pace: Option<PaceStatus>,
    /// When it will be done; none for what is not started or is over, and for what nobody can know.
    pub eta: Option<Eta>,
    /// In which form users were asked for lately.
    pub forms: Forms,
    zone: Zone,
}

impl Outlook {
    /// Asks what the run's worker has put down, and gateways have counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(store: &Store, run: &Conversion) -> Result<Self, StoreError> {
        let forms = forms(store, run, now_ms()).await?;
        Ok(Self { forms, ..Self::without_forms(store, run).await? })
    }

    /// The same without the form in which users were asked for: what is worth asking every second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn without_forms(store: &Store, run: &Conversion) -> Result<Self, StoreError> {
        let now = now_ms();
        if !matches!(run.state, State::Planning | State::Running | State::Paused) {
            return Ok(Self::default());
        }
        let orders: Orders = serde_json::from_value(run.pace.clone()).unwrap_or_default();
        let pace = if run.state.is_worked_on() { conversion_probe::status(store, run.account).await? } else { None };
        let pace = pace.and_then(|(pace, at)| (now - at <= FRESH_MS).then_some(pace));
        let eta = remaining(store, run).await?.map(|remaining| {
            let rates = pace.as_ref().map_or((0.0, 0.0), |pace| pace.rate_range);
            let paused = run.state == State::Paused || orders.paused;
            let (windows, ignore_windows_until) = (&orders.windows, orders.ignore_windows_until);
            eta::Outlook { remaining, rates, paused, windows, ignore_windows_until }.eta(Timestamp::now())
        });
        Ok(Self { pace, eta, forms: Forms::default(), zone: orders.windows.zone().clone() })
    }

    /// When it will be done, by the account's clock.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        self.eta.as_ref().map(|eta| eta.text(&self.zone))
    }

    /// The same, where there is a time to be told.
    #[must_use]
    pub fn time(&self) -> Option<String> {
        self.eta.as_ref().filter(|eta| matches!(eta, Eta::Between { .. })).map(|eta| eta.text(&self.zone))
    }

    /// The run with its progress, its pace and its end, as commands and API show it.
    #[must_use]
    pub fn document(&self, run: &Conversion, account_slug: &str) -> Value {
        let (done, of) = run.position();
        let mut document = json!(run);
        document["account"] = json!(account_slug);
        document["progress"] = json!({ "phase": run.phase, "done": done, "of": of });
        document["throttle"] = json!(self.pace);
        document["eta"] = json!(self.eta);
        document["forms"] = json!(self.forms);
        if let Some(text) = self.end() {
            document["eta"]["text"] = json!(text);
        }
        document
    }
}

/// What became of whom.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many, by state and reason.
    pub counts: Vec<CodeCount>,
    /// The first of each reason.
    pub examples: Vec<(Code, Vec<Item>)>,
    /// Columns of the platform.
    pub columns: Vec<TargetProgress>,
    /// What happened when.
    pub events: Vec<Event>,
}

impl Report {
    /// Reads it: the whole plan, a slice at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(store: &Store, run: &Conversion) -> Result<Self, StoreError> {
        let counts = counts(store, run.account, run.journal(), run.users_n, run.total).await?;
        let mut first: Vec<(Code, Vec<Item>)> = Vec::new();
        for code in Code::ALL.iter().filter(|code| counts.iter().any(|one| one.code == **code)) {
            first.push((*code, examples(store, run.account, run.journal(), *code, EXAMPLES).await?));
        }
        let columns = targets(store, run.account, run.id).await?;
        let events = events(store, run.account, run.id).await?;
        Ok(Self { counts, examples: first, columns, events })
    }

    /// Adds it to the run's document.
    pub fn add_to(&self, document: &mut Value) {
        document["counts"] = json!(self.counts);
        document["examples"] = self.examples.iter().map(|(code, items)| (code.to_string(), json!(items))).collect();
        document["columns"] = json!(self.columns);
        document["events"] = json!(self.events);
    }
}

impl Conversion {
    /// How far the phase is, and of how much.
    #[must_use]
    pub fn position(&self) -> (i64, i64) {
        match (self.kind, self.phase) {
            (Kind::Undo, Phase::Ordered | Phase::Users | Phase::Sweep) => (self.converted, self.planned),
            (_, Phase::Users) => (self.users_n, self.total),
            // It goes through all items twice.
            (_, Phase::Contest) => (self.walk_n / 2, self.total),
            (_, Phase::Read | Phase::Aliases | Phase::Verify) => (self.walk_n, self.total.max(self.walk_n)),
            (_, Phase::Ordered | Phase::Sweep | Phase::References) => (self.converted, self.planned),
            (_, Phase::Ready | Phase::Done) => (self.total, self.total),
        }
    }
}

/// How many rows a run that was started still has before it, as the pace counts them: users, and about as many rows of the platform's
/// columns as their walks have still to read. None for what is not started, or over.
///
/// # Errors
/// When the database fails.
pub async fn remaining(store: &Store, run: &Conversion) -> Result<Option<u64>, StoreError> {
    match users_left(run) {
        None => Ok(None),
        Some(users) => Ok(u64::try_from(users.saturating_add(rows_left(store, run.account, run.id).await?)).ok()),
    }
}

fn users_left(run: &Conversion) -> Option<i64> {
    let of = |whole: i64, done: i64| (whole - done).max(0);
    Some(match (run.kind, run.phase) {
        (_, Phase::Read | Phase::Contest | Phase::Ready | Phase::Done) => return None,
        (Kind::Convert, Phase::References) => 0,
        (Kind::Undo, Phase::References) => run.total,
        (_, Phase::Verify) => of(run.total, run.walk_n) / 10,
        (Kind::Convert, Phase::Aliases) => of(run.total, run.walk_n) + run.total,
        (Kind::Convert, Phase::Users) => of(run.total, run.users_n),
        (Kind::Convert, Phase::Ordered | Phase::Sweep) => of(run.planned, run.converted),
        (Kind::Undo, Phase::Ordered | Phase::Users | Phase::Sweep) => of(run.planned, run.converted) + run.planned,
        (Kind::Undo, Phase::Aliases) => of(run.total, run.walk_n),
    })
}
