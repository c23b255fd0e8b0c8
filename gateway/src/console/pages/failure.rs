//! One failure, and what people do about it.

use super::{
    failures::PATH,
    listing::{Pager, address, choice},
    operations,
    show::{self, State, When},
};
use crate::console::{
    display,
    flash::Tone,
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    visit::Visit,
};
use askama::Template;
use muster_domain::incident::{Advice, IncidentEventKind, IncidentState, Resolution};
use muster_store::{
    StoreError,
    incidents::{self, Affected, Incident, IncidentEvent, Item},
    now_ms,
};

/// Affected users that are named.
const NAMED: u32 = 20;
/// Failures on one page.
const ITEMS: u32 = 25;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// How long one may want to hear nothing, in hours.
const SNOOZES: [(i64, &str); 4] = [(1, "1 hour"), (4, "4 hours"), (24, "1 day"), (168, "1 week")];

#[derive(Template)]
#[template(path = "console/pages/failure.html")]
struct FailurePage {
    page: Page,
    number: i64,
    advice: Advice,
    state: State,
    stands: String,
    over: bool,
    acknowledged: bool,
    failures: String,
    affected: String,
    first: When,
    last: When,
    what: String,
    who: Vec<Who>,
    /// How many more are affected than are named.
    unnamed: String,
    events: Vec<Event>,
    items: Vec<Row>,
    pager: Pager,
    operations: String,
    retryable: bool,
    snoozes: [(i64, &'static str); 4],
}

struct Who {
    label: String,
    href: Option<String>,
}

struct Event {
    at: When,
    text: String,
}

struct Row {
    at: When,
    href: Option<String>,
    about: String,
    count: String,
    stands: &'static str,
}

/// `GET /provisioning/failures/{number}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let incident = find(visit).await?;
    let (store, account, after) = (visit.store(), visit.account(), choice(visit, "after", |text| text.parse().ok())?);
    let who = visit.read(incidents::affected(store, account, incident.id, NAMED)).await?;
    let events = visit.read(incidents::events(store, account, incident.id)).await?;
    let items = visit.read(incidents::items(store, account, incident.id, after, ITEMS)).await?;
    let (path, number) = (format!("{PATH}/{}", incident.number), incident.number.to_string());
    let unnamed = incident.affected - i64::try_from(who.len()).unwrap_or(i64::MAX);
    visit.html(&FailurePage {
        page: visit.page(Entry::Failures, format!("#{number} {}", incident.advice().title)),
        number: incident.number,
        advice: incident.advice(),
        state: show::incident(incident.state),
        stands: stands(&incident),
        over: incident.state == IncidentState::Resolved,
        acknowledged: incident.state == IncidentState::Acknowledged,
        failures: display::number(incident.failures),
        affected: show::plural(incident.affected, "user or group", "users or groups"),
        first: When(incident.first_ms),
        last: When(incident.last_ms),
        what: what(&incident),
        who: who.into_iter().map(|who| whom(&incident, who)).collect(),
        unnamed: if unnamed > 0 { display::number(unnamed) } else { String::new() },
        events: events.iter().map(event).collect(),
        retryable: items.items.iter().any(|item| item.retryable),
        items: items.items.into_iter().map(row).collect(),
        pager: Pager {
            first: after.map(|_| path.clone()),
            previous: None,
            next: items.next.map(|next| address(&path, &[("after", &next.to_string())])),
        },
        operations: address(operations::PATH, &[("incident", &number)]),
        snoozes: SNOOZES,
    })
}

/// `POST /provisioning/failures/{number}/acknowledge`
pub(super) async fn acknowledge(visit: &Visit<'_>) -> Answer {
    let (incident, by) = (find(visit).await?, visit.viewer.user_id.as_str());
    let moved = incidents::acknowledge(visit.store(), visit.account(), incident.id, by).await;
    moved_to(visit, &incident, moved, "incident.acknowledge", "Acknowledged: no more reminders, until it is over.").await
}

/// `POST /provisioning/failures/{number}/snooze`, with `hours`.
pub(super) async fn snooze(visit: &Visit<'_>) -> Answer {
    let hours = SNOOZES.into_iter().find(|(hours, _)| hours.to_string() == visit.form.text("hours"));
    let Some((hours, text)) = hours else { return Err(Problem::Bad("Choose for how long to hear nothing.".to_owned())) };
    let (incident, by) = (find(visit).await?, visit.viewer.user_id.as_str());
    let moved = incidents::snooze(visit.store(), visit.account(), incident.id, now_ms() + hours * HOUR_MS, by).await;
    moved_to(visit, &incident, moved, "incident.snooze", &format!("Snoozed for {text}. If it still fails then, it is open again.")).await
}

/// `POST /provisioning/failures/{number}/resolve`
pub(super) async fn resolve(visit: &Visit<'_>) -> Answer {
    let (incident, by) = (find(visit).await?, visit.viewer.user_id.as_str());
    let moved = incidents::resolve(visit.store(), visit.account(), incident.id, by).await;
    moved_to(visit, &incident, moved, "incident.resolve", "Resolved. If the same fails again, it is a new failure.").await
}

async fn moved_to(
    visit: &Visit<'_>,
    incident: &Incident,
    moved: Result<Option<Incident>, StoreError>,
    action: &'static str,
    said: &str,
) -> Answer {
    let to = format!("{PATH}/{}", incident.number);
    match moved {
        Ok(Some(_)) => {
            visit.audit(action, format!("incident #{}", incident.number)).await?;
            visit.redirect_saying(&to, Tone::Good, said)
        }
        Ok(None) => Err(Problem::NotFound),
        Err(StoreError::Conflict(why)) => Err(Problem::back(to, format!("{why}."))),
        Err(error) => Err(Problem::Refused(error.into())),
    }
}

/// The incident the address names, with what was counted until a moment ago.
pub(super) async fn find(visit: &Visit<'_>) -> Result<Incident, Problem> {
    let number = visit.name(0).parse().map_err(|_| Problem::NotFound)?;
    // Whoever is told "busy" has been told by somebody who counts at this moment.
    match incidents::fold(visit.store(), now_ms()).await {
        Ok(_) | Err(StoreError::Raced(_) | StoreError::Locked(_)) => {}
        Err(error) => return Err(Problem::Refused(error.into())),
    }
    visit.read(incidents::by_number(visit.store(), visit.account(), number)).await?.ok_or(Problem::NotFound)
}

/// Where it stands, and who put it there.
fn stands(incident: &Incident) -> String {
    let by = incident.state_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    match (incident.state, incident.resolution) {
        (IncidentState::Open, _) => "nobody has taken it".to_owned(),
        (IncidentState::Acknowledged, _) => format!("taken{by}"),
        (IncidentState::Snoozed, _) => {
            let until = incident.snoozed_until_ms.map(|ms| format!(" until {} UTC", display::moment(ms))).unwrap_or_default();
            format!("put off{until}{by}")
        }
        (IncidentState::Resolved, Some(Resolution::Quiet)) => "nothing of its kind failed for a while".to_owned(),
        (IncidentState::Resolved, Some(Resolution::Retried)) => "everything was carried out when it was tried again".to_owned(),
        (IncidentState::Resolved, _) => format!("declared over{by}"),
    }
}

/// What was attempted, on what, with what answer.
fn what(incident: &Incident) -> String {
    let kind = incident.resource_type.as_deref().unwrap_or_default().to_lowercase();
    let attribute = incident.attribute.as_deref().map(|attribute| format!(", because of {attribute}")).unwrap_or_default();
    let told = incident.scim_type.as_deref().map(|scim_type| format!(" (scimType {scim_type})")).unwrap_or_default();
    format!("{} {kind}{attribute}{told}", show::change(&incident.action)).replace("  ", " ").trim().to_owned()
}

/// Somebody of an id of ours has a page, unless what failed was making it.
fn whom(incident: &Incident, who: Affected) -> Who {
    let path = match incident.resource_type.as_deref() {
        Some("User") => Some("/users"),
        Some("Group") => Some(super::groups::PATH),
        _ => None,
    };
    let href = path.filter(|_| incident.action != "create").map(|path| format!("{path}/{}", who.id));
    Who { label: who.label.unwrap_or_else(|| format!("unknown ({})", who.id)), href }
}

fn event(event: &IncidentEvent) -> Event {
    let text = match event.kind {
        IncidentEventKind::Opened => "First failure",
        IncidentEventKind::Grew => "More failures",
        IncidentEventKind::Acknowledged => "Acknowledged",
        IncidentEventKind::Snoozed => "Snoozed",
        IncidentEventKind::Woke => "Open again: the time to hear nothing is over",
        IncidentEventKind::Retried => "Tried again",
        IncidentEventKind::Reopened => "Open again: it fails again",
        IncidentEventKind::Resolved => "Resolved",
    };
    let by = event.actor.as_deref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    Event { at: When(event.at_ms), text: format!("{text}{by}; {} so far", show::plural(event.failures, "failure", "failures")) }
}

fn row(item: Item) -> Row {
    Row {
        at: When(item.at_ms),
        href: item.operation.map(|id| format!("{}/{id}", operations::PATH)),
        about: item.subject.unwrap_or_default(),
        count: display::number(item.failures),
        stands: match (item.settled, item.retryable) {
            (true, _) => "settled",
            (false, true) => "can be tried again",
            (false, false) => "the directory sends it again",
        },
    }
}
