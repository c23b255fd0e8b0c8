//! The list of user groups.

use super::{
    export, listing,
    listing::{Pager, ROWS, search},
    show::{self, When},
    users::source,
};
use crate::{
    app::App,
    console::{nav::Entry, page::Page, problem::Answer, visit::Visit},
    refusal::Refusal,
};
use askama::Template;
use muster_domain::{AccountId, csv_line};
use muster_scim::instant_text;
use muster_store::console_pages::{GroupQuery, ListedGroup, Place, groups};
use std::sync::Arc;

pub(super) const PATH: &str = "/configuration/groups";

#[derive(Template)]
#[template(path = "console/pages/groups.html")]
struct GroupsPage {
    page: Page,
    q: String,
    rows: Vec<Row>,
    pager: Pager,
    export: String,
}

struct Row {
    href: String,
    name: String,
    members: String,
    source: &'static str,
    modified: When,
}

/// `GET /configuration/groups`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let query = GroupQuery { search: search(visit)?, from: listing::place(visit)?, limit: ROWS };
    let part = visit.read(groups(visit.store(), visit.account(), &query)).await?;
    let q = query.search.unwrap_or_default();
    visit.html(&GroupsPage {
        page: visit.page(Entry::Groups, "User Groups"),
        pager: Pager::new(PATH, &[("q", q.as_str())], query.from.as_ref(), part.previous.as_ref(), part.next.as_ref()),
        export: listing::address("/configuration/groups.csv", &[("q", q.as_str())]),
        rows: part.rows.into_iter().map(row).collect(),
        q,
    })
}

fn row(group: ListedGroup) -> Row {
    Row {
        href: format!("{PATH}/{}", group.id),
        name: group.display_name,
        members: show::counted(group.members),
        source: source(group.linked),
        modified: When(group.modified_ms),
    }
}

/// `GET /configuration/groups.csv`: everything the filter lets through.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let query = GroupQuery { search: search(visit)?, from: None, limit: listing::EXPORTED };
    let (account, heading) = (visit.account(), csv_line(["display_name", "members", "source", "changed", "id"]));
    let read = move |app, from| chunk(app, account, GroupQuery { from, ..query.clone() });
    export::csv(visit.app, "attachment; filename=\"groups.csv\"", heading, None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, query: GroupQuery) -> Result<export::Chunk<Option<Place<String>>>, Refusal> {
    let part = app.read(groups(&app.store, account, &query)).await?;
    Ok((part.rows.iter().map(line).collect(), part.next.map(Some)))
}

fn line(group: &ListedGroup) -> String {
    let members = if group.members.more { format!(">{}", group.members.count) } else { group.members.count.to_string() };
    let source = if group.linked { "directory" } else { "local" };
    csv_line([group.display_name.as_str(), &members, source, &instant_text(group.modified_ms), &group.id.to_string()])
}
