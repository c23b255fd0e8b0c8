//! A handler that does as it is told, and remembers what it was handed.

use crate::rig::name_of;
use muster_domain::{Outcome, OutcomeCode, Reply};
use muster_queue::{Delivery, HandlerError, OperationHandler};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// What to do with a message.
#[derive(Clone, Debug)]
pub enum Behaviour {
    Apply,
    ApplyAfter(Duration),
    /// Answers everything twice.
    ApplyTwice,
    Fail,
    Panic,
    /// Ends the whole process.
    Abort,
    Hang,
    /// Answers all but the operation of that name at once, and that one when it is told to.
    EarlyBut(&'static str, Arc<tokio::sync::Notify>),
}

/// One hand-out of one operation.
#[derive(Clone, Debug)]
pub struct Seen {
    pub name: String,
    pub attempt: u32,
    pub isolate: bool,
    /// How many operations came in the same message.
    pub together: usize,
}

type Behave = dyn Fn(&Delivery) -> Behaviour + Send + Sync;

#[derive(Clone)]
pub struct TestHandler {
    behave: Arc<Behave>,
    seen: Arc<Mutex<Vec<Seen>>>,
    set_aside: Arc<Mutex<Vec<(Seen, String)>>>,
}

impl TestHandler {
    pub fn new(behave: impl Fn(&Delivery) -> Behaviour + Send + Sync + 'static) -> Self {
        Self { behave: Arc::new(behave), seen: Arc::default(), set_aside: Arc::default() }
    }

    /// Everything that was handed out, in order.
    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().expect("nothing panics while it is held")
    }

    /// Everything that was set aside, with the reasons.
    pub fn set_aside(&self) -> Vec<(Seen, String)> {
        self.set_aside.lock().expect("nothing panics while it is held").clone()
    }

    /// The hand-outs of the operation of that name.
    pub fn attempts(&self, name: &str) -> Vec<Seen> {
        self.seen().iter().filter(|seen| seen.name == name).cloned().collect()
    }
}

fn look(delivery: &Delivery) -> Vec<Seen> {
    let together = delivery.batch.operations.len();
    let seen = |operation| Seen { name: name_of(operation).to_owned(), attempt: delivery.attempt, isolate: delivery.isolate, together };
    delivery.batch.operations.iter().map(seen).collect()
}

fn replies(delivery: &Delivery, code: OutcomeCode, status: u16) -> Vec<Reply> {
    let reply = |operation: &muster_domain::Operation| Reply { operation: operation.id, outcome: Outcome::done(code, status, None, None) };
    delivery.batch.operations.iter().map(reply).collect()
}

impl OperationHandler for TestHandler {
    async fn handle(&self, delivery: Delivery) -> Result<Vec<Reply>, HandlerError> {
        let behaviour = (self.behave)(&delivery);
        self.seen().extend(look(&delivery));
        let applied = replies(&delivery, OutcomeCode::Applied, 200);
        match behaviour {
            Behaviour::Apply => Ok(applied),
            Behaviour::ApplyAfter(pause) => {
                tokio::time::sleep(pause).await;
                Ok(applied)
            }
            Behaviour::ApplyTwice => Ok([applied.clone(), applied].concat()),
            Behaviour::Fail => Err(HandlerError::new("told to fail")),
            Behaviour::Panic => panic!("told to panic"),
            Behaviour::Abort => std::process::abort(),
            Behaviour::Hang => std::future::pending().await,
            Behaviour::EarlyBut(name, told) => {
                let slow = delivery.batch.operations.iter().find(|operation| name_of(operation) == name).map(|operation| operation.id);
                let (last, early) = applied.into_iter().partition(|reply| Some(reply.operation) == slow);
                delivery.early.send(early);
                if slow.is_some() {
                    told.notified().await;
                }
                Ok(last)
            }
        }
    }

    async fn set_aside(&self, delivery: Delivery, reason: String) -> Vec<Reply> {
        let seen = look(&delivery).into_iter().map(|seen| (seen, reason.clone()));
        self.set_aside.lock().expect("nothing panics while it is held").extend(seen);
        replies(&delivery, OutcomeCode::SetAside, 500)
    }
}
