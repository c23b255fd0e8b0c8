//! What can go wrong, by who has to act on it.

use std::time::Duration;

/// The queue itself cannot do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueueError {
    /// The settings make no sense; nothing but a change of them helps.
    #[error("queue settings: {0}")]
    Settings(String),
    /// Redis cannot be reached, or did not answer in time.
    #[error("the queue cannot be reached: {0}")]
    Unavailable(String),
    /// Redis answered with an error.
    #[error("the queue refused: {0}")]
    Refused(String),
    /// A worker could not be stopped gracefully in time; what it held is redelivered to another.
    #[error("the worker was not drained within {0:?}; what it held is redelivered")]
    NotDrained(Duration),
}

/// A handler could not apply a message, and not for the message's fault: it is left for redelivery.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(String);

impl HandlerError {
    /// The reason, kept with the message in case it ends up set aside.
    #[must_use]
    pub fn new(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl From<String> for HandlerError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<&str> for HandlerError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// Why a call ended without an outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// More waits already, over all accounts, than the platform takes on. Certain: not enqueued.
    #[error("the platform has more to do than it takes on; retry in {retry_after:?}")]
    Overloaded {
        /// What to tell the client to wait.
        retry_after: Duration,
    },
    /// This account's share is used up while others wait too. Certain: not enqueued.
    #[error("this account has more in flight than its share; retry in {retry_after:?}")]
    AccountBusy {
        /// What to tell the client to wait.
        retry_after: Duration,
    },
    /// The queue could not be reached before the operation's deadline. Certain: not enqueued.
    #[error("the queue could not be reached: {0}")]
    Unavailable(String),
    /// It was enqueued, or may have been, and no outcome came in time. What became of it stands in the database.
    #[error("no outcome in time")]
    NoReply,
}
