//! Reading users and groups: by id, and as filtered, ordered pages.
//!
//! Without `sortBy` a list is read in order of id, which is the order of creation and never changes. An order that a column knows
//! is the database's (module `order`); any other is made in memory, of at most [`SCAN_MAX`] resources (module `sorted`). A filter
//! that SQL can say in full is counted and paged by the database; any other is read through in order, each row judged by the
//! filter itself (module `filter_sql`), up to [`SCAN_MAX`] rows, or a page's worth at a time where a cursor remembers the place.
//!
//! Whatever a list needs of another table comes in the same statement, but for the members of groups, which may be many.

mod cursor;
mod index;
mod list;
mod one;
mod order;
mod related;
mod sorted;
mod table;
mod walk;

pub use list::{ListError, ListQuery, Page, Paging, Selection, list};
pub(crate) use one::get_from;
pub use one::{UserSummary, find_user_by_user_id, get, member_count, summary};
pub use order::{Anchor, Position};

/// How many rows a filter that SQL cannot say may be held against, and how many resources are ordered in memory.
pub const SCAN_MAX: usize = 200_000;

/// What of a resource lives in other tables and is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// The members of groups.
    pub members: bool,
    /// The groups of users.
    pub groups: bool,
}

#[cfg(test)]
mod tests;
