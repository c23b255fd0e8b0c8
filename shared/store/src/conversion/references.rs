//! Columns of the platform that hold user ids as text: read by walking the primary key, rewritten a stretch at a time.
//!
//! The texts are compared in Rust, by the comparison form, and a row is rewritten only while it still says what was read.

use super::{Advance, ConversionError, Lease, begin_gently, fence, items::done, statement};
use crate::{Dialect, Store, StoreError, now_ms, rows::Rows};
use muster_domain::{
    AccountId, ConversionId,
    conversion::{Kind, Reference, RewriteMode},
};
use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use std::collections::HashMap;

/// A column with what the database knows about its table.
#[derive(Clone, Debug)]
pub struct ReferenceColumn {
    /// The configuration.
    pub reference: Reference,
    dialect: Dialect,
    key_type: String,
}

/// How far a column is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetProgress {
    /// Its place in the run.
    pub position: i64,
    /// `table.column`.
    pub name: String,
    /// `rewrite`, `keep` or `alias`.
    pub mode: String,
    /// The last key that was read.
    #[serde(skip)]
    pub last_key: Option<String>,
    /// `waiting`, `walking`, `done`, or why it cannot be walked.
    pub state: String,
    /// Rows read.
    pub scanned: i64,
    /// Rows rewritten.
    pub rewritten: i64,
    /// Rows left because their text could mean two users.
    pub ambiguous: i64,
}

/// One row of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceRow {
    /// Its key, as text.
    pub key: String,
    /// Whose it is, as text.
    pub account: Option<String>,
    /// The user id in it.
    pub value: Option<String>,
}

/// A row that is to be rewritten.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// Its key.
    pub key: String,
    /// What it says.
    pub from: String,
    /// What it shall say.
    pub to: String,
}

impl ReferenceColumn {
    /// Asks the database about it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such table or column.
    pub async fn find(store: &Store, reference: &Reference) -> Result<Self, StoreError> {
        let mut key_type = None;
        for column in [&reference.key, &reference.account, &reference.column] {
            let sql = match store.dialect() {
                Dialect::Postgres => {
                    "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute \
                     WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped"
                }
                Dialect::Sqlite => "SELECT type FROM pragma_table_info($1) WHERE name = $2",
            };
            let row = store.writer().query_one_raw(store.statement(sql, [reference.table.clone().into(), column.clone().into()])).await?;
            let row = row.ok_or_else(|| StoreError::Conflict(format!("there is no column {column} in {}", reference.table)))?;
            key_type.get_or_insert(row.try_get::<String>("", "type")?);
        }
        Ok(Self { reference: reference.clone(), dialect: store.dialect(), key_type: key_type.unwrap_or_default() })
    }

    fn table(&self) -> String {
        self.reference.table.split('.').map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(".")
    }

    fn as_text(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("CAST(t.\"{column}\" AS text)"),
            Dialect::Sqlite => {
                format!("CASE typeof(t.\"{column}\") WHEN 'blob' THEN hex(t.\"{column}\") ELSE CAST(t.\"{column}\" AS text) END")
            }
        }
    }

    fn key_of(&self, text: &str) -> String {
        let kind = self.key_type.to_ascii_uppercase();
        match self.dialect {
            Dialect::Postgres => format!("CAST({text} AS {})", self.key_type),
            Dialect::Sqlite if kind.contains("INT") => format!("CAST({text} AS INTEGER)"),
            Dialect::Sqlite if kind == "BLOB" => format!("unhex({text})"),
            Dialect::Sqlite => text.to_owned(),
        }
    }
}

/// The slug of an account, which the platform's tables may know it by.
///
/// # Errors
/// When the database fails.
pub async fn account_slug(store: &Store, account: AccountId) -> Result<String, StoreError> {
    let row = store.writer().query_one_raw(store.statement("SELECT slug FROM account WHERE id = $1", [account.0.into()])).await?;
    row.ok_or_else(|| StoreError::Conflict("the account is gone".into()))?.try_get("", "slug").map_err(StoreError::from)
}

/// Notes the columns a run has to deal with; those that are there stay.
///
/// # Errors
/// When the database fails.
pub async fn add_targets(store: &Store, lease: &Lease, references: &[Reference]) -> Result<(), StoreError> {
    if references.is_empty() {
        return Ok(());
    }
    let state = |mode: RewriteMode| if mode == RewriteMode::Rewrite { "waiting" } else { "done" };
    let rows = Rows::new(store.dialect())
        .uuid("conversion_id", references.iter().map(|_| lease.conversion.0))
        .int("position", 1..=i64::try_from(references.len()).unwrap_or(i64::MAX))
        .text("name", references.iter().map(Reference::name))
        .text("mode", references.iter().map(|one| one.mode.as_str().to_owned()))
        .text("state", references.iter().map(|one| state(one.mode).to_owned()));
    let sql = "INSERT INTO conversion_target (conversion_id, position, name, mode, state, scanned, rewritten, ambiguous) \
         SELECT conversion_id, position, name, mode, state, 0, 0, 0 FROM r WHERE true ON CONFLICT DO NOTHING";
    store.writer().execute_raw(rows.statement(sql)).await?;
    Ok(())
}

