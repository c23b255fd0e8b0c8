//! The list of users.
//!
//! In order of user id; looked for by the beginning of a user id or of an address. Who is found by the user id comes first, then who is
//! found by the address only: two segments, each walked by its index, one after the other.
//!
//! **Every part takes a bounded time.** A condition that only few fulfil has an index of its own in the order of the list. Any other is
//! judged while walking, of [`WINDOW`] rows at most: a part that has seen so many ends there, full or not, and the next one goes on.

use super::part::{Part, Place};
use crate::{Dialect, Store, StoreError, filter_sql::after_prefix};
use muster_domain::{AccountId, LoginKey, Role, UserId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use uuid::Uuid;

/// Rows one part looks at. A quarter of what takes ten milliseconds.
pub(super) const WINDOW: u32 = 2_500;

/// Which users to list.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Whose user id or address begins like this; case does not matter.
    pub search: Option<String>,
    /// Who may sign in, or may not.
    pub active: Option<bool>,
    /// Of this role.
    pub role: Option<Role>,
    /// Whom a directory knows (`externalId`), or nobody but us.
    pub linked: Option<bool>,
    /// From this place on; from the beginning without one.
    pub from: Option<Place<UserPlace>>,
    /// How many at most.
    pub limit: u32,
}

/// Where a user stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPlace {
    /// Among those who are found by their address only.
    #[serde(default, rename = "m", skip_serializing_if = "std::ops::Not::not")]
    by_email: bool,
    /// What it is ordered by.
    #[serde(rename = "k")]
    key: String,
    /// And then by.
    #[serde(rename = "i")]
    id: Uuid,
}

/// A user as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// Its id.
    pub id: UserId,
    /// What it signs in with.
    pub user_id: String,
    /// Its name for people.
    pub display_name: Option<String>,
    /// Its first address.
    pub email: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
    /// Its role.
    pub role: Role,
    /// Whether a directory knows it: it has an `externalId`.
    pub linked: bool,
    /// When it was last changed, milliseconds since 1970.
    pub modified_ms: i64,
    place: UserPlace,
}

/// A part of the users of an account.
///
/// # Errors
/// When the database fails.
pub async fn users(store: &Store, account: AccountId, query: &UserQuery) -> Result<Part<ListedUser, UserPlace>, StoreError> {
    let (mut rows, mut stopped) = (Vec::new(), None);
    for walk in walks(account, query) {
        let wanted = query.limit + 1 - u32::try_from(rows.len()).unwrap_or(query.limit);
        let found = store.reader().query_all_raw(walk.rows(store, wanted)).await?;
        let full = found.len() >= wanted as usize;
        for row in &found {
            rows.push(walk.read(row)?);
        }
        if full {
            break;
        }
        if let Some(end) = store.reader().query_one_raw(walk.end_of_window(store)).await? {
            stopped = Some(walk.place(&end)?);
            break;
        }
    }
    Ok(Part::met(rows, query.limit, query.from.as_ref(), stopped, |user| user.place.clone()))
}

/// The segments from the place on, in the direction of the walk.
pub(super) fn walks(account: AccountId, query: &UserQuery) -> Vec<Walk> {
    let backwards = query.from.as_ref().is_some_and(|from| from.backwards);
    let search = query.search.as_deref().map(|text| LoginKey::of(text).into_string()).filter(|key| !key.is_empty());
    let segments: &[bool] = match (&search, backwards) {
        (None, _) => &[false],
        (Some(_), false) => &[false, true],
        (Some(_), true) => &[true, false],
    };
    let began = query.from.as_ref().and_then(|from| segments.iter().position(|by_email| *by_email == from.at.by_email)).unwrap_or(0);
    segments[began..]
        .iter()
        .map(|by_email| {
            let from = query.from.as_ref().map(|from| &from.at).filter(|at| at.by_email == *by_email);
            Walk::new(account, query, search.as_deref(), *by_email, backwards, from)
        })
        .collect()
}

/// One segment of the list, from a place on.
pub(super) struct Walk {
    by_email: bool,
    backwards: bool,
    /// What is walked along.
    index: &'static str,
    /// Which rows are walked over.
    within: String,
    /// Which of them are shown.
    shown: String,
    values: Vec<Value>,
}

