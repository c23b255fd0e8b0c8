//! Grouping new failures into incidents.

use super::{Incident, IncidentEvent};
use crate::{Dialect, Store, StoreError, WriteTransaction, rows::Rows};
use muster_domain::{
    AccountId, IncidentId,
    incident::{IncidentEventKind, IncidentState, Resolution},
};
use sea_orm::{ConnectionTrait, QueryResult};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// "failures" in bytes: the advisory lock of whoever folds.
const LOCK: i64 = 0x6661_696c_7572_6573;
/// Failures in one transaction at most.
const CHUNK: i64 = 2_000;
/// A failure within this time after silence had ended its incident opens that incident again: a directory that tries every 40 minutes
/// must not make a new one every time.
const REOPEN_MS: i64 = 24 * 60 * 60 * 1000;

/// Failures of one fingerprint that nobody has counted yet.
struct Kind {
    like: QueryResult,
    failures: i64,
    first_ms: i64,
    last_ms: i64,
    ids: Vec<Uuid>,
    subjects: BTreeMap<Uuid, Option<String>>,
}

/// What becomes of them.
struct Counted {
    account: AccountId,
    incident: IncidentId,
    kind: Kind,
    event: IncidentEventKind,
}

/// Counts failures that are new, a chunk of them at most, and says how many rows it took: while that is not 0 there may be more. Several may
/// call it at once; one of them does it, the others are told 0.
///
/// # Errors
/// When the database fails. Nothing was counted then.
pub async fn fold(store: &Store, now_ms: i64) -> Result<usize, StoreError> {
    // Most of the time there is nothing to do, and finding that out takes no write transaction.
    let any = store.statement("SELECT 1 FROM failure WHERE incident_id IS NULL LIMIT 1", []);
    if store.reader().query_one_raw(any).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    if !tx.is_alone().await? {
        return Ok(0);
    }
    let kinds = tx.new_kinds().await?;
    let taken = kinds.values().map(|kind| kind.ids.len()).sum();
    let counted = tx.assign(kinds, now_ms).await?;
    let affected = tx.put_subjects(&counted).await?;
    let counts = tx.count(&counted, &affected).await?;
    tx.mark(&counted).await?;
    let events: Vec<IncidentEvent> = counted
        .iter()
        .map(|part| {
            let (failures, affected) = counts.get(&part.incident).copied().unwrap_or_default();
            IncidentEvent {
                id: Uuid::now_v7(),
                account: part.account,
                incident: part.incident,
                kind: part.event,
                at_ms: now_ms,
                failures,
                affected,
                actor: None,
            }
        })
        .collect();
    tx.put_incident_events(&events).await?;
    tx.commit().await?;
    Ok(taken)
}

