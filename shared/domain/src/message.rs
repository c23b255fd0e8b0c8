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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(trace: Option<Value>) -> Value {
        let mut operation = json!({
            "id": "019ab1c2-5d3e-7f00-8000-000000000001", "account": "019ab1c2-5d3e-7f00-8000-000000000002", "actor": { "by": "command" },
            "resource_type": "User", "resource_id": "019ab1c2-5d3e-7f00-8000-000000000003", "change": { "do": "delete" },
            "accepted_ms": 1, "deadline_ms": 2, "request_id": "019ab1c2-5d3e-7f00-8000-000000000004"
        });
        if let Some(trace) = trace {
            operation["trace"] = trace;
        }
        json!({ "v": OperationBatch::VERSION, "reply_to": null, "operations": [operation] })
    }

    fn read(message: Value) -> OperationBatch {
        serde_json::from_value(message).expect("a message")
    }

    #[test]
    fn a_message_is_read_with_and_without_a_trace_and_never_lost_to_one() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let traced = read(message(Some(json!(text))));
        assert_eq!(traced.operations[0].trace.map(|trace| trace.to_string()).as_deref(), Some(text));
        assert_eq!(serde_json::to_value(&traced).expect("JSON")["operations"][0]["trace"], text);
        let old = read(message(None));
        assert!(old.is_readable() && old.operations[0].trace.is_none());
        assert!(serde_json::to_value(&old).expect("JSON")["operations"][0].get("trace").is_none(), "as an older gateway writes it");
        assert_eq!(read(message(Some(json!("no trace")))).operations[0].trace, None);
        assert_eq!(read(message(Some(Value::Null))).operations[0].trace, None);
    }
}
