//! The list of users.

use super::{
    export, listing,
    listing::{Choice, Pager, ROWS, choice, choices, search},
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
use muster_domain::{AccountId, LoginKey, Role, csv_line};
use muster_scim::instant_text;
use muster_store::console_pages::{ListedUser, Place, UserPlace, UserQuery, users};
use std::sync::Arc;

const PATH: &str = "/users";

#[derive(Template)]
#[template(path = "console/pages/users.html")]
struct UsersPage {
    page: Page,
    filter: Filter,
    states: Vec<Choice>,
    roles: Vec<Choice>,
    sources: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
    export: String,
    /// The part ended before it was full.
    partial: bool,
}

/// The filter as the form shows it again.
struct Filter {
    q: String,
    state: String,
    role: String,
    source: String,
}

struct Row {
    href: String,
    user_id: String,
    name: String,
    /// Empty when it is the user id.
    email: String,
    state: State,
    role: &'static str,
    source: &'static str,
    modified: When,
}

impl Filter {
    fn query(&self) -> [(&str, &str); 4] {
        [("q", &self.q), ("state", &self.state), ("role", &self.role), ("source", &self.source)]
    }

    fn is_set(&self) -> bool {
        self.query().iter().any(|(_, value)| !value.is_empty())
    }
}

impl Row {
    fn new(user: ListedUser) -> Self {
        Self {
            href: format!("{PATH}/{}", user.id),
            email: user.email.filter(|email| LoginKey::of(email) != LoginKey::of(&user.user_id)).unwrap_or_default(),
            user_id: user.user_id,
            name: user.display_name.unwrap_or_default(),
            state: show::active(user.active),
            role: user.role.title(),
            source: source(user.linked),
            modified: When(user.modified_ms),
        }
    }
}

/// Where a user or a group comes from, as far as the database knows.
pub(super) const fn source(linked: bool) -> &'static str {
    if linked { "Directory" } else { "Made here" }
}

/// `GET /users`
pub(super) async fn list(visit: &Visit<'_>) -> Answer {
    let (filter, query) = query(visit)?;
    let part = visit.read(users(visit.store(), visit.account(), &query)).await?;
    let pager = Pager::new(PATH, &filter.query(), query.from.as_ref(), part.previous.as_ref(), part.next.as_ref());
    let backwards = query.from.as_ref().is_some_and(|from| from.backwards);
    let goes_on = if backwards { part.previous.is_some() } else { part.next.is_some() };
    visit.html(&UsersPage {
        page: visit.page(Entry::Users, "Users"),
        states: choices([("active", "Active"), ("disabled", "Disabled")], &filter.state),
        roles: choices(Role::ALL.map(|role| (role.as_str(), role.title())), &filter.role),
        sources: choices([("directory", source(true)), ("local", source(false))], &filter.source),
        export: listing::address("/users.csv", &filter.query()),
        partial: goes_on && part.rows.len() < ROWS as usize,
        rows: part.rows.into_iter().map(Row::new).collect(),
        filter,
        pager,
    })
}

/// `GET /users.csv`: everything the filter lets through.
pub(super) async fn export(visit: &Visit<'_>) -> Answer {
    let (_, query) = query(visit)?;
    let query = UserQuery { from: None, limit: listing::EXPORTED, ..query };
    let (account, heading) = (visit.account(), csv_line(["user_id", "display_name", "email", "active", "role", "source", "changed", "id"]));
    let read = move |app, from| chunk(app, account, UserQuery { from, ..query.clone() });
    export::csv(visit.app, "attachment; filename=\"users.csv\"", heading, None, read)
}

async fn chunk(app: Arc<App>, account: AccountId, query: UserQuery) -> Result<export::Chunk<Option<Place<UserPlace>>>, Refusal> {
    let part = app.read(users(&app.store, account, &query)).await?;
    Ok((part.rows.iter().map(line).collect(), part.next.map(Some)))
}

fn line(user: &ListedUser) -> String {
    csv_line([
        user.user_id.as_str(),
        user.display_name.as_deref().unwrap_or_default(),
        user.email.as_deref().unwrap_or_default(),
        if user.active { "true" } else { "false" },
        user.role.as_str(),
        if user.linked { "directory" } else { "local" },
        &instant_text(user.modified_ms),
        &user.id.to_string(),
    ])
}

fn query(visit: &Visit<'_>) -> Result<(Filter, UserQuery), Problem> {
    let word = |yes: &'static str, no: &'static str| move |text: &str| (text == yes || text == no).then(|| text == yes);
    let query = UserQuery {
        search: search(visit)?,
        active: choice(visit, "state", word("active", "disabled"))?,
        role: choice(visit, "role", |text| Role::ALL.into_iter().find(|role| role.as_str() == text))?,
        linked: choice(visit, "source", word("directory", "local"))?,
        from: listing::place(visit)?,
        limit: ROWS,
    };
    let text = |name: &str| visit.query.text(name).to_owned();
    Ok((Filter { q: text("q"), state: text("state"), role: text("role"), source: text("source") }, query))
}
