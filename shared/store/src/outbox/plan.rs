//! From what happened to incidents to mails about them.
//!
//! Events are taken, states follow ([`MailState`]), and what is due is written, all in one transaction: an event becomes mail exactly
//! once. The rules are `muster_domain::notify`'s; here are only the rows.

use super::write::NewMail;
use crate::{Store, StoreError, WriteTransaction, incidents::Incident, rows::Rows};
use muster_domain::{
    AccountId, IncidentId, TraceParent,
    incident::{IncidentEventKind, IncidentState, Urgency},
    mask_detail,
    notify::{Content, Due, Hold, IncidentMail, Item, MailKey, MailState, Stage, Thread, Told, csv},
};
use muster_scim::ScimError;
use sea_orm::{ConnectionTrait, QueryResult, Value};
use std::{borrow::Cow, collections::BTreeMap};

/// "mailplan" in bytes: the advisory lock of whoever plans.
const LOCK: i64 = 0x6d61_696c_706c_616e;
/// Events in one transaction at most, and mails.
const EVENTS: u32 = 500;
const MAILS: i64 = 50;
/// Failures a mail shows, and those its attachment lists at most.
const SHOWN: usize = 5;
const LISTED: i64 = 5_000;

type Key = (AccountId, IncidentId);

/// Turns events into mails, and writes what is due by now. Returns how much it did: while that is not 0 there may be more. Several may
/// call it at once; one of them does it, the others are told 0.
///
/// # Errors
/// When the database fails. Nothing has happened then.
pub async fn plan(store: &Store, now_ms: i64) -> Result<usize, StoreError> {
    // Most of the time there is nothing to do, and finding that out takes no write transaction.
    let any = "SELECT 1 WHERE EXISTS (SELECT 1 FROM incident_event WHERE taken_ms IS NULL) \
         OR EXISTS (SELECT 1 FROM incident_mail WHERE due_ms <= $1)";
    if store.writer().query_one_raw(store.statement(any, [now_ms.into()])).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    if tx.is_postgres() {
        let row = tx.inner.query_one_raw(tx.sql("SELECT pg_try_advisory_xact_lock($1) AS alone", [LOCK.into()])).await?;
        if !row.is_some_and(|row| row.try_get("", "alone").unwrap_or(false)) {
            return Ok(0);
        }
    }
    let mut done = tx.follow_events().await?;
    done += tx.write_due(now_ms).await?;
    tx.commit().await?;
    Ok(done)
}

