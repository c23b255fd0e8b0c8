//! From the document to what the page shows of its schemas: names, types in words, and links between them.

use askama::Template;
use serde_json::Value;

/// Deeper than this nobody reads a type in words: the document has the rest.
const DEEP: usize = 3;
/// Values of an enumeration that are named.
const NAMED: usize = 12;

/// A type in words: texts, and names of schemas, which are links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "console/docs/kind.html")]
pub(super) struct Kind {
    words: Vec<Word>,
}

/// A part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Schema(String),
}

/// One schema of the document.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) about: String,
    /// What it is, when it has no properties.
    pub(super) kind: Kind,
    pub(super) properties: Vec<Property>,
}

/// What a schema's objects have.
pub(super) struct Property {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: String,
}

/// Every schema.
pub(super) fn all(document: &Value) -> Vec<Schema> {
    let schemas = document["components"]["schemas"].as_object();
    schemas.into_iter().flatten().map(|(name, schema)| read(name, schema)).collect()
}

fn read(name: &str, schema: &Value) -> Schema {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let about = |value: &Value| value["description"].as_str().unwrap_or_default().to_owned();
    let properties = schema["properties"].as_object().into_iter().flatten();
    Schema {
        name: name.to_owned(),
        about: about(schema),
        kind: kind(schema),
        properties: properties
            .map(|(name, described)| Property {
                name: name.clone(),
                kind: kind(described),
                required: required(name),
                about: about(described),
            })
            .collect(),
    }
}

/// A type in words.
pub(super) fn kind(schema: &Value) -> Kind {
    let mut kind = Kind::default();
    kind.say(schema, 0);
    kind
}

impl Kind {
    fn say(&mut self, schema: &Value, depth: usize) {
        if let Some(reference) = schema["$ref"].as_str() {
            self.words.push(Word::Schema(reference.rsplit('/').next().unwrap_or_default().to_owned()));
        } else if let Some(values) = schema["enum"].as_array() {
            let named: Vec<String> = values.iter().take(NAMED).map(plain).collect();
            self.text(if values.len() > NAMED { format!("one of {} …", named.join(", ")) } else { one_of(&named) });
        } else if !schema["const"].is_null() {
            self.text(plain(&schema["const"]));
        } else if let Some(choices) = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema[*key].as_array()) {
            self.choices(choices, depth);
        } else {
            self.typed(schema, depth);
        }
    }

    fn choices(&mut self, choices: &[Value], depth: usize) {
        let mut said: Vec<Kind> = Vec::new();
        for choice in choices {
            let mut kind = Self::default();
            kind.say(choice, depth);
            if !said.contains(&kind) {
                said.push(kind);
            }
        }
        for (place, kind) in said.into_iter().enumerate() {
            if place > 0 {
                self.text(" or ");
            }
            self.words.extend(kind.words);
        }
    }

    fn typed(&mut self, schema: &Value, depth: usize) {
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            Value::String(one) => one.clone(),
            _ => "anything".to_owned(),
        };
        if schema["items"].is_object() && depth < DEEP {
            self.text(if types.contains("null") { "list or null, of " } else { "list of " });
            return self.say(&schema["items"], depth + 1);
        }
        match schema["format"].as_str() {
            Some(format) => self.text(format!("{types} ({format})")),
            None => self.text(types),
        }
    }

    fn text(&mut self, text: impl Into<String>) {
        self.words.push(Word::Text(text.into()));
    }
}

fn one_of(named: &[String]) -> String {
    if let [only] = named { only.clone() } else { format!("one of {}", named.join(", ")) }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(schema: Value) -> String {
        let word = |word: Word| match word {
            Word::Text(text) => text,
            Word::Schema(name) => format!("<{name}>"),
        };
        kind(&schema).words.into_iter().map(word).collect()
    }

    #[test]
    fn types_are_said_in_words() {
        assert_eq!(said(json!({ "type": "string", "format": "uuid" })), "string (uuid)");
        assert_eq!(said(json!({ "type": ["string", "null"] })), "string or null");
        assert_eq!(said(json!({ "type": "array", "items": { "$ref": "#/components/schemas/User" } })), "list of <User>");
        assert_eq!(said(json!({ "enum": ["a", "b"] })), "one of a, b");
        assert_eq!(said(json!({ "anyOf": [{ "type": "string" }, { "type": "string" }, { "type": "null" }] })), "string or null");
        assert_eq!(said(json!({})), "anything");
    }
}
