//! The log of operations.

use super::{
    export, listing,
    listing::{Choice, Pager, ROWS, choice, choices},
    show::{self, State, When},
};
use crate::{
    app::App,
    console::{
        nav::Entry,
        page::Page,
        problem::{Answer, Problem},
        visit::Visit,
    },
    refusal::Refusal,
};
use askama::Template;
use muster_domain::{AccountId, KeyId, OperationId, OutcomeCode};
use muster_scim::{ResourceType, instant_ms};
use muster_store::{
    incidents,
    log::{self, LoggedOperation, OperationQuery},
    resources,
};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

pub(super) const PATH: &str = "/provisioning/operations";
/// Operations one page looks at for those it shows.
const WINDOW: u32 = 5_000;
/// The value of the filter "outcome" that means every failure.
pub(super) const FAILED: &str = "failed_all";
const CHANGES: [&str; 4] = ["create", "replace", "patch", "delete"];

#[derive(Template)]
#[template(path = "console/pages/operations.html")]
struct OperationsPage {
    page: Page,
    filter: Filter,
    outcomes: Vec<Choice>,
    changes: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    caption: &'static str,
    pager: Pager,
    export: String,
    /// The page ended before it was full.
    partial: bool,
}

/// The filter as the form shows it again.
struct Filter(Vec<(&'static str, String)>);

/// What the form has fields for, and what comes with links from other pages only.
const FIELDS: [&str; 6] = ["outcome", "change", "type", "user", "since", "until"];
const LINKED: [&str; 4] = ["resource", "incident", "key", "request"];

impl Filter {
    fn of(visit: &Visit<'_>) -> Self {
        Self(FIELDS.into_iter().chain(LINKED).map(|name| (name, visit.query.text(name).to_owned())).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }

    fn is_set(&self) -> bool {
        self.0.iter().any(|(_, value)| !value.is_empty())
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// What the form has no field for and must not lose.
    fn linked(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.0.iter().filter(|(name, value)| LINKED.contains(name) && !value.is_empty())
    }
}

/// An operation in a list.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) accepted: When,
    pub(super) change: String,
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) about_href: Option<String>,
    pub(super) outcome: State,
    pub(super) status: i64,
    pub(super) took: String,
    pub(super) incident: Option<i64>,
}

impl Row {
    pub(super) fn new(operation: &LoggedOperation) -> Self {
        Self {
            href: format!("{PATH}/{}", operation.id),
            accepted: When(operation.accepted_ms),
            change: show::change(&operation.change).to_owned(),
            kind: operation.resource_type.to_lowercase(),
            about: about(operation),
            about_href: resource_href(operation),
            outcome: show::outcome(&operation.code),
            status: operation.status,
            took: took(operation).map(show::length).unwrap_or_default(),
            incident: operation.incident_number,
        }
    }
}

/// From accepted to written down, milliseconds, when the log has kept it.
pub(super) fn took(operation: &LoggedOperation) -> Option<i64> {
    operation.detail.as_ref().map(|detail| detail.waited_ms.max(0) + detail.worked_ms)
}

/// Whom it is about, as far as the log may show it; otherwise the end of the id, which is what tells ids apart.
pub(super) fn about(operation: &LoggedOperation) -> String {
    let request = operation.detail.as_ref().map(|detail| &detail.request);
    let named = |name: &str| request.and_then(|request| request.get(name)).and_then(Value::as_str).filter(|text| *text != "***");
    let id = operation.resource_id.simple().to_string();
    named("userName").or_else(|| named("displayName")).map_or_else(|| format!("…{}", &id[id.len() - 8..]), str::to_owned)
}

/// The page of its user or group; none when nobody can be there: it was not made, or it was deleted.
pub(super) fn resource_href(operation: &LoggedOperation) -> Option<String> {
    let gone = match operation.change.as_str() {
        "create" => operation.status >= 400,
        "delete" => operation.status < 400,
        _ => false,
    };
    let path = match operation.resource_type.as_str() {
        "User" => "/users",
        "Group" => super::groups::PATH,
        _ => return None,
    };
    (!gone).then(|| format!("{path}/{}", operation.resource_id))
}

/// `GET /provisioning/operations`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let (filter, query) = (Filter::of(visit), query(visit).await?);
    let found = visit.read(log::list_within(visit.store(), visit.account(), &query, WINDOW)).await?;
    let with = |name, value: String| {
        let mut query = filter.query();
        query.push((name, &value));
        listing::address(PATH, &query)
    };
    let pager = Pager {
        first: query.after.map(|_| listing::address(PATH, &filter.query())),
        previous: None,
        next: found.next.map(|next| with("after", next.to_string())),
    };
    visit.html(&OperationsPage {
        page: visit.page(Entry::Operations, "Operations"),
        outcomes: outcomes(filter.get("outcome")),
        changes: choices(CHANGES.map(|change| (change, show::change(change))), filter.get("change")),
        kinds: choices([("User", "Users"), ("Group", "Groups")], filter.get("type")),
        partial: found.next.is_some() && found.operations.len() < ROWS as usize,
        rows: found.operations.iter().map(Row::new).collect(),
        caption: "Operations, newest first",
        export: listing::address("/provisioning/operations.csv", &filter.query()),
        filter,
        pager,
    })
}

/// `GET /provisioning/operations.csv`: everything the filter lets through.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let query = OperationQuery { after: None, limit: listing::EXPORTED, ..query(visit).await? };
    let account = visit.account();
    let read = move |app, after| chunk(app, account, OperationQuery { after, ..query.clone() });
    export::csv(visit.app, "attachment; filename=\"operations.csv\"", LoggedOperation::csv_heading(), None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, query: OperationQuery) -> Result<export::Chunk<Option<OperationId>>, Refusal> {
    let found = app.read(log::list_within(&app.store, account, &query, WINDOW)).await?;
    Ok((found.operations.iter().map(LoggedOperation::csv).collect(), found.next.map(Some)))
}

fn outcomes(chosen: &str) -> Vec<Choice> {
    let each = OutcomeCode::ALL.map(|code| (code.as_str(), show::outcome(code.as_str()).text));
    choices([(FAILED, "Every failure")].into_iter().chain(each), chosen)
}

async fn query(visit: &Visit<'_>) -> Result<OperationQuery, Problem> {
    let id = |text: &str| Uuid::try_parse(text).ok();
    let kind = |text: &str| match text {
        "User" => Some(ResourceType::User),
        "Group" => Some(ResourceType::Group),
        _ => None,
    };
    let mut resource = choice(visit, "resource", id)?;
    if let Some(user_id) = choice(visit, "user", |text| (!text.contains(char::is_control)).then(|| text.to_owned()))? {
        let user = visit.read(resources::find_user_by_user_id(visit.store(), visit.account(), &user_id)).await?;
        // Nobody has this id: what is about nobody is nothing.
        resource = Some(user.map_or_else(Uuid::nil, |user| user.id.0));
    }
    let mut incident = None;
    if let Some(number) = choice(visit, "incident", |text| text.parse().ok())? {
        let found = visit.read(incidents::by_number(visit.store(), visit.account(), number)).await?;
        incident = Some(found.ok_or(Problem::NotFound)?.id);
    }
    let outcome = visit.query.text("outcome");
    let failed = outcome == FAILED;
    Ok(OperationQuery {
        resource,
        resource_type: choice(visit, "type", kind)?,
        change: choice(visit, "change", |text| CHANGES.contains(&text).then(|| text.to_owned()))?,
        codes: if failed { Vec::new() } else { choice(visit, "outcome", OutcomeCode::from_word)?.into_iter().collect() },
        failed,
        key: choice(visit, "key", id)?.map(KeyId),
        request: choice(visit, "request", id)?,
        incident,
        from_ms: choice(visit, "since", instant_ms)?,
        to_ms: choice(visit, "until", instant_ms)?,
        after: choice(visit, "after", id)?.map(OperationId),
        limit: ROWS,
    })
}
