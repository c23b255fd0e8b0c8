//! The log of operations, written in the same transaction as their effect.
//!
//! It is what makes at-least-once delivery have one effect: an operation that is delivered again is found here and answered with
//! what was recorded; one that is applied by two workers at once fails on the primary key of the second.

use crate::{StoreError, WriteTransaction, incidents::Failure, rows::Rows};
use muster_domain::{
    Actor, Operation, OperationId, Outcome, OutcomeCode,
    detail::{AttributeChange, DetailPolicy, Stages, detail},
};
use muster_scim::ResourceType;
use std::collections::HashMap;
use uuid::Uuid;

/// One operation with what became of it.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// What became of it.
    pub outcome: &'a Outcome,
    /// What of the resource it changed.
    pub changed: &'a [AttributeChange],
}

/// What the entries of one statement have in common.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    pub applied_ms: i64,
    pub begun_ms: i64,
    pub detail: DetailPolicy,
}

impl WriteTransaction {
    /// Which of these operations have an outcome already, and which.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_operations(&self, ids: &[OperationId]) -> Result<HashMap<OperationId, OutcomeCode>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new(self.dialect).uuid("id", ids.iter().map(|id| id.0));
        let found = self.all(rows.statement("SELECT o.id, o.code FROM r JOIN operation o ON o.id = r.id")).await?;
        // A word of a later version is not a success as far as this one knows.
        let code = |word: String| OutcomeCode::from_word(&word).unwrap_or(OutcomeCode::Failed);
        found.iter().map(|row| Ok((OperationId(row.try_get("", "id")?), code(row.try_get("", "code")?)))).collect()
    }

    /// Records operations with their outcomes.
    ///
    /// # Errors
    /// [`StoreError::Raced`] when one of them was recorded meanwhile: by another worker it was delivered to, or by a gateway that
    /// gave it up.
    pub async fn log_operations(&self, entries: &[LogEntry<'_>], applied_ms: i64) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let written = Written { applied_ms, begun_ms: self.begun_ms, detail: self.detail };
        let statement = rows(Rows::new(self.dialect), entries, written).statement(INSERT);
        self.expect("log operations", entries.len(), statement).await?;
        self.put_tally(entries).await?;
        self.put_failures(&failures(entries, applied_ms)).await
    }
}

/// Those of them that were not carried out.
pub(crate) fn failures(entries: &[LogEntry<'_>], applied_ms: i64) -> Vec<Failure> {
    entries.iter().filter_map(|entry| Failure::of(entry.operation, entry.outcome, applied_ms)).collect()
}

pub(crate) const INSERT: &str = "INSERT INTO operation (id, account_id, resource_type, resource_id, change, actor, key_id, code, status, version, \
     error, accepted_ms, applied_ms, request_id, detail) \
     SELECT id, account_id, resource_type, resource_id, change, actor, key_id, code, status, version, \
     error, accepted_ms, applied_ms, request_id, detail FROM r WHERE true ON CONFLICT DO NOTHING RETURNING id";

pub(crate) fn rows(rows: Rows, entries: &[LogEntry<'_>], written: Written) -> Rows {
    let operations = || entries.iter().map(|entry| entry.operation);
    let outcomes = || entries.iter().map(|entry| entry.outcome);
    rows.uuid("id", operations().map(|operation| operation.id.0))
        .uuid("account_id", operations().map(|operation| operation.account.0))
        .text("resource_type", operations().map(|operation| operation.resource_type.name().to_owned()))
        .uuid("resource_id", operations().map(|operation| operation.resource_id))
        .text("change", operations().map(|operation| operation.change.as_str().to_owned()))
        .text("actor", operations().map(|operation| operation.actor.as_str().to_owned()))
        .maybe_uuid(
            "key_id",
            operations().map(|operation| match operation.actor {
                Actor::Key { key, .. } => Some(key.0),
                Actor::Command | Actor::Console { .. } | Actor::SignIn => None,
            }),
        )
        .text("code", outcomes().map(|outcome| outcome.code.as_str().to_owned()))
        .int("status", outcomes().map(|outcome| i64::from(outcome.status)))
        .maybe_int("version", outcomes().map(|outcome| outcome.version))
        .maybe_json("error", outcomes().map(|outcome| outcome.error.as_ref().map(|error| serde_json::to_string(error).unwrap_or_default())))
        .int("accepted_ms", operations().map(|operation| operation.accepted_ms))
        .int("applied_ms", entries.iter().map(|_| written.applied_ms))
        .uuid("request_id", operations().map(|operation| operation.request_id))
        .maybe_text("detail", details(entries, written))
}

fn details<'e>(entries: &'e [LogEntry<'_>], written: Written) -> impl Iterator<Item = Option<String>> + 'e {
    let (batch, now_ms) = (Uuid::now_v7(), crate::now_ms());
    entries.iter().map(move |LogEntry { operation, changed, .. }| {
        let stages = Stages {
            waited_ms: written.begun_ms.saturating_sub(operation.accepted_ms),
            worked_ms: now_ms.saturating_sub(written.begun_ms),
            batch,
            batch_size: entries.len() as u64,
        };
        detail(&operation.change, changed, operation.resource_type == ResourceType::Group, stages, written.detail)
    })
}
