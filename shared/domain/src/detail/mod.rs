//! What the log of operations keeps beside the outcome: when what happened, what was asked for, what changed.
//!
//! It is one short JSON text, written in the statement that logs the operation. Personal data is masked *before* it is written
//! ([`DetailPolicy`]), so that no reader, export or backup of the log has it.

mod changes;
mod redact;

pub use changes::{AttributeChange, changes};

use crate::Change;
use redact::{Redacted, RedactedPatch, Shown};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

/// A longer text keeps its times and loses the request. Bytes.
const TEXT_MAX: usize = 64 * 1024;

/// How much the log keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailPolicy {
    /// Outcomes only.
    Off,
    /// Everything, with personal data masked: user ids and addresses keep their first letter and domain, names and numbers nothing.
    #[default]
    Masked,
    /// Everything as it was sent.
    Full,
}

/// When an operation was worked on, and in what company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// From the gateway's clock to the worker's: accepted to begun, milliseconds. Clocks that differ can make it negative.
    pub waited_ms: i64,
    /// From the beginning of its transaction to the log entry, milliseconds. COMMIT comes after it.
    pub worked_ms: i64,
    /// The batch it was applied in.
    pub batch: Uuid,
    /// How many operations that batch had.
    pub batch_size: u64,
}

/// The text the log keeps; none when it is to keep none.
#[must_use]
pub fn detail(change: &Change, changed: &[AttributeChange], group: bool, stages: Stages, policy: DetailPolicy) -> Option<String> {
    if policy == DetailPolicy::Off {
        return None;
    }
    let shown = Shown { group, full: policy == DetailPolicy::Full };
    let written = Written {
        w: stages.waited_ms,
        a: stages.worked_ms,
        b: stages.batch,
        n: stages.batch_size,
        r: Request { change: Some(change), shown },
        c: changed.iter().map(|change| change.shown(shown)).collect(),
    };
    let text = serde_json::to_string(&written).ok()?;
    if text.len() <= TEXT_MAX {
        return Some(text);
    }
    serde_json::to_string(&Written { r: Request { change: None, shown }, c: Vec::new(), ..written }).ok()
}

/// One letter a name: it is written for every operation.
#[derive(Serialize)]
struct Written<'a> {
    w: i64,
    a: i64,
    b: Uuid,
    n: u64,
    r: Request<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    c: Vec<(&'a str, Value, Value)>,
}

struct Request<'a> {
    change: Option<&'a Change>,
    shown: Shown,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.change {
            Some(Change::Create { resource, .. } | Change::Replace { resource }) => {
                Redacted { resource, shown: self.shown }.serialize(serializer)
            }
            Some(Change::Patch { patch }) => RedactedPatch { patch, shown: self.shown }.serialize(serializer),
            Some(Change::Delete) | None => serializer.serialize_none(),
        }
    }
}

/// The text of the log, read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationDetail {
    /// Accepted to begun, milliseconds.
    #[serde(alias = "w")]
    pub waited_ms: i64,
    /// Begun to logged, milliseconds.
    #[serde(alias = "a")]
    pub worked_ms: i64,
    /// The batch it was applied in.
    #[serde(alias = "b")]
    pub batch: Uuid,
    /// How many operations that batch had.
    #[serde(alias = "n")]
    pub batch_size: u64,
    /// What was asked for: the resource, or the list of steps of a PATCH. Masked as the policy then said.
    #[serde(alias = "r", default)]
    pub request: Value,
    /// What changed.
    #[serde(alias = "c", default)]
    pub changed: Vec<Changed>,
}

/// One attribute that changed, as the log shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(String, Value, Value)")]
pub struct Changed {
    /// Its name; with the URN of its schema when it is an extension's.
    pub attribute: String,
    /// Before; null when it was not there.
    pub old: Value,
    /// After; null when it is gone.
    pub new: Value,
}

impl From<(String, Value, Value)> for Changed {
    fn from((attribute, old, new): (String, Value, Value)) -> Self {
        Self { attribute, old, new }
    }
}

impl OperationDetail {
    /// Reads the text of the log; none when it is none of ours.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use muster_scim::{Compat, Limits, Resource, ResourceType, patch};
    use serde_json::json;

