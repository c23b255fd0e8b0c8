//! The log as CSV: the same columns wherever it is exported.

use super::{Cycle, LoggedOperation};
use muster_domain::csv_line;
use muster_scim::instant_text;

impl LoggedOperation {
    /// The first line of an export.
    #[must_use]
    pub fn csv_heading() -> String {
        csv_line([
            "id",
            "accepted",
            "applied",
            "change",
            "resource_type",
            "resource_id",
            "outcome",
            "status",
            "scim_type",
            "error",
            "incident",
            "actor",
            "key",
            "request_id",
            "waited_ms",
            "worked_ms",
        ])
    }

    /// One line of an export.
    #[must_use]
    pub fn csv(&self) -> String {
        let (error, detail) = (self.error.as_ref(), self.detail.as_ref());
        csv_line([
            self.id.to_string(),
            instant_text(self.accepted_ms),
            instant_text(self.applied_ms),
            self.change.clone(),
            self.resource_type.clone(),
            self.resource_id.to_string(),
            self.code.clone(),
            self.status.to_string(),
            error.and_then(|error| error.scim_type).map(|scim_type| scim_type.to_string()).unwrap_or_default(),
            error.map(|error| error.detail.clone()).unwrap_or_default(),
            self.incident_number.map(|number| number.to_string()).unwrap_or_default(),
            self.actor.clone(),
            self.key.map(|key| key.to_string()).unwrap_or_default(),
            self.request_id.to_string(),
            detail.map(|detail| detail.waited_ms.to_string()).unwrap_or_default(),
            detail.map(|detail| detail.worked_ms.to_string()).unwrap_or_default(),
        ])
    }
}

impl Cycle {
    /// The first line of an export.
    #[must_use]
    pub fn csv_heading() -> String {
        csv_line(["began", "ended", "running", "operations", "created", "replaced", "patched", "deleted", "failed", "key"])
    }

    /// One line of an export.
    #[must_use]
    pub fn csv(&self) -> String {
        let counts = [self.operations, self.created, self.replaced, self.patched, self.deleted, self.failed].map(|count| count.to_string());
        let cells = [instant_text(self.first_ms), instant_text(self.last_ms), self.running.to_string()];
        csv_line(cells.into_iter().chain(counts).chain([self.key.to_string()]))
    }
}
