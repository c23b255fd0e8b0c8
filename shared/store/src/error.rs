//! What can go wrong with the database, in the few cases callers act on.

use sea_orm::{DbErr, RuntimeErr};

/// A database error, sorted by what the caller should do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was faster: a unique key was taken, a row changed or vanished between reading and writing, a deadlock was
    /// broken up. Doing the same again, on what is there now, gives an answer.
    #[error("somebody else was faster: {0}")]
    Raced(String),
    /// A row is locked by another transaction for longer than `lock_timeout`.
    #[error("a row is locked by another transaction: {0}")]
    Locked(String),
    /// What was asked for contradicts what is there, and will until somebody changes it. The text is for the operator.
    #[error("{0}")]
    Conflict(String),
    /// The database cannot be reached, is starting or stopping, or has no room for another connection.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Anything else: the statement itself was refused.
    #[error("the database refused a statement: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether waiting for the database, and nothing else, can help.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        match code(&error) {
            Some(code) => by_code(&code, text),
            // No code: the statement never reached the database, or its answer never came back.
            None => match error {
                DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(text),
                DbErr::Exec(RuntimeErr::SqlxError(ref inner)) | DbErr::Query(RuntimeErr::SqlxError(ref inner)) if is_connection(inner) => {
                    Self::Unavailable(text)
                }
                _ => Self::Other(text),
            },
        }
    }
}

/// SQLSTATE of Postgres, or the extended result code of SQLite.
fn code(error: &DbErr) -> Option<String> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => {
            inner.as_database_error().and_then(|inner| inner.code()).map(|code| code.into_owned())
        }
        _ => None,
    }
}

fn is_connection(error: &sea_orm::SqlxError) -> bool {
    use sea_orm::SqlxError as E;
    matches!(error, E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed)
}

fn by_code(code: &str, text: String) -> StoreError {
    match code {
        // unique, foreign key, serialisation failure, deadlock; SQLite: unique index, primary key, foreign key
        "23505" | "23503" | "40001" | "40P01" | "2067" | "1555" | "787" => StoreError::Raced(text),
        // lock_not_available
        "55P03" => StoreError::Locked(text),
        // SQLite busy and locked, with their extensions: another process holds the file longer than the busy timeout
        "5" | "6" | "261" | "517" | "262" => StoreError::Locked(text),
        // SQLite: I/O error, full, cannot open
        "10" | "13" | "14" => StoreError::Unavailable(text),
        // query_canceled: our own statement_timeout; 25P03: our own idle_in_transaction_session_timeout, after we were frozen
        "57014" | "25P03" => StoreError::Unavailable(text),
        // 08 connection exception, 53 insufficient resources, 57P operator intervention (shutdown, crash, starting up),
        // 25006 read-only transaction: we are talking to a standby in mid-failover
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") || code == "25006" => {
            StoreError::Unavailable(text)
        }
        _ => StoreError::Other(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_to_do() {
        assert!(matches!(by_code("23505", String::new()), StoreError::Raced(_)));
        assert!(matches!(by_code("40P01", String::new()), StoreError::Raced(_)));
        assert!(matches!(by_code("55P03", String::new()), StoreError::Locked(_)));
        assert!(matches!(by_code("57P03", String::new()), StoreError::Unavailable(_)));
        assert!(matches!(by_code("53300", String::new()), StoreError::Unavailable(_)));
        assert!(matches!(by_code("25P03", String::new()), StoreError::Unavailable(_)), "a worker that was frozen in a transaction");
        assert!(matches!(by_code("42703", String::new()), StoreError::Other(_)));
    }
}
