//! From defaults, file, environment and flags to one value a key.

use super::{Config, DEFAULTS, Entry, Origin, Problem, SECRET_KEYS};
use crate::SecretUrl;
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};
use toml::{Table, Value};

/// A value given by a flag.
#[derive(Clone, Debug)]
pub struct Override {
    /// The key, as in `http.listen`.
    pub key: String,
    /// The value as it was typed.
    pub value: String,
    /// The flag, for messages.
    pub flag: &'static str,
}

/// The layers as they pile up.
pub(super) struct Layers {
    /// Key, default, value in effect, origin; in the order of the defaults.
    keys: Vec<(String, Value, Value, Origin)>,
    defaults: Table,
    problems: Vec<Problem>,
}

impl Layers {
    pub(super) fn defaults() -> Self {
        let defaults: Table = DEFAULTS.parse().expect("config.default.toml is TOML: a test reads it");
        let keys = leaves(&defaults).into_iter().map(|(key, value)| (key, value.clone(), value, Origin::Default)).collect();
        Self { keys, defaults, problems: Vec::new() }
    }

    pub(super) fn add_file(&mut self, path: &Path) {
        let origin = Origin::File(path.to_owned());
        let table = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}")).and_then(|text| {
            text.parse::<Table>().map_err(|error| {
                // The error's own text quotes the line, which may hold a password.
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                format!("is not TOML, line {line}: {}", error.message())
            })
        });
        match table {
            Ok(table) => leaves(&table).into_iter().for_each(|(key, value)| self.set(&key, value, origin.clone())),
            Err(message) => self.problems.push(Problem::new("", format!("{} {message}", path.display()))),
        }
    }

    pub(super) fn add_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        // Sorted, so that problems come in the same order each time.
        let ours: BTreeMap<String, String> = environment.into_iter().filter(|(name, value)| is_ours(name, value)).collect();
        for (name, value) in &ours {
            let rest = &name["MUSTER_".len()..];
            if value.is_empty() {
                let message = "is set but empty: give it a value, or take it out for the default";
                self.problems.push(Problem::new("", format!("the environment variable {name} {message}")));
            } else if let Some(key) = self.key_of(rest) {
                self.set_text(&key, value.clone(), Origin::Environment(name.clone()));
            } else if let Some(key) = rest.strip_suffix("_FILE").and_then(|rest| self.key_of(rest)) {
                let plain = variable(&key);
                if ours.contains_key(&plain) {
                    let message = format!("the environment has {name} and {plain}: keep one of them");
                    self.problems.push(Problem::new(key, message));
                } else {
                    self.set_from_file(&key, name, Path::new(value));
                }
            } else {
                let hint = self
                    .nearest(&rest.to_ascii_lowercase().replace("__", "."))
                    .map(|key| format!("; did you mean {}?", variable(&key)))
                    .unwrap_or_default();
                self.problems.push(Problem::new("", format!("the environment variable {name} names no key{hint}")));
            }
        }
    }

    pub(super) fn add_flags(&mut self, flags: &[Override]) {
        for flag in flags {
            if SECRET_KEYS.contains(&flag.key.as_str()) && SecretUrl::new(flag.value.clone()).holds_password() {
                let message = format!(
                    "a password on the command line can be read by everyone on the machine: use {} or {}_FILE",
                    variable(&flag.key),
                    variable(&flag.key)
                );
                self.problems.push(Problem::new(flag.key.clone(), message).at(Origin::Flag(flag.flag)));
            } else {
                self.set_text(&flag.key, flag.value.clone(), Origin::Flag(flag.flag));
            }
        }
    }

    /// The configuration, every key with its origin, and what was wrong. Where a value was wrong the default stands in, so that
    /// the rest can be judged too.
    pub(super) fn finish(self) -> (Config, Vec<Entry>, Vec<Problem>) {
        let Self { keys, defaults, problems } = self;
        let mut table = defaults;
        for (key, _, value, _) in &keys {
            put(&mut table, key, value.clone());
        }
        let mut config = Config::deserialize(table).expect("every value was tried by itself");
        config.resolve();
        let entries = keys.into_iter().map(|(key, _, value, origin)| Entry { value: shown(&config, &key, value), key, origin }).collect();
        (config, entries, problems)
    }

    fn set_from_file(&mut self, key: &str, name: &str, path: &Path) {
        if !SECRET_KEYS.contains(&key) {
            self.problems.push(Problem::new(key, format!("{name}: only secrets can come from a file; set {} instead", variable(key))));
            return;
        }
        let origin = Origin::SecretFile { variable: name.to_owned(), path: path.to_owned() };
        match fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => self.problems.push(Problem::new(key, "the file is empty").at(origin)),
            Ok(text) => self.set_text(key, text.trim_end_matches(['\r', '\n']).to_owned(), origin),
            Err(error) => self.problems.push(Problem::new(key, format!("the file cannot be read: {error}")).at(origin)),
        }
    }

    /// A value that came as text takes the type of the key's default.
    fn set_text(&mut self, key: &str, text: String, origin: Origin) {
        let default = self.keys.iter().find(|(known, ..)| known == key).map(|(_, default, ..)| default);
        let value = match default {
            Some(Value::Integer(_)) => text.trim().parse().map(Value::Integer).unwrap_or(Value::String(text)),
            Some(Value::Float(_)) => text.trim().parse().map(Value::Float).unwrap_or(Value::String(text)),
            Some(Value::Boolean(_)) => text.trim().parse().map(Value::Boolean).unwrap_or(Value::String(text)),
            Some(Value::Array(_)) => Value::Array(
                text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(|one| Value::String(one.to_owned())).collect(),
            ),
            _ => Value::String(text),
        };
        self.set(key, value, origin);
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        let Some(position) = self.keys.iter().position(|(known, ..)| known == key) else {
            let hint = self.nearest(key).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            self.problems.push(Problem::new(key, format!("there is no such key{hint}")).at(origin));
            return;
        };
        // A whole number is a number: `sample_ratio = 1` in a file.
        let value = match (&self.keys[position].1, value) {
            (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
            (_, value) => value,
        };
        match self.try_value(position, &value) {
            Ok(()) => (self.keys[position].2, self.keys[position].3) = (value, origin),
            Err(message) => self.problems.push(Problem::new(key, message).at(origin)),
        }
    }

    /// Whether the value fits its key: the defaults with this one value changed must read as a configuration.
    fn try_value(&self, position: usize, value: &Value) -> Result<(), String> {
        let (key, default, ..) = &self.keys[position];
        if !default.same_type(value) {
            let given = if SECRET_KEYS.contains(&key.as_str()) { String::new() } else { format!(", not {value}") };
            return Err(format!("expected {}{given}", type_name(default)));
        }
        let mut table = self.defaults.clone();
        put(&mut table, key, value.clone());
        Config::deserialize(table).map(drop).map_err(|error| error.message().to_owned())
    }

    fn key_of(&self, rest: &str) -> Option<String> {
        let key = rest.to_ascii_lowercase().replace("__", ".");
        self.keys
            .iter()
            .find(|(known, ..)| *known == key && rest.bytes().all(|byte| !byte.is_ascii_lowercase()))
            .map(|(known, ..)| known.clone())
    }

    /// The key someone may have meant.
    fn nearest(&self, wrong: &str) -> Option<String> {
        let plain = |text: &str| text.replace(['.', '-'], "_");
        let near = self.keys.iter().map(|(key, ..)| (distance(&plain(key), &plain(wrong)), key)).min()?;
        (near.0 <= 3).then(|| near.1.clone())
    }
}

