//! Lists: what is asked for, and what comes back.

use super::{
    Include, SCAN_MAX, cursor, index,
    order::{Anchor, Position},
    walk::Row,
};
use crate::{Store, StoreError};
use muster_domain::AccountId;
use muster_scim::{Filter, Resource, ResourceType, ScimError, ScimType, Sort};

/// Which resources of one type, in which order, and which part of them.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Users or groups.
    pub resource_type: ResourceType,
    /// Only those that match.
    pub filter: Option<Filter>,
    /// In this order; in order of id without one.
    pub sort: Option<Sort>,
    /// What else to load.
    pub include: Include,
}

/// A page of a list. Several selections are one list, in one order.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// One for each type of resource. All of them have the same order.
    pub selections: Vec<Selection>,
    /// Which page.
    pub paging: Paging,
}

/// Which part of a list.
#[derive(Clone, Debug)]
pub enum Paging {
    /// By number.
    Index {
        /// The first one, counted from 1.
        start: u64,
        /// The most of them; 0 asks for the total only.
        count: u64,
    },
    /// By place (RFC 9865).
    Cursor {
        /// Where it begins; at the start of the list without one.
        from: Option<Anchor>,
        /// The most of them; 0 asks for the total only.
        count: u64,
    },
}

/// A page of resources.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many match in all. Always known of a page by number; of a page by place only where it costs little.
    pub total: Option<u64>,
    /// Those of this page, rendered but for `meta.location`.
    pub resources: Vec<(ResourceType, Resource)>,
    /// Where the next page begins, when there may be one. Pages by place only.
    pub next: Option<Anchor>,
    /// Where the page before this one begins, when there may be one. Pages by place only.
    pub previous: Option<Anchor>,
}

/// Why a list cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The client asked for too much.
    #[error(transparent)]
    Refused(#[from] ScimError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for ListError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// A page of resources.
///
/// # Errors
/// [`ListError::Refused`] when the filter would have to be held against, or the order made of, more than [`SCAN_MAX`] resources;
/// [`ListError::Store`] when the database fails.
pub async fn list(store: &Store, account: AccountId, query: &ListQuery) -> Result<Page, ListError> {
    match &query.paging {
        Paging::Index { start, count } => index::list(store, account, &query.selections, start.saturating_sub(1), *count).await,
        Paging::Cursor { count: 0, .. } => index::list(store, account, &query.selections, 0, 0).await,
        Paging::Cursor { from, count } => cursor::list(store, account, &query.selections, from.as_ref(), *count).await,
    }
}

/// A row and its type.
pub(super) type Typed = (ResourceType, Row);

/// Lists that are ordered each, as one ordered list.
pub(super) fn merged(mut lists: Vec<Vec<Typed>>, descending: bool) -> Vec<Typed> {
    if lists.len() == 1 {
        return lists.pop().unwrap_or_default();
    }
    let mut all: Vec<Typed> = lists.into_iter().flatten().collect();
    all.sort_by(|(_, a), (_, b)| Position::compare(&a.position, &b.position, descending));
    all
}

pub(super) fn descending(selections: &[Selection]) -> bool {
    selections.first().and_then(|selection| selection.sort.as_ref()).is_some_and(|sort| sort.descending)
}

pub(super) fn too_many(what: &str) -> ListError {
    ListError::Refused(ScimError::bad_request(
        ScimType::TooMany,
        format!(
            "{what} more than {SCAN_MAX} resources: add a condition on userName, externalId, emails.value, id, meta.lastModified or \
             (groups) displayName"
        ),
    ))
}
