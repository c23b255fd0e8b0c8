//! The audit log: who did what to whom, in the console or by a command.
//!
//! It takes new entries and nothing else: the database refuses to change or delete one. Each entry holds a hash over itself and the hash
//! of the entry before it, so whoever gets around that changes every hash after it; [`verify`] finds the first that is wrong. Entries
//! cut off at the end leave no trace in what is left, which is why [`verify`] names the last entry and its hash: kept elsewhere, they
//! prove that it is still there.

use crate::{Store, StoreError, WriteTransaction, now_ms};
use muster_domain::{AccountId, UserId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who did it; none for a command, and for somebody who is nobody yet.
    pub actor: Option<UserId>,
    /// The user id then, or `command`.
    pub actor_name: String,
    /// What was done, as `noun.verb`: `secret_key.generated`.
    pub action: &'static str,
    /// To whom or what.
    pub target: String,
    /// What else there is to know; no secrets.
    pub detail: String,
    /// The address it was done from.
    pub peer: String,
}

impl Entry {
    /// What somebody did with a command.
    #[must_use]
    pub fn by_command(action: &'static str, target: impl Into<String>, detail: impl Into<String>) -> Self {
        Author::command().entry(action, target, detail)
    }
}

/// Who acts, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The user; none for a command.
    pub user: Option<UserId>,
    /// The user id then, or `command`.
    pub name: String,
    /// The address it is done from.
    pub peer: String,
}

impl Author {
    /// Whoever may run commands here.
    #[must_use]
    pub fn command() -> Self {
        Self { user: None, name: "command".to_owned(), peer: String::new() }
    }

    /// What they do.
    #[must_use]
    pub fn entry(&self, action: &'static str, target: impl Into<String>, detail: impl Into<String>) -> Entry {
        Entry {
            actor: self.user,
            actor_name: self.name.clone(),
            action,
            target: target.into(),
            detail: detail.into(),
            peer: self.peer.clone(),
        }
    }
}

/// An entry as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// 1, 2, 3 … in each account, without a gap.
    pub number: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Who did it.
    pub actor_id: Option<Uuid>,
    /// The user id then.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To whom or what.
    pub target: String,
    /// What else there is to know.
    pub detail: String,
    /// The address it was done from.
    pub peer: String,
    /// The hash of this entry and all before it, hexadecimal.
    pub hash: String,
}

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many entries are as they were written.
    pub entries: i64,
    /// The hash of the last of them, hexadecimal; empty when there is none.
    pub last_hash: String,
    /// The first that is not as it was written, or is missing.
    pub broken: Option<i64>,
}

/// Entries read at once.
const CHUNK: i64 = 500;

/// Appends an entry.
///
/// # Errors
/// When the database fails.
pub async fn append(store: &Store, account: AccountId, entry: &Entry) -> Result<(), StoreError> {
    // Two at once want the same number: one of them comes again.
    for _ in 0..32 {
        let tx = store.begin().await?;
        match tx.audit(account, entry).await {
            Ok(()) => return tx.commit().await,
            Err(StoreError::Raced(_)) => drop(tx),
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Raced("too many entries of the audit log at this moment".into()))
}

impl WriteTransaction {
    /// Appends an entry in this transaction: what it is about happens with it or not at all.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when somebody else was faster: the whole transaction has to be tried again.
    pub async fn audit(&self, account: AccountId, entry: &Entry) -> Result<(), StoreError> {
        let backend = self.dialect.backend();
        let last = "SELECT number, hash FROM audit WHERE account_id = $1 ORDER BY number DESC LIMIT 1";
        let row = self.inner.query_one_raw(Statement::from_sql_and_values(backend, last, [account.0.into()])).await?;
        let (number, before): (i64, Vec<u8>) = match row {
            Some(row) => (row.try_get::<i64>("", "number")? + 1, row.try_get("", "hash")?),
            None => (1, Vec::new()),
        };
        let written = Written {
            number,
            at_ms: now_ms(),
            actor_id: entry.actor.map(|actor| actor.0),
            actor: entry.actor_name.clone(),
            action: entry.action.to_owned(),
            target: entry.target.clone(),
            detail: entry.detail.clone(),
            peer: entry.peer.clone(),
            hash: String::new(),
        };
        let hash = written.chain(account, &before);
        let sql = "INSERT INTO audit (account_id, number, at_ms, actor_id, actor, action, target, detail, peer, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values: [Value; 10] = [
            account.0.into(),
            number.into(),
            written.at_ms.into(),
            written.actor_id.into(),
            written.actor.into(),
            written.action.into(),
            written.target.into(),
            written.detail.into(),
            written.peer.into(),
            hash.to_vec().into(),
        ];
        self.inner.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }
}