impl Walk {
    fn new(account: AccountId, query: &UserQuery, search: Option<&str>, by_email: bool, backwards: bool, from: Option<&UserPlace>) -> Self {
        let index = if by_email { "users_email_key" } else { "users_login_key" };
        let mut walk = Self { by_email, backwards, index, within: String::new(), shown: String::new(), values: vec![account.0.into()] };
        let key = walk.key();
        // Nothing is less, and NULL is not greater: so a planner knows that the partial index has them all.
        let _ = write!(walk.within, "u.account_id = $1 AND u.{key} >= ''");
        if let Some(start) = search {
            let start_at = walk.parameter(start);
            let end_at = after_prefix(start).map(|end| walk.parameter(end));
            let range = |column: &str| match &end_at {
                Some(end) => format!("{column} >= {start_at} AND {column} < {end}"),
                None => format!("{column} >= {start_at}"),
            };
            let _ = write!(walk.within, " AND {}", range(&format!("u.{key}")));
            if by_email {
                let _ = write!(walk.shown, " AND NOT ({})", range("w.login_key"));
            }
        }
        if let Some(from) = from {
            let (beyond, key_at) = (if backwards { "<" } else { ">" }, walk.parameter(from.key.as_str()));
            if by_email {
                let id_at = walk.parameter(from.id);
                // The first half is what the index is entered by.
                let _ = write!(walk.within, " AND u.{key} {beyond}= {key_at} AND (u.{key}, u.id) {beyond} ({key_at}, {id_at})");
            } else {
                let _ = write!(walk.within, " AND u.{key} {beyond} {key_at}");
            }
        }
        walk.conditions(query);
        walk
    }

    /// The first condition that few fulfil, and whose index is in this order, is walked by; the others are judged.
    fn conditions(&mut self, query: &UserQuery) {
        let mut conditions: Vec<(Option<&'static str>, String)> = Vec::new();
        if let Some(role) = query.role {
            let rare = (role != Role::User).then_some("users_list_role");
            let special = if rare.is_some() { " AND {}.role <> 'user'" } else { "" };
            conditions.push((rare, format!("{{}}.role = '{role}'{special}")));
        }
        if let Some(active) = query.active {
            let rare = (!active).then_some("users_list_inactive");
            conditions.push((rare, if active { "{}.active" } else { "NOT {}.active" }.to_owned()));
        }
        if let Some(linked) = query.linked {
            let rare = (!linked).then_some("users_list_unlinked");
            conditions.push((rare, format!("{{}}.external_id IS {}NULL", if linked { "NOT " } else { "" })));
        }
        let walked = if self.by_email { None } else { conditions.iter().position(|(rare, _)| rare.is_some()) };
        self.index = walked.and_then(|walked| conditions[walked].0).unwrap_or(self.index);
        for (position, (_, condition)) in conditions.iter().enumerate() {
            let (part, table) = if walked == Some(position) { (&mut self.within, "u") } else { (&mut self.shown, "w") };
            let _ = write!(part, " AND {}", condition.replace("{}", table));
        }
    }

    fn parameter(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    const fn key(&self) -> &'static str {
        if self.by_email { "email_key" } else { "login_key" }
    }

    fn order(&self, table: &str) -> String {
        let (key, direction) = (self.key(), if self.backwards { "DESC" } else { "ASC" });
        // A user id is unique: its index is the whole order.
        if self.by_email { format!("{table}.{key} {direction}, {table}.id {direction}") } else { format!("{table}.{key} {direction}") }
    }

    /// SQLite knows nothing of how many users an account has, and would rather sort them all than follow an index; so it is told.
    fn from(&self, store: &Store) -> String {
        match store.dialect() {
            Dialect::Sqlite => format!("users u INDEXED BY {}", self.index),
            Dialect::Postgres => "users u".to_owned(),
        }
    }

    /// The next rows that are shown, `wanted` at most.
    pub(super) fn rows(&self, store: &Store, wanted: u32) -> Statement {
        let sql = format!(
            "SELECT w.* FROM (SELECT u.id, u.user_id, u.login_key, u.email, u.email_key, u.display_name, u.active, u.role, u.external_id, \
             u.modified_ms FROM {} WHERE {} ORDER BY {} LIMIT {WINDOW}) w WHERE true{} ORDER BY {} LIMIT {wanted}",
            self.from(store),
            self.within,
            self.order("u"),
            self.shown,
            self.order("w"),
        );
        store.statement(sql, self.values.iter().cloned())
    }

    /// The last row of the window; nothing when the segment ends within it. It is the one place with an OFFSET, and that is bounded.
    pub(super) fn end_of_window(&self, store: &Store) -> Statement {
        let last = WINDOW - 1;
        let sql = format!(
            "SELECT u.id, u.login_key, u.email_key FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {last}",
            self.from(store),
            self.within,
            self.order("u")
        );
        store.statement(sql, self.values.iter().cloned())
    }

    fn place(&self, row: &QueryResult) -> Result<UserPlace, StoreError> {
        Ok(UserPlace { by_email: self.by_email, key: row.try_get("", self.key())?, id: row.try_get("", "id")? })
    }

    fn read(&self, row: &QueryResult) -> Result<ListedUser, StoreError> {
        let (role, external_id): (String, Option<String>) = (row.try_get("", "role")?, row.try_get("", "external_id")?);
        Ok(ListedUser {
            id: UserId(row.try_get("", "id")?),
            user_id: row.try_get("", "user_id")?,
            display_name: row.try_get("", "display_name")?,
            email: row.try_get("", "email")?,
            active: row.try_get("", "active")?,
            role: role.parse().map_err(|_| StoreError::Other(format!("a user has the unknown role `{role}`")))?,
            linked: external_id.is_some(),
            modified_ms: row.try_get("", "modified_ms")?,
            place: self.place(row)?,
        })
    }
}
