//! Reads JSON from strangers.
//!
//! Nesting, names and text are bounded while the text is read, so no body costs more than its bytes: the reader stops at the
//! first member that is too much, before it goes deeper.

use crate::{Limits, ScimError, ScimType};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Reads a body.
///
/// # Errors
/// 400 `invalidSyntax` with line and column when it is not JSON, nests too deep, or names a member twice; 400 `invalidValue`
/// when a text is too long or holds the NUL character, which no database column takes.
pub fn parse_json(body: &[u8], limits: &Limits) -> Result<Value, ScimError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::invalid_syntax("the request has no body; send a JSON object"));
    }
    let refusal = RefCell::new(Refusal::default());
    let mut reader = serde_json::Deserializer::from_slice(body);
    // `Node` goes one level of the call stack down for each level of the text, and never deeper than `limits.depth`.
    let node = Node { limits, refusal: &refusal, depth: 0 };
    node.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(|error| refusal.into_inner().error(&error))
}

/// What made the reader stop, and the members that lead there, innermost first.
#[derive(Default)]
struct Refusal {
    reason: Option<(ScimType, String)>,
    path: Vec<Step>,
}

enum Step {
    Member(String),
    Element(usize),
}

impl Refusal {
    fn error(self, error: &serde_json::Error) -> ScimError {
        let mut place = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Member(name) if place.is_empty() => place.push_str(name),
                Step::Member(name) => place.extend([".", name]),
                Step::Element(index) => place.extend(["[", &index.to_string(), "]"]),
            }
        }
        let at = if place.is_empty() { String::new() } else { format!(" in \"{place}\"") };
        let (line, column) = (error.line(), error.column());
        match self.reason {
            Some((scim_type, reason)) => ScimError::bad_request(scim_type, format!("{reason}{at} (line {line}, column {column})")),
            None => {
                // serde_json ends its message with the place; we say it once, in our own words.
                let text = error.to_string();
                let what = text.split(" at line ").next().unwrap_or(&text);
                ScimError::invalid_syntax(format!("the body is not valid JSON{at}: {what} (line {line}, column {column})"))
            }
        }
    }
}

struct Node<'a> {
    limits: &'a Limits,
    refusal: &'a RefCell<Refusal>,
    depth: usize,
}

impl Node<'_> {
    fn refuse<E: serde::de::Error>(&self, scim_type: ScimType, reason: String) -> E {
        self.refusal.borrow_mut().reason = Some((scim_type, reason));
        E::custom("refused")
    }

    fn text<E: serde::de::Error>(&self, text: &str, what: &str) -> Result<(), E> {
        if text.len() > self.limits.string_bytes {
            return Err(self.refuse(ScimType::InvalidValue, format!("{what} is longer than {} bytes", self.limits.string_bytes)));
        }
        if text.as_bytes().contains(&0) {
            return Err(self.refuse(ScimType::InvalidValue, format!("{what} holds the NUL character (\\u0000)")));
        }
        Ok(())
    }

    fn inner<E: serde::de::Error>(&self) -> Result<Node<'_>, E> {
        if self.depth >= self.limits.depth {
            return Err(self.refuse(ScimType::InvalidSyntax, format!("the body nests deeper than {} levels", self.limits.depth)));
        }
        Ok(Node { limits: self.limits, refusal: self.refusal, depth: self.depth + 1 })
    }

    fn came_from(&self, step: Step) {
        self.refusal.borrow_mut().path.push(step);
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.text(text, "the text")?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        self.text(&text, "the text")?;
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            match access.next_element_seed(self.inner()?) {
                Ok(Some(element)) => elements.push(element),
                Ok(None) => return Ok(Value::Array(elements)),
                Err(error) => {
                    self.came_from(Step::Element(elements.len()));
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            self.text(&name, "a member's name")?;
            if members.len() == self.limits.keys {
                return Err(self.refuse(ScimType::InvalidValue, format!("an object has more than {} members", self.limits.keys)));
            }
            if members.contains_key(&name) {
                return Err(self.refuse(ScimType::InvalidSyntax, format!("the member \"{name}\" is there twice; send it once")));
            }
            match access.next_value_seed(self.inner()?) {
                Ok(value) => members.insert(name, value),
                Err(error) => {
                    self.came_from(Step::Member(name));
                    return Err(error);
                }
            };
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests;