impl WriteTransaction {
    /// Takes events and lets the states follow.
    async fn follow_events(&self) -> Result<usize, StoreError> {
        let events = self.take_incident_events(EVENTS).await?;
        let mut keys: Vec<Key> = events.iter().map(|event| (event.account, event.incident)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut states = self.mail_states(&keys).await?;
        for event in &events {
            let Some((incident, state)) = states.get_mut(&(event.account, event.incident)) else { continue };
            let urgency = incident.cause.urgency();
            if urgency == Urgency::Quiet {
                continue;
            }
            match (event.kind, state.as_mut()) {
                // Whatever is heard of first begins it: what happened before this version kept states has no row.
                (IncidentEventKind::Opened | IncidentEventKind::Grew | IncidentEventKind::Reopened, None) => {
                    *state = Some(MailState::opened(event.at_ms, event.failures, urgency == Urgency::Immediate));
                }
                (IncidentEventKind::Opened | IncidentEventKind::Grew | IncidentEventKind::Reopened, Some(state)) => {
                    state.grew(event.at_ms, event.failures);
                }
                (IncidentEventKind::Resolved, Some(state)) => state.ended(event.at_ms),
                (IncidentEventKind::Woke, Some(state)) if state.told.is_none_or(|told| state.failures > told.failures) => {
                    state.due_ms.get_or_insert(event.at_ms);
                }
                _ => {}
            }
        }
        let followed: Vec<(Key, MailState)> = states.into_iter().filter_map(|(key, (_, state))| Some((key, state?))).collect();
        self.put_mail_states(&followed).await?;
        Ok(events.len())
    }

    /// Writes the mails that are due.
    async fn write_due(&self, now_ms: i64) -> Result<usize, StoreError> {
        let sql = "SELECT account_id, incident_id FROM incident_mail WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2";
        let rows = self.inner.query_all_raw(self.sql(sql, [now_ms.into(), MAILS.into()])).await?;
        let keys: Vec<Key> = rows
            .iter()
            .map(|row| Ok((AccountId(row.try_get("", "account_id")?), IncidentId(row.try_get("", "incident_id")?))))
            .collect::<Result<_, StoreError>>()?;
        let mut after = Vec::with_capacity(keys.len());
        for (key, (incident, state)) in self.mail_states(&keys).await? {
            let Some(mut state) = state else { continue };
            match state.due(now_ms, hold(&incident)) {
                Some(due) => {
                    let mail = self.mail_about(&incident, &state, due).await?;
                    self.write_mail(incident.account, &mail, now_ms).await?;
                    state.wrote(due);
                }
                None => match incident.snoozed_until_ms.filter(|until| incident.state == IncidentState::Snoozed && *until > now_ms) {
                    Some(until) => state.due_ms = Some(until),
                    None => state.passed_over(),
                },
            }
            after.push((key, state));
        }
        self.put_mail_states(&after).await?;
        Ok(after.len())
    }

    async fn mail_about(&self, incident: &Incident, state: &MailState, due: Due) -> Result<NewMail, StoreError> {
        let open = due.stage != Stage::Resolved;
        let (listed, trace) = if open { self.failures_of(incident).await? } else { (Vec::new(), None) };
        let advice = incident.advice();
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let immediate = open && incident.cause.urgency() == Urgency::Immediate;
        let attachment = (listed.len() > SHOWN).then(|| attachment(&listed));
        Ok(NewMail {
            key: MailKey::incident(incident.id.0, due),
            thread: Some(Thread::incident(incident.id.0)),
            content: Content::Incident(IncidentMail {
                incident: incident.id.0,
                reference: format!("#{}", incident.number),
                title: advice.title.to_owned(),
                stage: due.stage,
                immediate,
                failures: count(incident.failures),
                new_failures: count(incident.failures - state.told.map_or(0, |told| told.failures)),
                affected: count(incident.affected),
                resource_type: incident.resource_type.clone(),
                attribute: incident.attribute.clone(),
                first_ms: incident.first_ms,
                last_ms: incident.last_ms,
                items: shown(listed),
                cause: advice.likely.to_owned(),
                remedy: advice.remedy.to_owned(),
                resolution: incident.resolution,
            }),
            attachment,
            immediate,
            trace,
        })
    }

    /// The latest failures of an incident, newest first, each with the id of its operation; and the trace of the latest that has one.
    async fn failures_of(&self, incident: &Incident) -> Result<(Vec<(Item, String)>, Option<TraceParent>), StoreError> {
        let sql = "SELECT f.subject, f.failures, f.at_ms, f.operation_id, f.trace, CAST(o.error AS text) AS error FROM failure f \
             LEFT JOIN operation o ON o.id = f.operation_id AND o.account_id = f.account_id \
             WHERE f.account_id = $1 AND f.incident_id = $2 ORDER BY f.id DESC LIMIT $3";
        let values: [Value; 3] = [incident.account.0.into(), incident.id.0.into(), LISTED.into()];
        let rows = self.inner.query_all_raw(self.sql(sql, values)).await?;
        let traced = rows.iter().find_map(|row| row.try_get::<Option<String>>("", "trace").ok().flatten());
        let failures: Result<Vec<(Item, String)>, StoreError> = rows.iter().map(|row| read_failure(row, incident)).collect();
        Ok((failures?, traced.and_then(|trace| trace.parse().ok())))
    }

    async fn mail_states(&self, keys: &[Key]) -> Result<BTreeMap<Key, (Incident, Option<MailState>)>, StoreError> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!(
            "SELECT {}, m.base_ms AS mail_base_ms, m.due_ms AS mail_due_ms, m.failures AS mail_failures, m.told_window, m.told_failures, \
             m.told_over, m.resolved AS mail_resolved FROM r JOIN incident i ON i.account_id = r.account_id AND i.id = r.incident_id \
             LEFT JOIN incident_mail m ON m.account_id = i.account_id AND m.incident_id = i.id",
            Incident::SELECT
        );
        let rows = Rows::new(self.dialect)
            .uuid("account_id", keys.iter().map(|(account, _)| account.0))
            .uuid("incident_id", keys.iter().map(|(_, incident)| incident.0));
        let found = self.inner.query_all_raw(rows.statement(&sql)).await?;
        found.iter().map(read_state).collect()
    }

