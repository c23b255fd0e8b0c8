//! What the pages of the console show, read as they show it.
//!
//! A list is read from a place on, in either direction, by an index in the order of the list: page ten thousand costs what page one costs,
//! and nobody is shown twice or missed while others come and go. Nothing is counted that is not bounded: a number that may be large is
//! counted up to a limit, and shown as "more than" beyond it.

mod groups;
mod overview;
mod part;
mod person;
mod users;

pub use groups::{GroupQuery, ListedGroup, Member, groups, members};
pub use overview::{AtMost, Overview, overview};
pub use part::{Part, Place};
pub use person::{Alias, Person, person};
pub use users::{ListedUser, UserPlace, UserQuery, users};

#[cfg(test)]
mod tests;
