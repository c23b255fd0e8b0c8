//! One user.

use super::{
    attributes::{Attribute, attributes},
    operations::{self, Row},
    show::{self, State, When},
    users::source,
};
use crate::console::{
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    visit::Visit,
};
use askama::Template;
use muster_domain::UserId;
use muster_store::{
    console_pages::{self, Person, person},
    log::{self, OperationQuery},
    now_ms,
};
use serde_json::Value;

/// Operations of its timeline that its page shows; the list of operations has all.
const TIMELINE: u32 = 25;

#[derive(Template)]
#[template(path = "console/pages/user.html")]
struct UserPage {
    page: Page,
    heading: String,
    user_id: String,
    id: UserId,
    state: State,
    role: &'static str,
    scim_administrator: bool,
    source: &'static str,
    created: When,
    modified: When,
    attributes: Vec<Attribute>,
    groups: Vec<Group>,
    aliases: Vec<Alias>,
    /// What happened to it, newest first.
    rows: Vec<Row>,
    caption: &'static str,
    /// All operations about it, when there are more.
    all_operations: Option<String>,
}

struct Group {
    href: String,
    name: String,
}

struct Alias {
    old_id: String,
    expires: When,
    over: bool,
    hits: String,
    last_used: Option<When>,
}

/// `GET /users/{id}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let id = UserId(visit.id(0)?);
    let found = visit.read(person(visit.store(), visit.account(), id)).await?.ok_or(Problem::NotFound)?;
    let query = OperationQuery { resource: Some(id.0), limit: TIMELINE, ..OperationQuery::default() };
    let timeline = visit.read(log::list(visit.store(), visit.account(), &query)).await?;
    let heading = found.resource.get("displayName").and_then(Value::as_str).unwrap_or(&found.user_id).to_owned();
    visit.html(&UserPage {
        page: visit.page(Entry::Users, heading.clone()),
        heading,
        id,
        state: show::active(found.active),
        role: found.role.title(),
        scim_administrator: found.scim_administrator,
        source: source(found.resource.contains_key("externalId")),
        created: When(found.created_ms),
        modified: When(found.modified_ms),
        attributes: attributes(&found.resource),
        groups: groups(&found),
        aliases: found.aliases.iter().map(alias).collect(),
        all_operations: timeline.next.map(|_| format!("{}?resource={id}", operations::PATH)),
        rows: timeline.operations.iter().map(Row::new).collect(),
        caption: "Operations about this user, newest first",
        user_id: found.user_id,
    })
}

fn groups(person: &Person) -> Vec<Group> {
    let groups = person.resource.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |group: &Value, name: &str| group.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut groups: Vec<Group> = groups
        .iter()
        .map(|group| Group { href: format!("{}/{}", super::groups::PATH, text(group, "value")), name: text(group, "display") })
        .collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

fn alias(alias: &console_pages::Alias) -> Alias {
    Alias {
        old_id: alias.old_id.clone(),
        expires: When(alias.expires_ms),
        over: alias.expires_ms <= now_ms(),
        hits: show::plural(alias.hits, "time", "times"),
        last_used: alias.last_used_ms.map(When),
    }
}
