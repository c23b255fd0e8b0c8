//! What travels through the queue.

use crate::{GatewayId, Operation, OperationId, Outcome};
use serde::{Deserialize, Serialize};

/// Operations that left one gateway together. Not the unit of anything but transport: a worker applies whatever is queued, from
/// any number of these, in one database transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationBatch {
    /// The layout of this message. A worker sets aside what it does not understand instead of guessing.
    pub v: u32,
    /// The gateway that waits for the outcomes; none when nobody does.
    pub reply_to: Option<GatewayId>,
    /// The operations, in the order of arrival.
    pub operations: Vec<Operation>,
}

impl OperationBatch {
    /// The layout this build writes. 2 knows operations of bulk requests and acknowledged ones, which a worker that does not know them
    /// would apply as if nothing tied them together, or end for being late.
    pub const VERSION: u32 = 2;
    /// The oldest layout this build reads; what a gateway of the version before sends means the same here.
    const OLDEST: u32 = 1;

    /// Whether this build understands the layout of this message.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.v >= Self::OLDEST && self.v <= Self::VERSION
    }

    /// A message of this build's layout.
    #[must_use]
    pub fn new(reply_to: Option<GatewayId>, operations: Vec<Operation>) -> Self {
        Self { v: Self::VERSION, reply_to, operations }
    }
}

/// The outcome of one operation, on its way back to the gateway that waits for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The operation.
    pub operation: OperationId,
    /// What became of it.
    pub outcome: Outcome,
}
