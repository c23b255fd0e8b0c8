//! Exit codes, and failures that know theirs. The codes are a contract (docs/OPERATIONS.md lists them).

use muster_queue::QueueError;
use muster_runtime::{ConfigErrors, LockError};
use muster_store::StoreError;
use std::{fmt, process::ExitCode};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something nobody expected.
    Unexpected = 1,
    /// The command cannot be understood, or what it was given to read.
    Usage = 2,
    /// The configuration cannot be used.
    Configuration = 3,
    /// The database or the queue cannot be reached.
    Dependency = 4,
    /// What the command names does not exist.
    NotFound = 5,
    /// It contradicts what is there.
    Conflict = 6,
    /// Some of it was done, or done with a warning.
    Partial = 7,
    /// A guard refused it.
    Refused = 8,
    /// Stopped by a signal before everything was finished.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work: what to tell, and how to exit.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to print on stderr.
    pub message: String,
}

/// What commands return.
pub type CommandResult = Result<Exit, Failure>;

impl Failure {
    /// A failure with this code.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// An error of the operating system while doing something.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::new(Exit::Unexpected, format!("{what}: {error}"))
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::new(Exit::Configuration, errors)
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let exit = if matches!(error, LockError::Held { .. }) { Exit::Refused } else { Exit::Unexpected };
        Self::new(exit, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Conflict(_) | StoreError::Raced(_) | StoreError::Locked(_) => Exit::Conflict,
            StoreError::Unavailable(_) => Exit::Dependency,
            StoreError::Other(_) => Exit::Unexpected,
        };
        Self::new(exit, error)
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let exit = match &error {
            QueueError::Settings(_) => Exit::Configuration,
            QueueError::Unavailable(_) | QueueError::Refused(_) => Exit::Dependency,
            QueueError::NotDrained(_) => Exit::Terminated,
        };
        Self::new(exit, error)
    }
}
