//! From the document to what the page shows of its operations.

use super::schema::{self, Kind};
use serde_json::Value;
use std::fmt::Write as _;

/// Keys of an address that are no methods. HEAD is GET without the body, and would say everything twice.
const NO_METHODS: [&str; 3] = ["parameters", "servers", "head"];

/// Operations about one thing.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) operations: Vec<Operation>,
}

/// One operation.
pub(super) struct Operation {
    /// Its name within the page.
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) parameters: Vec<Parameter>,
    /// What is sent.
    pub(super) body: Option<Kind>,
    pub(super) curl: String,
    pub(super) answers: Vec<Answer>,
    /// An answer, as JSON.
    pub(super) example: Option<String>,
}

/// What can be said in the address or a header.
pub(super) struct Parameter {
    pub(super) name: String,
    /// `path`, `query`, `header`.
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: String,
}

/// What may be answered.
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) about: String,
    pub(super) kind: Option<Kind>,
}

/// Every operation, by what it is about, in the document's order.
pub(super) fn groups(document: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = items(&document["tags"])
        .map(|tag| Group { name: text(&tag["name"]), about: text(&tag["description"]), operations: Vec::new() })
        .collect();
    for (path, described) in entries(&document["paths"]) {
        for (method, operation) in entries(described).filter(|(key, _)| !NO_METHODS.contains(key)) {
            let group = groups.iter_mut().find(|group| operation["tags"][0] == group.name.as_str());
            if let Some(group) = group {
                group.operations.push(read(document, path, described, method, operation));
            }
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    groups
}

fn read(document: &Value, path: &str, described: &Value, method: &str, operation: &Value) -> Operation {
    let method = method.to_uppercase();
    let parameters = items(&described["parameters"]).chain(items(&operation["parameters"]));
    let answers = entries(&operation["responses"]).map(|(status, answer)| {
        let answer = followed(document, answer);
        Answer {
            status: status.to_owned(),
            about: text(&answer["description"]),
            kind: content(answer).map(|(_, of)| schema::kind(&of["schema"])),
        }
    });
    let sent = content(&operation["requestBody"]);
    let done = entries(&operation["responses"]).find(|(status, _)| status.starts_with('2')).map(|(_, answer)| followed(document, answer));
    Operation {
        id: text(&operation["operationId"]),
        summary: text(&operation["summary"]),
        parameters: parameters.map(|parameter| self::parameter(followed(document, parameter))).collect(),
        body: sent.map(|(_, of)| schema::kind(&of["schema"])),
        curl: curl(&base(document, described, path), &method, sent),
        answers: answers.collect(),
        example: done.and_then(|answer| Some(pretty(content(answer)?.1.get("example")?))),
        path: path.to_owned(),
        method,
    }
}

fn parameter(described: &Value) -> Parameter {
    Parameter {
        name: text(&described["name"]),
        place: text(&described["in"]),
        kind: schema::kind(&described["schema"]),
        required: described["required"] == true,
        about: text(&described["description"]),
    }
}

/// What is sent or answered, in the form the document prefers: its media type, and what is said about it.
fn content(described: &Value) -> Option<(&str, &Value)> {
    let forms = described["content"].as_object()?;
    let preferred = forms.get_key_value("application/scim+json").or_else(|| forms.iter().next())?;
    Some((preferred.0.as_str(), preferred.1))
}

fn base(document: &Value, described: &Value, path: &str) -> String {
    let server = |of: &Value| of["servers"][0]["url"].as_str().map(str::to_owned);
    let server = server(described).or_else(|| server(document)).unwrap_or_default();
    format!("{server}{}", path.trim_end_matches('/'))
}

/// A call that can be pasted into a shell, with the token where no history keeps it.
fn curl(address: &str, method: &str, sent: Option<(&str, &Value)>) -> String {
    let mut call = String::from("curl");
    if method != "GET" {
        let _ = write!(call, " -X {method}");
    }
    // In single quotes, braces of a name in the address are no pattern of curl's with -g.
    let _ = write!(call, " -g '{address}' \\\n  -H \"Authorization: Bearer $MUSTER_TOKEN\"");
    if let Some((media, of)) = sent {
        let _ = write!(call, " \\\n  -H 'Content-Type: {media}'");
        if let Some(example) = of.get("example") {
            let _ = write!(call, " \\\n  -d '{}'", pretty(example).replace('\'', r"'\''"));
        }
    }
    call
}

/// What a reference stands for, or the value itself.
fn followed<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    document.pointer(reference.trim_start_matches('#')).unwrap_or(value)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
