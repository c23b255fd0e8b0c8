//! One user group, with its members.

use super::{
    attributes::{Attribute, attributes},
    export,
    groups::PATH,
    listing::{self, Pager, ROWS},
    operations,
    show::{self, State, When},
    users::source,
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
use muster_domain::{AccountId, GroupId, csv_line};
use muster_scim::{Resource, ResourceType, instant_ms};
use muster_store::{
    console_pages::{Member, Place, members},
    resources::{self, Include},
};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Members that are counted; one more is "more than".
const COUNTED: u32 = 10_000;

#[derive(Template)]
#[template(path = "console/pages/group.html")]
struct GroupPage {
    page: Page,
    id: GroupId,
    name: String,
    source: &'static str,
    members: String,
    created: Option<When>,
    modified: Option<When>,
    attributes: Vec<Attribute>,
    rows: Vec<Row>,
    pager: Pager,
    export: String,
    operations: String,
}

struct Row {
    href: String,
    name: String,
    display_name: String,
    kind: &'static str,
    state: Option<State>,
}

/// `GET /configuration/groups/{id}`
pub(super) async fn get(visit: &Visit<'_>) -> Answer {
    let (group, id) = find(visit).await?;
    let (store, account, from) = (visit.store(), visit.account(), listing::place(visit)?);
    let part = visit.read(members(store, account, id, from.as_ref(), ROWS)).await?;
    let counted = visit.read(resources::member_count(store, account, id.0, COUNTED + 1)).await?;
    let path = format!("{PATH}/{id}");
    let text = |name: &str| group.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let moment = |name: &str| group.get("meta").and_then(|meta| meta.get(name)).and_then(Value::as_str).and_then(instant_ms).map(When);
    visit.html(&GroupPage {
        page: visit.page(Entry::Groups, text("displayName")),
        id,
        name: text("displayName"),
        source: source(group.contains_key("externalId")),
        members: show::counted(show::at_most(counted, COUNTED)),
        created: moment("created"),
        modified: moment("lastModified"),
        attributes: attributes(&group).into_iter().filter(|attribute| attribute.name != "displayName").collect(),
        rows: part.rows.into_iter().map(row).collect(),
        pager: Pager::new(&path, &[], from.as_ref(), part.previous.as_ref(), part.next.as_ref()),
        export: format!("{path}/members.csv"),
        operations: listing::address(operations::PATH, &[("resource", &id.to_string())]),
    })
}

/// The group the address names, without its members.
async fn find(visit: &Visit<'_>) -> Result<(Resource, GroupId), Problem> {
    let id = visit.id(0)?;
    let group = visit.read(resources::get(visit.store(), visit.account(), ResourceType::Group, id, Include::default())).await?;
    Ok((group.ok_or(Problem::NotFound)?, GroupId(id)))
}

fn row(member: Member) -> Row {
    let path = if member.is_group { PATH } else { "/users" };
    Row {
        href: format!("{path}/{}", member.id),
        name: member.name.unwrap_or_else(|| member.id.to_string()),
        display_name: member.display_name.unwrap_or_default(),
        kind: if member.is_group { "Group" } else { "User" },
        state: member.active.map(show::active),
    }
}

/// `GET /configuration/groups/{id}/members.csv`
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let ((_, id), account) = (find(visit).await?, visit.account());
    let read = move |app, from| chunk(app, account, id, from);
    export::csv(visit.app, "attachment; filename=\"members.csv\"", csv_line(["name", "display_name", "kind", "active", "id"]), None, read)
}

async fn chunk(
    app: Arc<App>,
    account: AccountId,
    id: GroupId,
    from: Option<Place<Uuid>>,
) -> Result<export::Chunk<Option<Place<Uuid>>>, Refusal> {
    let part = app.read(members(&app.store, account, id, from.as_ref(), listing::EXPORTED)).await?;
    Ok((part.rows.iter().map(line).collect(), part.next.map(Some)))
}

fn line(member: &Member) -> String {
    csv_line([
        member.name.as_deref().unwrap_or_default(),
        member.display_name.as_deref().unwrap_or_default(),
        if member.is_group { "group" } else { "user" },
        member.active.map_or("", |active| if active { "true" } else { "false" }),
        &member.id.to_string(),
    ])
}
