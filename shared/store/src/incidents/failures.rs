//! Failures as rows: inserted by whoever fails, counted later.

use crate::{Store, StoreError, WriteTransaction, rows::Rows};
use muster_domain::{AccountId, Change, LoginKey, Operation, OperationId, Outcome, TraceParent, incident::Fingerprint, mask};
use muster_scim::{Resource, ResourceType};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use uuid::Uuid;

/// A change that is longer than this, written as JSON, is not kept: it cannot be tried again from here, only by the directory.
const CHANGE_MAX: usize = 256 * 1024;

/// Who a failure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The same for every failure about the same user or group. The id of the resource; for one that could not be made, and so gets
    /// another id each time it is tried, a hash of its name.
    pub id: Uuid,
    /// What people see: a user id with everything but its first letter and domain masked, or a group's name.
    pub label: Option<String>,
}

/// A failed operation; or requests that failed alike before they became operations, counted.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The account.
    pub account: AccountId,
    /// Its id; that of the operation when it is one.
    pub id: Uuid,
    /// The operation.
    pub operation: Option<OperationId>,
    /// What makes it the same as others.
    pub fingerprint: Fingerprint,
    /// Who it is about.
    pub subject: Option<Subject>,
    /// How many it stands for.
    pub failures: i64,
    /// When, or the last of them, milliseconds since 1970.
    pub at_ms: i64,
    /// What was to be done, as JSON, so that it can be tried again. Never shown.
    pub change: Option<String>,
    /// The span of the request it came with.
    pub trace: Option<TraceParent>,
}

impl Failure {
    /// The failure an outcome is; none when nothing is wrong.
    #[must_use]
    pub fn of(operation: &Operation, outcome: &Outcome, at_ms: i64) -> Option<Self> {
        Some(Self {
            account: operation.account,
            id: operation.id.0,
            operation: Some(operation.id),
            fingerprint: Fingerprint::of(operation, outcome)?,
            subject: Some(Subject::of(operation)),
            failures: 1,
            at_ms,
            change: kept(&operation.change),
            trace: operation.trace,
        })
    }

    /// Requests that never became operations.
    #[must_use]
    pub fn refused(account: AccountId, fingerprint: Fingerprint, failures: i64, at_ms: i64) -> Self {
        Self { account, id: Uuid::now_v7(), operation: None, fingerprint, subject: None, failures, at_ms, change: None, trace: None }
    }
}

impl Subject {
    fn of(operation: &Operation) -> Self {
        let (Change::Create { resource, .. } | Change::Replace { resource }) = &operation.change else {
            return Self { id: operation.resource_id, label: None };
        };
        let (attribute, show): (_, fn(&str) -> String) = match operation.resource_type {
            ResourceType::User => ("userName", mask),
            ResourceType::Group => ("displayName", str::to_owned),
            // Which of its attributes names it, only the installation knows.
            ResourceType::Custom(_) => return Self { id: operation.resource_id, label: None },
        };
        let name = resource.get(attribute).and_then(Value::as_str);
        let id = match (&operation.change, name) {
            (Change::Create { .. }, Some(name)) => named(operation.account, operation.resource_type, name),
            _ => operation.resource_id,
        };
        Self { id, label: name.map(show) }
    }
}

/// An id made of a name: equal for equal names of one account. It is a SHA-256 that has lost half of its bits, so it does not tell the
/// name.
fn named(account: AccountId, resource_type: ResourceType, name: &str) -> Uuid {
    let text = format!("{account}/{resource_type}/{}", LoginKey::of(name));
    let hash = muster_domain::digest(text.as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(half).into_uuid()
}

/// The change, unless nothing is left of it (a gateway that gives an operation up no longer has its data) or it is too long.
fn kept(change: &Change) -> Option<String> {
    let whole = match change {
        Change::Create { resource, .. } | Change::Replace { resource } => *resource != Resource::new(),
        Change::Patch { patch } => !patch.operations.is_empty(),
        Change::Delete => true,
    };
    let json = whole.then(|| serde_json::to_string(change).ok()).flatten()?;
    (json.len() <= CHANGE_MAX).then_some(json)
}

impl WriteTransaction {
    /// Writes failures down. They touch no row anybody else touches.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_failures(&self, failures: &[Failure]) -> Result<(), StoreError> {
        if failures.is_empty() {
            return Ok(());
        }
        self.inner.execute_raw(rows(Rows::new(self.dialect), failures).statement(INSERT)).await?;
        Ok(())
    }
}

/// Writes failures down that belong to no operation: requests that were refused, a job that stopped.
///
/// # Errors
/// When the database fails. Nothing was written then.
pub async fn record(store: &Store, failures: &[Failure]) -> Result<(), StoreError> {
    if failures.is_empty() {
        return Ok(());
    }
    store.writer().execute_raw(rows(Rows::new(store.dialect()), failures).statement(INSERT)).await?;
    Ok(())
}

const INSERT: &str = "INSERT INTO failure (account_id, id, operation_id, fingerprint, cause, scim_type, attribute, action, resource_type, \
     subject_id, subject, failures, at_ms, change, trace) \
     SELECT account_id, id, operation_id, fingerprint, cause, scim_type, attribute, action, resource_type, \
     subject_id, subject, failures, at_ms, change, trace FROM r WHERE true ON CONFLICT DO NOTHING";

fn rows(rows: Rows, failures: &[Failure]) -> Rows {
    let prints = || failures.iter().map(|failure| &failure.fingerprint);
    let subjects = || failures.iter().map(|failure| failure.subject.as_ref());
    rows.uuid("account_id", failures.iter().map(|failure| failure.account.0))
        .uuid("id", failures.iter().map(|failure| failure.id))
        .maybe_uuid("operation_id", failures.iter().map(|failure| failure.operation.map(|id| id.0)))
        .text("fingerprint", prints().map(ToString::to_string))
        .text("cause", prints().map(|print| print.cause.as_str().to_owned()))
        .maybe_text("scim_type", prints().map(|print| print.scim_type.map(str::to_owned)))
        .maybe_text("attribute", prints().map(|print| print.attribute.clone()))
        .text("action", prints().map(|print| print.action.to_owned()))
        .maybe_text("resource_type", prints().map(|print| print.resource_type.map(str::to_owned)))
        .maybe_uuid("subject_id", subjects().map(|subject| subject.map(|subject| subject.id)))
        .maybe_text("subject", subjects().map(|subject| subject.and_then(|subject| subject.label.clone())))
        .int("failures", failures.iter().map(|failure| failure.failures))
        .int("at_ms", failures.iter().map(|failure| failure.at_ms))
        .maybe_text("change", failures.iter().map(|failure| failure.change.clone()))
        .maybe_text("trace", failures.iter().map(|failure| failure.trace.map(|trace| trace.to_string())))
}
