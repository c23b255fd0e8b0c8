//! The ledger: what every write was answered, and what may therefore be found at the end.
//!
//! * Acknowledged: it must be there, once, and nothing may undo it.
//! * Refused, or never sent: it must not be there, ever.
//! * Unknown, the connection broke: either.
//!
//! Every client owns the users it makes and works on one at a time, in order, so what may be found is known for each. After an
//! unknown it leaves that user alone: a late effect of the unknown may then not be taken for the loss of a later write.

mod audit;
mod client;
mod state;

pub use audit::audit;
pub use client::{Client, Limits, shared_group};
pub use state::Book;