impl Written {
    /// The hash of this entry after the one before it. Each part goes in with its length, so that no text can be moved from one to
    /// the next.
    fn chain(&self, account: AccountId, before: &[u8]) -> [u8; 32] {
        let (number, at) = (self.number.to_be_bytes(), self.at_ms.to_be_bytes());
        let actor_id = self.actor_id.unwrap_or_default();
        let texts = [&self.actor, &self.action, &self.target, &self.detail, &self.peer].map(|text| text.as_bytes());
        let parts = [before, account.0.as_bytes(), &number, &at, actor_id.as_bytes()].into_iter().chain(texts);
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn read(row: &QueryResult) -> Result<(Self, Vec<u8>), StoreError> {
        let hash: Vec<u8> = row.try_get("", "hash")?;
        let written = Self {
            number: row.try_get("", "number")?,
            at_ms: row.try_get("", "at_ms")?,
            actor_id: row.try_get("", "actor_id")?,
            actor: row.try_get("", "actor")?,
            action: row.try_get("", "action")?,
            target: row.try_get("", "target")?,
            detail: row.try_get("", "detail")?,
            peer: row.try_get("", "peer")?,
            hash: hex(&hash),
        };
        Ok((written, hash))
    }
}

const SELECT: &str = "SELECT number, at_ms, actor_id, actor, action, target, detail, peer, hash FROM audit";

/// Entries, the newest first; those before the entry `before`, if one is named.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, account: AccountId, before: Option<i64>, most: u32) -> Result<Vec<Written>, StoreError> {
    let sql = format!("{SELECT} WHERE account_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3");
    let values: [Value; 3] = [account.0.into(), before.unwrap_or(i64::MAX).into(), i64::from(most).into()];
    let rows = store.reader().query_all_raw(store.statement(sql, values)).await?;
    rows.iter().map(|row| Ok(Written::read(row)?.0)).collect()
}

/// Goes through the whole log, from its first entry.
///
/// # Errors
/// When the database fails.
pub async fn verify(store: &Store, account: AccountId) -> Result<Verified, StoreError> {
    let (mut entries, mut before) = (0, Vec::new());
    loop {
        let sql = format!("{SELECT} WHERE account_id = $1 AND number > $2 ORDER BY number LIMIT $3");
        let rows = store.writer().query_all_raw(store.statement(sql, [account.0.into(), entries.into(), CHUNK.into()])).await?;
        for row in &rows {
            let (written, hash) = Written::read(row)?;
            if written.number != entries + 1 || written.chain(account, &before)[..] != hash[..] {
                return Ok(Verified { entries, last_hash: hex(&before), broken: Some(entries + 1) });
            }
            (entries, before) = (written.number, hash);
        }
        if rows.len() < CHUNK as usize {
            return Ok(Verified { entries, last_hash: hex(&before), broken: None });
        }
    }
}

/// The hash of one entry, hexadecimal; none when there is no such entry.
///
/// # Errors
/// When the database fails.
pub async fn hash_of(store: &Store, account: AccountId, number: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT hash FROM audit WHERE account_id = $1 AND number = $2";
    let row = store.writer().query_one_raw(store.statement(sql, [account.0.into(), number.into()])).await?;
    row.map(|row| Ok(hex(&row.try_get::<Vec<u8>>("", "hash")?))).transpose()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
