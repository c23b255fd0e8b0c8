//! Running conversions: plan, run, undo, as slices of at most a minute.
//!
//! ```text
//! service: every few seconds, is there a run nobody works on? ── lease ──> slice ── chunk, chunk, chunk ──> lease given back
//! ```
//!
//! The database is the record: what is to be done, how far it is, who does it. A slice asks its [`Pace`] before each chunk how
//! many rows it may touch, or how long and why it has to wait. Every chunk is one short transaction that also moves the run's
//! cursor, so that a slice can end, or its process be killed, between or within any two statements.
//!
//! What can go wrong with a chunk is answered where it happens: a user id that is taken halves the chunk down to the one row, and
//! that row goes to the sweep; a row that is locked, changed or gone goes to the sweep at once; a run that was paused, cancelled or
//! taken over ends the slice. A database that is away ends it too, and the next slice goes on from the cursor.

mod governor;
mod ordered;
mod pace;
mod plan;
mod references;
mod samples;
mod service;
mod slice;
mod sweep;
mod undo;
mod users;
mod verify;

#[cfg(test)]
mod tests;

pub use governor::{Governor, Governors};
pub use pace::{Chunk, FixedRate, Moment, Pace, PaceFactory, Step, fixed_rate};
pub use service::{ConversionSettings, run_conversions};
pub use slice::{SliceEnd, run_slice};