/// The columns of a run and how far they are.
///
/// # Errors
/// When the database fails.
pub async fn targets(store: &Store, account: AccountId, conversion: ConversionId) -> Result<Vec<TargetProgress>, StoreError> {
    let sql = "SELECT t.position, t.name, t.mode, t.last_key, t.state, t.scanned, t.rewritten, t.ambiguous FROM conversion c \
         JOIN conversion_target t ON t.conversion_id = c.id WHERE c.account_id = $1 AND c.id = $2 ORDER BY t.position";
    let rows = store.writer().query_all_raw(store.statement(sql, [account.0.into(), conversion.0.into()])).await?;
    rows.iter()
        .map(|row| {
            Ok(TargetProgress {
                position: row.try_get("", "position")?,
                name: row.try_get("", "name")?,
                mode: row.try_get("", "mode")?,
                last_key: row.try_get("", "last_key")?,
                state: row.try_get("", "state")?,
                scanned: row.try_get("", "scanned")?,
                rewritten: row.try_get("", "rewritten")?,
                ambiguous: row.try_get("", "ambiguous")?,
            })
        })
        .collect()
}

/// The next rows after this key, of every account: the walk is by the table's own key, so that a step costs the same everywhere.
///
/// # Errors
/// When the database fails.
pub async fn read_references(
    store: &Store,
    column: &ReferenceColumn,
    after: Option<&str>,
    most: i64,
) -> Result<Vec<ReferenceRow>, StoreError> {
    let Reference { key, account, column: name, .. } = &column.reference;
    let beyond = after.map(|_| format!("WHERE t.\"{key}\" > {}", column.key_of("$2"))).unwrap_or_default();
    let sql = format!(
        "SELECT {} AS k, {} AS a, {} AS v FROM {} t {beyond} ORDER BY t.\"{key}\" LIMIT $1",
        column.as_text(key),
        column.as_text(account),
        column.as_text(name),
        column.table()
    );
    let values: Vec<Value> = std::iter::once(most.into()).chain(after.map(Value::from)).collect();
    let rows = store.writer().query_all_raw(store.statement(sql, values)).await?;
    rows.iter()
        .map(|row| Ok(ReferenceRow { key: row.try_get("", "k")?, account: row.try_get("", "a")?, value: row.try_get("", "v")? }))
        .collect()
}

/// What these user ids (comparison forms) have become in a run, and whether each could also mean another user. For an undo, the
/// other way round.
///
/// # Errors
/// When the database fails.
pub async fn lookup_items(
    store: &Store,
    (account, journal): (AccountId, ConversionId),
    users_n: i64,
    kind: Kind,
    keys: &[String],
) -> Result<HashMap<String, (String, bool)>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::new(store.dialect())
        .uuid("account_id", keys.iter().map(|_| account.0))
        .uuid("journal", keys.iter().map(|_| journal.0))
        .int("users_n", keys.iter().map(|_| users_n))
        .text("key", keys.iter().cloned());
    let (from, to, other, moved) = match kind {
        Kind::Convert => ("old_key", "new_id", "new_key", done("r.users_n")),
        Kind::Undo => ("new_key", "old_id", "old_key", "i.state = 'undone'".to_owned()),
    };
    let sql = format!(
        "SELECT r.key, i.{to} AS becomes, EXISTS (SELECT 1 FROM conversion_item o WHERE o.conversion_id = i.conversion_id \
         AND o.{other} = r.key AND o.user_id <> i.user_id) AS ambiguous \
         FROM r JOIN conversion_item i ON i.conversion_id = r.journal AND i.account_id = r.account_id AND i.{from} = r.key WHERE {moved}"
    );
    let mut found = HashMap::new();
    for row in store.writer().query_all_raw(rows.statement(&sql)).await? {
        found.insert(row.try_get("", "key")?, (row.try_get("", "becomes")?, row.try_get("", "ambiguous")?));
    }
    Ok(found)
}

/// Rewrites rows that still say what was read, and moves the column on to `progress` (its `rewritten` is counted here), with a
/// step of the run. Returns the column's new state, and the orders (`conversion.pace`) as they are now.
///
/// # Errors
/// [`ConversionError::Fenced`] when the lease does not hold any more.
pub async fn rewrite_references(
    store: &Store,
    lease: &Lease,
    column: Option<&ReferenceColumn>,
    rewrites: &[Rewrite],
    mut progress: TargetProgress,
) -> Result<(TargetProgress, serde_json::Value), ConversionError> {
    let tx = begin_gently(store, true).await?;
    if let Some(column) = column.filter(|_| !rewrites.is_empty()) {
        let Reference { key, column: name, .. } = &column.reference;
        let rows = Rows::new(store.dialect())
            .text("k", rewrites.iter().map(|one| one.key.clone()))
            .text("said", rewrites.iter().map(|one| one.from.clone()))
            .text("says", rewrites.iter().map(|one| one.to.clone()));
        let sql = format!(
            "UPDATE {} AS t SET \"{name}\" = r.says FROM r WHERE t.\"{key}\" = {} AND t.\"{name}\" = r.said",
            column.table(),
            column.key_of("r.k")
        );
        let done = tx.inner.execute_raw(rows.statement(&sql)).await?;
        progress.rewritten += i64::try_from(done.rows_affected()).unwrap_or(i64::MAX);
    }
    let sql = "UPDATE conversion_target SET last_key = $3, state = $4, scanned = $5, rewritten = $6, ambiguous = $7 \
         WHERE conversion_id = $1 AND position = $2";
    let values: [Value; 7] = [
        lease.conversion.0.into(),
        progress.position.into(),
        Value::String(progress.last_key.clone()),
        progress.state.clone().into(),
        progress.scanned.into(),
        progress.rewritten.into(),
        progress.ambiguous.into(),
    ];
    tx.inner.execute_raw(statement(&tx, sql, values)).await?;
    let pace = fence(&tx, lease, &Advance::default(), now_ms()).await?;
    tx.commit().await?;
    Ok((progress, pace))
}