/// `http.listen` to `MUSTER_HTTP__LISTEN`.
fn variable(key: &str) -> String {
    format!("MUSTER_{}", key.to_ascii_uppercase().replace('.', "__"))
}

/// Whether a variable is meant for us. Kubernetes puts the addresses of services into every container, so a service called
/// `muster` or `muster-gateway` gives variables that look like ours and are not.
fn is_ours(name: &str, value: &str) -> bool {
    let Some(rest) = name.strip_prefix("MUSTER_") else {
        return false;
    };
    let from_kubernetes = rest.ends_with("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
        || ["_TCP_ADDR", "_TCP_PORT", "_TCP_PROTO", "_UDP_ADDR", "_UDP_PORT", "_UDP_PROTO"].iter().any(|end| rest.ends_with(end));
    // MUSTER_CONFIG is the --config flag's own variable.
    !(from_kubernetes || rest == "CONFIG" || rest.starts_with("TEST_"))
}

fn leaves(table: &Table) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => found.extend(leaves(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value))),
            other => found.push((name.clone(), other.clone())),
        }
    }
    found
}

fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        Some((section, rest)) => match table.get_mut(section) {
            Some(Value::Table(inner)) => put(inner, rest, value),
            _ => unreachable!("sections come from the defaults"),
        },
        None => drop(table.insert(key.to_owned(), value)),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "a text",
    }
}

/// The value as `config show` has it: resolved, passwords masked.
fn shown(config: &Config, key: &str, value: Value) -> serde_json::Value {
    match key {
        "http.public_url" => config.http.public_url.clone().into(),
        "database.url" => config.database.url.masked().into(),
        _ => match value {
            Value::String(text) if SECRET_KEYS.contains(&key) => SecretUrl::new(text).masked().into(),
            Value::String(text) => text.into(),
            Value::Integer(number) => number.into(),
            Value::Float(number) => number.into(),
            Value::Boolean(truth) => truth.into(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            other => other.to_string().into(),
        },
    }
}

/// Levenshtein's distance; keys are short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