    const STAGES: Stages = Stages { waited_ms: 4, worked_ms: 11, batch: Uuid::nil(), batch_size: 512 };

    fn resource(value: Value) -> Resource {
        value.as_object().cloned().unwrap_or_default()
    }

    fn read(change: &Change, changed: &[AttributeChange], group: bool, policy: DetailPolicy) -> OperationDetail {
        let text = detail(change, changed, group, STAGES, policy).expect("a text");
        OperationDetail::read(&text).expect("reads back")
    }

    fn ada() -> Resource {
        resource(json!({
            "userName": "ada@acme.com", "active": true, "displayName": "Ada Lovelace", "externalId": "ada.l",
            "name": {"familyName": "Lovelace"}, "emails": [{"value": "ada@acme.com", "type": "work", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "manager": {"value": "charles"}}
        }))
    }

    #[test]
    fn nothing_personal_is_in_the_masked_text() {
        let change = Change::Create { resource: ada(), role: Role::User };
        let text = detail(&change, &[], false, STAGES, DetailPolicy::Masked).expect("a text");
        for personal in ["ada@", "Ada", "ada.l", "Lovelace", "charles"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
        let detail = OperationDetail::read(&text).expect("reads back");
        assert_eq!(detail.request["userName"], "a***@acme.com");
        assert_eq!(detail.request["emails"], json!([{"value": "a***@acme.com", "type": "work", "primary": true}]));
        assert_eq!(detail.request["active"], true);
        assert_eq!(detail.request["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"], "Engines");
        assert_eq!((detail.waited_ms, detail.worked_ms, detail.batch_size), (4, 11, 512));
    }

    #[test]
    fn the_policy_decides() {
        let change = Change::Replace { resource: ada() };
        assert_eq!(read(&change, &[], false, DetailPolicy::Full).request, Value::Object(ada()));
        assert_eq!(detail(&change, &[], false, STAGES, DetailPolicy::Off), None);
    }

    #[test]
    fn a_change_shows_old_and_new_where_it_may() {
        let mut new = ada();
        new.insert("active".into(), json!(false));
        new.insert("userName".into(), json!("countess@acme.com"));
        new.remove("displayName");
        new.insert("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User".into(), json!({"department": "Sums"}));
        let changed = changes(&ada(), &new);
        let detail = read(&Change::Replace { resource: new }, &changed, false, DetailPolicy::Masked);
        let of = |attribute: &str| {
            detail.changed.iter().find(|change| change.attribute == attribute).map(|change| (change.old.clone(), change.new.clone()))
        };
        assert_eq!(detail.changed.len(), 5);
        assert_eq!(of("active"), Some((json!(true), json!(false))));
        assert_eq!(of("userName"), Some((json!("a***@acme.com"), json!("c***@acme.com"))));
        assert_eq!(of("displayName"), Some((json!("***"), Value::Null)));
        assert_eq!(of("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"), Some((json!("Engines"), json!("Sums"))));
        assert_eq!(of("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"), Some((json!("***"), Value::Null)));
    }

    #[test]
    fn a_patch_shows_its_steps() {
        let read_patch = |rt, operations: Value| {
            let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
            Change::Patch { patch: patch::read(rt, body, &Compat::default(), &Limits::default()).expect("a valid patch") }
        };
        let change = read_patch(
            ResourceType::User,
            json!([{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "emails[value eq \"ada@acme.com\"].value", "value": "x@acme.com"}]),
        );
        let detail = read(&change, &[], false, DetailPolicy::Masked);
        assert_eq!(
            detail.request,
            json!([{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "emails[…].value", "value": "x***@acme.com"}])
        );
        let ids: Vec<Value> = (0..9).map(|n| json!({"value": Uuid::from_u128(n).to_string()})).collect();
        let change = read_patch(ResourceType::Group, json!([{"op": "add", "path": "members", "value": ids}]));
        let detail = read(&change, &[], true, DetailPolicy::Masked);
        assert_eq!((&detail.request[0]["op"], &detail.request[0]["count"]), (&json!("add"), &json!(9)));
        assert_eq!(detail.request[0]["value"].as_array().map(Vec::len), Some(5));
    }
}