    async fn put_mail_states(&self, states: &[(Key, MailState)]) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        let told = |read: fn(&Told) -> i64| states.iter().map(move |(_, state)| state.told.as_ref().map(read));
        let rows = Rows::new(self.dialect)
            .uuid("account_id", states.iter().map(|((account, _), _)| account.0))
            .uuid("incident_id", states.iter().map(|((_, incident), _)| incident.0))
            .int("base_ms", states.iter().map(|(_, state)| state.base_ms))
            .maybe_int("due_ms", states.iter().map(|(_, state)| state.due_ms))
            .int("failures", states.iter().map(|(_, state)| state.failures))
            .maybe_int("told_window", told(|told| i64::from(told.window)))
            .maybe_int("told_failures", told(|told| told.failures))
            .bool("told_over", states.iter().map(|(_, state)| state.told.is_some_and(|told| told.over)))
            .bool("resolved", states.iter().map(|(_, state)| state.resolved));
        let columns = "account_id, incident_id, base_ms, due_ms, failures, told_window, told_failures, told_over, resolved";
        let sql = format!(
            "INSERT INTO incident_mail ({columns}) SELECT {columns} FROM r WHERE true ON CONFLICT (account_id, incident_id) DO UPDATE SET \
             base_ms = excluded.base_ms, due_ms = excluded.due_ms, failures = excluded.failures, told_window = excluded.told_window, \
             told_failures = excluded.told_failures, told_over = excluded.told_over, resolved = excluded.resolved"
        );
        self.inner.execute_raw(rows.statement(&sql)).await?;
        Ok(())
    }
}

/// The latest failure of each of the latest few users and groups, its error cut to the first sentence: the attachment has the rest.
fn shown(listed: Vec<(Item, String)>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(SHOWN);
    for (mut item, _) in listed {
        if items.len() == SHOWN {
            break;
        }
        if items.iter().all(|known| known.who != item.who) {
            if let Some(end) = item.what.find(". ") {
                item.what.truncate(end);
            }
            items.push(item);
        }
    }
    items
}

fn hold(incident: &Incident) -> Hold {
    match incident.state {
        IncidentState::Acknowledged => Hold::Acknowledged,
        IncidentState::Snoozed => Hold::SnoozedUntil(incident.snoozed_until_ms.unwrap_or(i64::MAX)),
        IncidentState::Open | IncidentState::Resolved => Hold::None,
    }
}

fn read_state(row: &QueryResult) -> Result<(Key, (Incident, Option<MailState>)), StoreError> {
    let incident = Incident::read(row)?;
    let base_ms: Option<i64> = row.try_get("", "mail_base_ms")?;
    let state = match base_ms {
        None => None,
        Some(base_ms) => {
            let (window, failures): (Option<i64>, Option<i64>) = (row.try_get("", "told_window")?, row.try_get("", "told_failures")?);
            let over = row.try_get("", "told_over")?;
            Some(MailState {
                base_ms,
                due_ms: row.try_get("", "mail_due_ms")?,
                failures: row.try_get("", "mail_failures")?,
                told: window.zip(failures).map(|(window, failures)| Told { window: u32::try_from(window).unwrap_or(0), failures, over }),
                resolved: row.try_get("", "mail_resolved")?,
            })
        }
    };
    Ok(((incident.account, incident.id), (incident, state)))
}

fn read_failure(row: &QueryResult, incident: &Incident) -> Result<(Item, String), StoreError> {
    let error: Option<String> = row.try_get("", "error")?;
    let error: Option<ScimError> = error.and_then(|json| serde_json::from_str(&json).ok());
    let (subject, failures): (Option<String>, i64) = (row.try_get("", "subject")?, row.try_get("", "failures")?);
    let operation: Option<uuid::Uuid> = row.try_get("", "operation_id")?;
    let nobody = || if failures == 1 { "1 request".to_owned() } else { format!("{failures} requests") };
    let item = Item {
        who: subject.unwrap_or_else(|| operation.map_or_else(nobody, |id| id.to_string())),
        what: error.map_or_else(|| unlogged(incident), |error| mask_detail(&error.detail)),
        at_ms: row.try_get("", "at_ms")?,
    };
    Ok((item, operation.map(|id| id.to_string()).unwrap_or_default()))
}

/// What went wrong with a request that never became an operation: its error is not kept, but the incident knows its kind.
fn unlogged(incident: &Incident) -> String {
    let title = incident.advice().title;
    incident.attribute.as_ref().map_or_else(|| title.to_owned(), |attribute| format!("{title}: {attribute}"))
}

fn attachment(listed: &[(Item, String)]) -> String {
    let when = |at_ms: i64| jiff::Timestamp::from_millisecond(at_ms).map(|at| at.to_string()).unwrap_or_default();
    let rows = listed.iter().map(|(item, operation)| {
        [Cow::Owned(when(item.at_ms)), Cow::Borrowed(&*item.who), Cow::Borrowed(&*item.what), Cow::Borrowed(&**operation)]
    });
    csv::file(["time", "user or group", "error", "operation"], rows)
}
