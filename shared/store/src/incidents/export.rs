//! Incidents and their failures as CSV: the same columns wherever they are exported.

use super::{Incident, Item};
use muster_domain::csv_line;
use muster_scim::instant_text;

impl Incident {
    /// The first line of an export.
    #[must_use]
    pub fn csv_heading() -> String {
        csv_line([
            "number",
            "state",
            "cause",
            "title",
            "failures",
            "affected",
            "first",
            "last",
            "action",
            "resource_type",
            "scim_type",
            "attribute",
            "resolution",
            "id",
        ])
    }

    /// One line of an export.
    #[must_use]
    pub fn csv(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        csv_line([
            self.number.to_string(),
            self.state.as_str().to_owned(),
            self.cause.as_str().to_owned(),
            self.advice().title.to_owned(),
            self.failures.to_string(),
            self.affected.to_string(),
            instant_text(self.first_ms),
            instant_text(self.last_ms),
            self.action.clone(),
            text(&self.resource_type),
            text(&self.scim_type),
            text(&self.attribute),
            self.resolution.map(|resolution| resolution.as_str().to_owned()).unwrap_or_default(),
            self.id.to_string(),
        ])
    }
}

impl Item {
    /// The first line of an export.
    #[must_use]
    pub fn csv_heading() -> String {
        csv_line(["time", "failures", "user_or_group", "operation", "settled", "retryable", "id"])
    }

    /// One line of an export.
    #[must_use]
    pub fn csv(&self) -> String {
        csv_line([
            instant_text(self.at_ms),
            self.failures.to_string(),
            self.subject.clone().unwrap_or_default(),
            self.operation.map(|operation| operation.to_string()).unwrap_or_default(),
            self.settled.to_string(),
            self.retryable.to_string(),
            self.id.to_string(),
        ])
    }
}
