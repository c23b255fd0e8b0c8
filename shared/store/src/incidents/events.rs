//! What happened to incidents, in order: the outbox of everything that tells people about them.
//!
//! An event is written in the transaction that makes it true. Whoever turns events into mails takes them
//! ([`WriteTransaction::take_incident_events`]) in the transaction that writes the mails down, so an event becomes mail exactly once,
//! however many processes take and whichever of them dies.

use super::word;
use crate::{Dialect, Store, StoreError, WriteTransaction, now_ms, rows::Rows};
use muster_domain::{AccountId, IncidentId, incident::IncidentEventKind};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use serde::Serialize;
use uuid::Uuid;

/// Something that happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentEvent {
    /// Its id: ids sort in the order of events.
    pub id: Uuid,
    /// The account.
    #[serde(skip)]
    pub account: AccountId,
    /// The incident.
    pub incident: IncidentId,
    /// What happened.
    pub kind: IncidentEventKind,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The incident's failures then.
    pub failures: i64,
    /// The incident's affected users and groups then.
    pub affected: i64,
    /// Who did it; none when it was the service itself.
    pub actor: Option<String>,
}

impl IncidentEvent {
    const COLUMNS: &'static str = "id, account_id, incident_id, kind, at_ms, failures, affected, actor";

    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.try_get("", "id")?,
            account: AccountId(row.try_get("", "account_id")?),
            incident: IncidentId(row.try_get("", "incident_id")?),
            kind: word(row, "kind", IncidentEventKind::from_word)?,
            at_ms: row.try_get("", "at_ms")?,
            failures: row.try_get("", "failures")?,
            affected: row.try_get("", "affected")?,
            actor: row.try_get("", "actor")?,
        })
    }
}

impl WriteTransaction {
    /// Takes events nobody has taken yet, oldest first, `most` at most. They are taken when this transaction commits; until then
    /// others are given different ones (Postgres) or wait for the file (SQLite).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_incident_events(&self, most: u32) -> Result<Vec<IncidentEvent>, StoreError> {
        let skip = if self.dialect == Dialect::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE incident_event SET taken_ms = $1 WHERE id IN \
             (SELECT id FROM incident_event WHERE taken_ms IS NULL ORDER BY id LIMIT $2 {skip}) RETURNING {}",
            IncidentEvent::COLUMNS
        );
        let values = [now_ms().into(), i64::from(most).into()];
        let rows = self.inner.query_all_raw(Statement::from_sql_and_values(self.dialect.backend(), sql, values)).await?;
        let mut events: Vec<IncidentEvent> = rows.iter().map(IncidentEvent::read).collect::<Result<_, _>>()?;
        events.sort_unstable_by_key(|event| event.id);
        Ok(events)
    }

    /// Writes events down. Growth of an incident whose growth nobody has taken yet is the same event, with the newer counts.
    pub(crate) async fn put_incident_events(&self, events: &[IncidentEvent]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let rows = Rows::new(self.dialect)
            .uuid("id", events.iter().map(|event| event.id))
            .uuid("account_id", events.iter().map(|event| event.account.0))
            .uuid("incident_id", events.iter().map(|event| event.incident.0))
            .text("kind", events.iter().map(|event| event.kind.as_str().to_owned()))
            .int("at_ms", events.iter().map(|event| event.at_ms))
            .int("failures", events.iter().map(|event| event.failures))
            .int("affected", events.iter().map(|event| event.affected))
            .maybe_text("actor", events.iter().map(|event| event.actor.clone()));
        let columns = IncidentEvent::COLUMNS;
        let sql = format!(
            "INSERT INTO incident_event ({columns}) SELECT {columns} FROM r WHERE true \
             ON CONFLICT (account_id, incident_id) WHERE kind = 'grew' AND taken_ms IS NULL \
             DO UPDATE SET at_ms = excluded.at_ms, failures = excluded.failures, affected = excluded.affected"
        );
        self.inner.execute_raw(rows.statement(&sql)).await?;
        Ok(())
    }
}

/// Everything that happened to an incident, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn events(store: &Store, account: AccountId, incident: IncidentId) -> Result<Vec<IncidentEvent>, StoreError> {
    let sql = format!("SELECT {} FROM incident_event WHERE account_id = $1 AND incident_id = $2 ORDER BY id", IncidentEvent::COLUMNS);
    let rows = store.reader().query_all_raw(store.statement(sql, [account.0.into(), incident.0.into()])).await?;
    rows.iter().map(IncidentEvent::read).collect()
}
