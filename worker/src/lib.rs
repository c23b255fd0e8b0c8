//! The worker: takes operations from the queue and applies them to the database, in batches.
//!
//! ```text
//! queue ──> apalis handlers ──> committer ──> applier ──> one transaction ──> outcomes ──> replies, then the ack
//! ```
//!
//! Handlers do nothing but hand their operations to the one `committer` and wait. The committer takes whatever is there, up to
//! `batch_max` operations and a fair share from each account, and gives it to the [`Applier`]. While that transaction commits,
//! the next batch gathers by itself: under load batches grow, and at rest an operation is applied the moment it arrives.
//!
//! Beside that it runs conversions (see [`conversion`]).
//!
//! Only after the COMMIT are the replies sent, and only after the replies is a message acknowledged. Killed at any point, the
//! worker's messages are delivered again to another, where the log of operations makes sure that nothing happens twice.
//!
//! Beside them runs a `sweep`er, which enqueues again what was promised and got lost on the way.

mod apply;
mod committer;
pub mod conversion;
mod housekeeping;
pub mod mail;
mod measure;
mod queue_watch;
mod run;
mod spans;
mod sweep;

pub use apply::{Applier, ApplySettings, Clock};
pub use committer::CommitterStats;
pub use conversion::ConversionSettings;
pub use run::{WorkerError, WorkerSettings, run};