impl WriteTransaction {
    /// Whether nobody else folds at this moment; nobody else does until this transaction ends, then.
    async fn is_alone(&self) -> Result<bool, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(true);
        }
        let sql = sea_orm::Statement::from_string(self.dialect.backend(), format!("SELECT pg_try_advisory_xact_lock({LOCK}) AS alone"));
        let row = self.inner.query_one_raw(sql).await?;
        Ok(row.is_some_and(|row| row.try_get("", "alone").unwrap_or(false)))
    }

    async fn new_kinds(&self) -> Result<BTreeMap<(AccountId, String), Kind>, StoreError> {
        let sql = format!(
            "SELECT account_id, id, fingerprint, cause, scim_type, attribute, action, resource_type, subject_id, subject, failures, at_ms \
             FROM failure WHERE incident_id IS NULL ORDER BY id LIMIT {CHUNK}"
        );
        let rows = self.inner.query_all_raw(sea_orm::Statement::from_string(self.dialect.backend(), sql)).await?;
        let mut kinds: BTreeMap<(AccountId, String), Kind> = BTreeMap::new();
        for row in rows {
            let (account, fingerprint) = (AccountId(row.try_get("", "account_id")?), row.try_get("", "fingerprint")?);
            let (id, failures, at_ms): (Uuid, i64, i64) = (row.try_get("", "id")?, row.try_get("", "failures")?, row.try_get("", "at_ms")?);
            let (subject, label): (Option<Uuid>, Option<String>) = (row.try_get("", "subject_id")?, row.try_get("", "subject")?);
            let kind = kinds.entry((account, fingerprint)).or_insert_with(|| Kind {
                like: row,
                failures: 0,
                first_ms: at_ms,
                last_ms: at_ms,
                ids: Vec::new(),
                subjects: BTreeMap::new(),
            });
            kind.failures += failures;
            kind.first_ms = kind.first_ms.min(at_ms);
            kind.last_ms = kind.last_ms.max(at_ms);
            kind.ids.push(id);
            if let Some(subject) = subject {
                kind.subjects.insert(subject, label);
            }
        }
        Ok(kinds)
    }

    /// Finds the incident of each kind, opening what is missing.
    async fn assign(&self, kinds: BTreeMap<(AccountId, String), Kind>, now_ms: i64) -> Result<Vec<Counted>, StoreError> {
        let mut known = self.recent_incidents(&kinds, now_ms).await?;
        let mut numbers = self.last_numbers(&kinds).await?;
        let (mut counted, mut new) = (Vec::with_capacity(kinds.len()), Vec::new());
        // In the order they happened, so that numbers tell which came first.
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, kind)| kind.first_ms);
        for ((account, fingerprint), kind) in kinds {
            let (incident, event) = match known.remove(&(account, fingerprint.clone())) {
                Some(incident) if incident.state == IncidentState::Resolved => (incident.id, IncidentEventKind::Reopened),
                Some(incident) => (incident.id, IncidentEventKind::Grew),
                None => {
                    let id = IncidentId::new();
                    let number = numbers.entry(account).or_insert(0);
                    *number += 1;
                    new.push((counted.len(), *number, fingerprint));
                    (id, IncidentEventKind::Opened)
                }
            };
            counted.push(Counted { account, incident, kind, event });
        }
        self.open(&counted, &new, now_ms).await?;
        Ok(counted)
    }

    /// The unresolved incident of each kind, or the last one that silence has ended not long ago.
    async fn recent_incidents(
        &self,
        kinds: &BTreeMap<(AccountId, String), Kind>,
        now_ms: i64,
    ) -> Result<HashMap<(AccountId, String), Incident>, StoreError> {
        let rows = Rows::new(self.dialect)
            .uuid("account_id", kinds.keys().map(|(account, _)| account.0))
            .text("fingerprint", kinds.keys().map(|(_, fingerprint)| fingerprint.clone()));
        let sql = format!(
            "SELECT {} FROM r JOIN incident i ON i.account_id = r.account_id AND i.fingerprint = r.fingerprint \
             WHERE i.state <> '{resolved}' OR (i.resolution = '{quiet}' AND i.state_ms > {}) ORDER BY i.state_ms",
            Incident::SELECT,
            now_ms.saturating_sub(REOPEN_MS),
            resolved = IncidentState::Resolved.as_str(),
            quiet = Resolution::Quiet.as_str(),
        );
        let mut found: HashMap<(AccountId, String), Incident> = HashMap::new();
        for row in self.inner.query_all_raw(rows.statement(&sql)).await? {
            let incident = Incident::read(&row)?;
            let key = (incident.account, incident.fingerprint.clone());
            // An unresolved one counts before any resolved one, and of those the latest.
            if found.get(&key).is_none_or(|known| known.state == IncidentState::Resolved) {
                found.insert(key, incident);
            }
        }
        Ok(found)
    }

    async fn last_numbers(&self, kinds: &BTreeMap<(AccountId, String), Kind>) -> Result<HashMap<AccountId, i64>, StoreError> {
        let mut accounts: Vec<Uuid> = kinds.keys().map(|(account, _)| account.0).collect();
        accounts.dedup();
        let rows = Rows::new(self.dialect).uuid("account_id", accounts);
        let sql = "SELECT r.account_id, (SELECT max(i.number) FROM incident i WHERE i.account_id = r.account_id) AS number FROM r";
        let mut numbers = HashMap::new();
        for row in self.inner.query_all_raw(rows.statement(sql)).await? {
            let number: Option<i64> = row.try_get("", "number")?;
            numbers.insert(AccountId(row.try_get("", "account_id")?), number.unwrap_or(0));
        }
        Ok(numbers)
    }

    /// Opens incidents with nothing counted yet: `(which, number, fingerprint)`.
    async fn open(&self, counted: &[Counted], new: &[(usize, i64, String)], now_ms: i64) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let parts = || new.iter().map(|(index, ..)| &counted[*index]);
        let text = |column: &'static str| parts().map(move |part| part.kind.like.try_get::<Option<String>>("", column).ok().flatten());
        let rows = Rows::new(self.dialect)
            .uuid("account_id", parts().map(|part| part.account.0))
            .uuid("id", parts().map(|part| part.incident.0))
            .int("number", new.iter().map(|(_, number, _)| *number))
            .text("fingerprint", new.iter().map(|(.., fingerprint)| fingerprint.clone()))
            .maybe_text("cause", text("cause"))
            .maybe_text("scim_type", text("scim_type"))
            .maybe_text("attribute", text("attribute"))
            .maybe_text("action", text("action"))
            .maybe_text("resource_type", text("resource_type"))
            .int("first_ms", parts().map(|part| part.kind.first_ms))
            .int("now_ms", new.iter().map(|_| now_ms));
        let sql = format!(
            "INSERT INTO incident (account_id, id, number, fingerprint, cause, scim_type, attribute, action, resource_type, state, \
             failures, affected, first_ms, last_ms, state_ms, reopened) \
             SELECT account_id, id, number, fingerprint, cause, scim_type, attribute, action, resource_type, '{}', \
             0, 0, first_ms, first_ms, now_ms, 0 FROM r",
            IncidentState::Open.as_str()
        );
        self.inner.execute_raw(rows.statement(&sql)).await?;
        Ok(())
    }

    /// Notes who is affected, and says how many of them are new to each incident.
    async fn put_subjects(&self, counted: &[Counted]) -> Result<HashMap<IncidentId, i64>, StoreError> {
        let all = || counted.iter().flat_map(|part| part.kind.subjects.iter().map(move |(id, label)| (part, id, label)));
        if all().next().is_none() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new(self.dialect)
            .uuid("account_id", all().map(|(part, ..)| part.account.0))
            .uuid("incident_id", all().map(|(part, ..)| part.incident.0))
            .uuid("subject_id", all().map(|(_, id, _)| *id))
            .maybe_text("subject", all().map(|(.., label)| label.clone()));
        let sql = "INSERT INTO incident_subject (account_id, incident_id, subject_id, subject) \
             SELECT account_id, incident_id, subject_id, subject FROM r WHERE true ON CONFLICT DO NOTHING RETURNING incident_id";
        let mut new = HashMap::new();
        for row in self.inner.query_all_raw(rows.statement(sql)).await? {
            *new.entry(IncidentId(row.try_get("", "incident_id")?)).or_insert(0) += 1;
        }
        Ok(new)
    }

    /// Adds to the incidents and returns what they count now: `(failures, affected)`.
    async fn count(&self, counted: &[Counted], affected: &HashMap<IncidentId, i64>) -> Result<HashMap<IncidentId, (i64, i64)>, StoreError> {
        let rows = Rows::new(self.dialect)
            .uuid("account_id", counted.iter().map(|part| part.account.0))
            .uuid("id", counted.iter().map(|part| part.incident.0))
            .int("failures", counted.iter().map(|part| part.kind.failures))
            .int("affected", counted.iter().map(|part| affected.get(&part.incident).copied().unwrap_or(0)))
            .int("first_ms", counted.iter().map(|part| part.kind.first_ms))
            .int("last_ms", counted.iter().map(|part| part.kind.last_ms))
            .bool("reopens", counted.iter().map(|part| part.event == IncidentEventKind::Reopened));
        // One that was resolved while this transaction looked stays resolved; the failures wait for the next turn.
        let sql = format!(
            "UPDATE incident SET failures = incident.failures + r.failures, affected = incident.affected + r.affected, \
             first_ms = CASE WHEN r.first_ms < incident.first_ms THEN r.first_ms ELSE incident.first_ms END, \
             last_ms = CASE WHEN r.last_ms > incident.last_ms THEN r.last_ms ELSE incident.last_ms END, \
             state_ms = CASE WHEN r.reopens THEN r.last_ms ELSE incident.state_ms END, \
             state = CASE WHEN r.reopens THEN '{open}' ELSE incident.state END, \
             resolution = CASE WHEN r.reopens THEN NULL ELSE incident.resolution END, \
             reopened = incident.reopened + CASE WHEN r.reopens THEN 1 ELSE 0 END \
             FROM r WHERE incident.account_id = r.account_id AND incident.id = r.id AND (incident.state = '{resolved}') = r.reopens \
             RETURNING incident.id, incident.failures, incident.affected",
            open = IncidentState::Open.as_str(),
            resolved = IncidentState::Resolved.as_str(),
        );
        let updated = self.inner.query_all_raw(rows.statement(&sql)).await?;
        if updated.len() != counted.len() {
            return Err(StoreError::Raced("an incident was resolved while failures were counted".into()));
        }
        updated
            .iter()
            .map(|row| Ok((IncidentId(row.try_get("", "id")?), (row.try_get("", "failures")?, row.try_get("", "affected")?))))
            .collect()
    }

    async fn mark(&self, counted: &[Counted]) -> Result<(), StoreError> {
        let all = || counted.iter().flat_map(|part| part.kind.ids.iter().map(move |id| (part, *id)));
        let rows = Rows::new(self.dialect)
            .uuid("account_id", all().map(|(part, _)| part.account.0))
            .uuid("id", all().map(|(_, id)| id))
            .uuid("incident_id", all().map(|(part, _)| part.incident.0));
        let sql = "UPDATE failure SET incident_id = r.incident_id FROM r WHERE failure.account_id = r.account_id AND failure.id = r.id";
        self.inner.execute_raw(rows.statement(sql)).await?;
        Ok(())
    }
}
