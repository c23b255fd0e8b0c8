//! The shapes of provisioning traffic. Each client of a shape works through its requests one after the other, as a directory does.

mod create;
mod list;
mod members;
mod mix;

use crate::{
    http::{Connection, Target},
    record::Record,
};
use anyhow::Result;
use clap::ValueEnum;
use std::time::Instant;

/// What to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Every client creates users as fast as it is answered.
    CreateBurst,
    /// The same, one second by address and the next by mailbox name: what it costs to look for the person under the mailbox name, too.
    CreateByTurns,
    /// Clients that create one user at a time, with a pause between them.
    IdlePost,
    /// What Entra ID does in a cycle: filter, GET, PATCH, disable or enable, POST, add to a group, in equal parts.
    EntraMix,
    /// Users looked up by userName.
    FilterLookup,
    /// Users listed page by page.
    ListPaging,
    /// Users listed page by page with cursors (RFC 9865), from the first to the last.
    CursorWalk,
    /// One user by each indexed attribute in turn, with what filters are made of around it.
    IndexedFilters,
    /// One member added to a large group, and removed again so that there is always one to add.
    MemberAdd,
}

/// What a shape needs to know.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The shape.
    pub shape: Shape,
    /// Where to.
    pub target: Target,
    /// How many users `user_name` can name.
    pub users: usize,
    /// How many members the large group has.
    pub members: usize,
    /// The pause of `IdlePost`.
    pub pause_ms: u64,
    /// What makes new names new, run after run.
    pub run: String,
    /// Groups and ids that were made ready beforehand.
    pub ready: Ready,
}

/// What was made ready before the measurement.
#[derive(Clone, Debug, Default)]
pub struct Ready {
    /// A group.
    pub group: String,
    /// Users that can be added to it.
    pub spare: Vec<String>,
}

impl Plan {
    /// Makes ready what the shape needs; not measured.
    ///
    /// # Errors
    /// When the service does not do its part.
    pub async fn prepare(&mut self, clients: usize) -> Result<()> {
        let mut connection = Connection::open(&self.target).await?;
        match self.shape {
            Shape::EntraMix => self.ready.group = members::new_group(&mut connection, &self.run).await?,
            Shape::MemberAdd => self.ready = members::fill(&mut connection, self, clients).await?,
            _ => {}
        }
        Ok(())
    }

    /// One client's work until `end`.
    ///
    /// # Errors
    /// When a connection breaks.
    pub async fn work(&self, client: usize, end: Instant) -> Result<Record> {
        let mut connection = Connection::open(&self.target).await?;
        let mut record = Record::default();
        let mut rng = fastrand::Rng::with_seed(client as u64);
        match self.shape {
            Shape::CreateBurst => create::burst(self, client, &mut connection, &mut record, end).await?,
            Shape::CreateByTurns => create::by_turns(self, client, &mut connection, &mut record, end).await?,
            Shape::IdlePost => create::idle(self, client, &mut connection, &mut record, end).await?,
            Shape::EntraMix => mix::cycle(self, client, &mut rng, &mut connection, &mut record, end).await?,
            Shape::FilterLookup => list::lookup(self, &mut rng, &mut connection, &mut record, end).await?,
            Shape::ListPaging => list::walk(self, &mut rng, &mut connection, &mut record, end).await?,
            Shape::CursorWalk => list::walk_by_cursor(&mut connection, &mut record, end).await?,
            Shape::IndexedFilters => list::indexed(self, &mut rng, &mut connection, &mut record, end).await?,
            Shape::MemberAdd => members::add(self, client, &mut connection, &mut record, end).await?,
        }
        Ok(record)
    }
}

/// The userName of the seeded user with this number: what the CSV for `muster user import` holds.
#[must_use]
pub fn user_name(number: usize) -> String {
    format!("user{number}@bench.test")
}

/// A filter by userName, as Entra ID writes it.
fn filter_path(user_name: &str) -> String {
    format!("/Users?filter=userName+eq+%22{}%22", user_name.replace('@', "%40"))
}
