//! Transactions at a steady rate, whether or not the ones before were answered: users do not wait for each other.

use super::database::{Database, Kind};
use crate::record::Record;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::AbortHandle;

/// The load, until it is dropped.
#[derive(Debug)]
pub struct Load {
    record: Arc<Mutex<Record>>,
    sender: AbortHandle,
}

impl Load {
    /// Starts sending.
    #[must_use]
    pub fn start(database: Database, rate: u32) -> Self {
        let record = Arc::new(Mutex::new(Record::default()));
        let sender = tokio::spawn(send(database, rate.max(1), Arc::clone(&record))).abort_handle();
        Self { record, sender }
    }

    /// What was answered since this was called last.
    pub fn take(&self) -> Record {
        std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.sender.abort();
    }
}

async fn send(database: Database, rate: u32, record: Arc<Mutex<Record>>) {
    let mut rng = fastrand::Rng::with_seed(1);
    let mean = Duration::from_secs(1) / rate;
    let mut due = Instant::now();
    loop {
        // At random moments, as people come: evenly spaced ones would fall into step with what is measured.
        due += mean.mul_f64(-(1.0 - rng.f64()).ln());
        tokio::time::sleep_until(tokio::time::Instant::from_std(due)).await;
        let kind = match rng.u32(0..6) {
            0..3 => Kind::LookUp,
            3..5 => Kind::Profile,
            _ => Kind::Child,
        };
        let (database, record, number) = (database.clone(), Arc::clone(&record), rng.usize(..));
        tokio::spawn(async move {
            let answer = database.transact(kind, number).await;
            let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(()) => record.ok(name(kind), due),
                Err(error) => record.unexpected(name(kind), error),
            }
        });
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::LookUp => "look-up",
        Kind::Profile => "profile",
        Kind::Child => "child",
    }
}
