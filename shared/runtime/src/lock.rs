//! One service process where only one may run.
//!
//! A `local` queue lives in one process: a second service beside it would answer requests the first one's workers never see. A
//! SQLite file has one writer at a time: two services would take turns waiting for it. Both are refused at the start, with the
//! reason, instead of working badly. Administrative commands do not take this lock.
//!
//! It is an advisory lock of the operating system on a file that stays: a killed process lets go of it by dying, and there is
//! no stale lock to remove by hand.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

/// Held for as long as this value lives.
#[derive(Debug)]
pub struct ServiceLock {
    // Closing the file gives the lock back.
    _file: File,
}

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another service process has it.
    #[error("another service process{} is using {guarded}: {why}. Stop it first, or give this one a place of its own", holder.as_deref().map(|who| format!(" ({who})")).unwrap_or_default())]
    Held {
        /// What the lock protects.
        guarded: String,
        /// Why only one may have it.
        why: &'static str,
        /// Who has it, as that process wrote it down.
        holder: Option<String>,
    },
    /// The file could not be made or locked.
    #[error("cannot lock {path}: {source}")]
    Io {
        /// The lock's file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ServiceLock {
    /// The lock of a data directory, for a service with a `local` queue.
    ///
    /// # Errors
    /// [`LockError::Held`] when another service has it, [`LockError::Io`] when it cannot be taken.
    pub fn data_dir(data_dir: &Path, role: &str) -> Result<Self, LockError> {
        let path = data_dir.join("muster.lock");
        Self::take(path, role, format!("the data directory {}", data_dir.display()), "a `local` queue works inside one process only")
    }

    /// The lock of a SQLite file, which lies beside it.
    ///
    /// # Errors
    /// [`LockError::Held`] when another service has it, [`LockError::Io`] when it cannot be taken.
    pub fn sqlite(file: &Path, role: &str) -> Result<Self, LockError> {
        // Two spellings of one path must meet in one lock. The file itself may be missing still, its directory may not.
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let mut path = real.into_os_string();
        path.push(".lock");
        Self::take(
            PathBuf::from(path),
            role,
            format!("the SQLite file {}", file.display()),
            "a SQLite file serves one service process; use Postgres for more",
        )
    }

    fn take(path: PathBuf, role: &str, guarded: String, why: &'static str) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What is in the file only makes the message better.
                let _ = file.read_to_string(&mut holder);
                let holder = Some(holder.trim().to_owned()).filter(|text| !text.is_empty());
                return Err(LockError::Held { guarded, why, holder });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "process {}, `muster {role}`", std::process::id()))
            .map_err(io_error)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_service_is_refused_and_told_who_is_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = ServiceLock::data_dir(dir.path(), "serve").expect("free");
        let refused = ServiceLock::data_dir(dir.path(), "serve").expect_err("taken").to_string();
        assert!(refused.contains(&format!("process {}, `muster serve`", std::process::id())), "{refused}");
        assert!(refused.contains("inside one process only"), "{refused}");
        drop(first);
        ServiceLock::data_dir(dir.path(), "serve").expect("free again");
    }

    #[cfg(unix)]
    #[test]
    fn two_spellings_of_one_sqlite_file_are_one_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("muster.db");
        fs::write(&file, "").expect("written");
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let _first = ServiceLock::sqlite(&file, "serve").expect("free");
        assert!(matches!(ServiceLock::sqlite(&link, "worker"), Err(LockError::Held { .. })));
        assert!(matches!(ServiceLock::sqlite(&dir.path().join(".").join("muster.db"), "worker"), Err(LockError::Held { .. })));
    }
}
