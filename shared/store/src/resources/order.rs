//! Places in an ordered list, and the orders that the database knows.

use muster_scim::{ResourceType, Sort, SortKey};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use uuid::Uuid;

/// Where a resource stands in a list: by what it is ordered, then by its id. It remains a place when the resource is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// What it is ordered by; none when it has no value there, or the list is in order of id.
    #[serde(default, rename = "k", skip_serializing_if = "Option::is_none")]
    pub key: Option<SortKey>,
    /// Its id.
    #[serde(rename = "i", with = "uuid::serde::simple")]
    pub id: Uuid,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// Next to this place.
    #[serde(rename = "p")]
    pub position: Position,
    /// The page is what comes before it, not what comes after.
    #[serde(default, rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub backwards: bool,
    /// What stands at the place belongs to the page.
    #[serde(default, rename = "w", skip_serializing_if = "std::ops::Not::not")]
    pub inclusive: bool,
}

impl Anchor {
    pub(super) const fn after(position: Position) -> Self {
        Self { position, backwards: false, inclusive: false }
    }

    pub(super) const fn before(position: Position) -> Self {
        Self { position, backwards: true, inclusive: false }
    }
}

impl Position {
    /// Which of two comes first. Equal keys are ordered by id; one direction is exactly the other reversed.
    pub(super) fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ascending = SortKey::compare(self.key.as_ref(), other.key.as_ref()).then_with(|| self.id.cmp(&other.id));
        if descending { ascending.reverse() } else { ascending }
    }
}

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Order {
    /// By this column, and then by id; by id alone without one.
    pub column: Option<Column>,
    /// No row has a value to be ordered by: as a part of a list of several types, all of them belong to its end.
    pub valueless: bool,
    /// Largest first.
    pub descending: bool,
}

/// The rows with a value in the ordering column, those without, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    All,
    Present,
    Absent,
}

impl Order {
    /// In order of id.
    pub(super) const BY_ID: Self = Self { column: None, valueless: false, descending: false };

    /// The segments there are, in the direction that goes up, or down.
    pub(super) const fn segments(&self, down: bool) -> &'static [Segment] {
        match (self.column, down) {
            (None, _) if self.valueless => &[Segment::Absent],
            (None, _) => &[Segment::All],
            (Some(Column { nullable: false, .. }), _) => &[Segment::Present],
            (Some(_), false) => &[Segment::Present, Segment::Absent],
            (Some(_), true) => &[Segment::Absent, Segment::Present],
        }
    }
}

/// A column that orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    /// Its expression.
    pub sql: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// It is NULL where a resource has no value.
    pub nullable: bool,
    /// No two rows have the same.
    pub unique: bool,
}

/// What a column that orders holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Moment,
    Flag,
}

/// The order of rows that is this order of resources; None when no column knows it.
pub(super) fn of(resource_type: ResourceType, sort: Option<&Sort>) -> Option<Order> {
    let Some(sort) = sort else { return Some(Order::BY_ID) };
    let by = |column: Option<Column>| Some(Order { column, valueless: false, descending: sort.descending });
    let Some(path) = &sort.path else {
        return Some(Order { column: None, valueless: true, descending: sort.descending });
    };
    if path.urn.is_some() {
        return None;
    }
    let text = |sql, nullable| Some(Column { sql, kind: Kind::Text, nullable, unique: !nullable });
    let moment = |sql| Some(Column { sql, kind: Kind::Moment, nullable: false, unique: false });
    match (resource_type, path.attr.as_str(), path.sub.as_deref()) {
        (_, "id", None) => by(None),
        (ResourceType::User, "userName", None) => by(text("u.login_key", false)),
        (ResourceType::Group, "displayName", None) => by(text("g.display_key", false)),
        (ResourceType::User, "externalId", None) => by(text("u.external_id", true)),
        (ResourceType::Group, "externalId", None) => by(text("g.external_id", true)),
        (ResourceType::User, "meta", Some("created")) => by(moment("u.created_ms")),
        (ResourceType::Group, "meta", Some("created")) => by(moment("g.created_ms")),
        (ResourceType::User, "meta", Some("lastModified")) => by(moment("u.modified_ms")),
        (ResourceType::Group, "meta", Some("lastModified")) => by(moment("g.modified_ms")),
        (ResourceType::Custom(_), "externalId", None) => by(text("c.external_id", true)),
        (ResourceType::Custom(_), "meta", Some("created")) => by(moment("c.created_ms")),
        (ResourceType::Custom(_), "meta", Some("lastModified")) => by(moment("c.modified_ms")),
        (ResourceType::User, "active", None) => {
            let sql = "CAST(CASE WHEN u.active THEN 1 ELSE 0 END AS bigint)";
            by(Some(Column { sql, kind: Kind::Flag, nullable: false, unique: false }))
        }
        _ => None,
    }
}
