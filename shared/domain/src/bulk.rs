//! What ties the operations of one bulk request together (RFC 7644 §3.7).

use crate::{Operation, OperationId};
use serde::{Deserialize, Serialize};

/// An operation's part in its bulk request.
///
/// The operations of a bulk travel in one message, in order, and are applied in one transaction: only together can they refer to
/// one another, and stop where the client wants them to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkPart {
    /// After so many errors, what follows is not applied (`failOnErrors`); none means all are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_on_errors: Option<u32>,
    /// How many operations before this one the gateway refused already.
    #[serde(default)]
    pub errors_before: u32,
    /// The operations of the same bulk that make what this one refers to (`bulkId`), before it or after it. It is not applied
    /// unless they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<OperationId>,
}

impl Operation {
    /// Whether two operations came in the same bulk request.
    #[must_use]
    pub fn same_bulk(&self, other: &Self) -> bool {
        self.bulk.is_some() && other.bulk.is_some() && self.account == other.account && self.request_id == other.request_id
    }
}
