//! Rows as parameters: the one relation that set-based statements read from.
//!
//! On Postgres, each column is one array parameter and the relation is `unnest` of them. On SQLite, all rows are one JSON
//! document and the relation is `json_each` of it. Either way the text of the statement does not depend on the number of rows, so
//! it is prepared once and a batch costs the same few round trips whatever its size.

use crate::Dialect;
use sea_orm::{Statement, Value, sea_query::ArrayType};
use std::fmt::Write as _;
use uuid::Uuid;

/// Stands for "no number" in an array, which cannot hold NULL. It is no time, no version and no count.
const NO_INT: i64 = i64::MIN + 1;

/// One column of parameters. Arrays of parameters cannot hold NULL, so the value that means "none" in each type (the nil UUID, the
/// empty text, which SCIM does not tell from an absent one, and [`NO_INT`]) is turned back into NULL by the relation.
enum Column {
    Uuid(Vec<Option<Uuid>>),
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Bool(Vec<bool>),
    /// JSON documents, already written out.
    Json(Vec<Option<String>>),
}

/// Rows of parameters, column by column.
pub(crate) struct Rows {
    dialect: Dialect,
    columns: Vec<(&'static str, Column)>,
}

impl Rows {
    pub(crate) const fn new(dialect: Dialect) -> Self {
        Self { dialect, columns: Vec::new() }
    }

    pub(crate) fn uuid(mut self, name: &'static str, values: impl IntoIterator<Item = Uuid>) -> Self {
        self.columns.push((name, Column::Uuid(values.into_iter().map(Some).collect())));
        self
    }

    pub(crate) fn maybe_uuid(mut self, name: &'static str, values: impl IntoIterator<Item = Option<Uuid>>) -> Self {
        self.columns.push((name, Column::Uuid(values.into_iter().collect())));
        self
    }

    pub(crate) fn text(mut self, name: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.columns.push((name, Column::Text(values.into_iter().map(Some).collect())));
        self
    }

    pub(crate) fn maybe_text(mut self, name: &'static str, values: impl IntoIterator<Item = Option<String>>) -> Self {
        self.columns.push((name, Column::Text(values.into_iter().collect())));
        self
    }

    pub(crate) fn int(mut self, name: &'static str, values: impl IntoIterator<Item = i64>) -> Self {
        self.columns.push((name, Column::Int(values.into_iter().map(Some).collect())));
        self
    }

    pub(crate) fn maybe_int(mut self, name: &'static str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.columns.push((name, Column::Int(values.into_iter().collect())));
        self
    }

    pub(crate) fn bool(mut self, name: &'static str, values: impl IntoIterator<Item = bool>) -> Self {
        self.columns.push((name, Column::Bool(values.into_iter().collect())));
        self
    }

    pub(crate) fn json(mut self, name: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.columns.push((name, Column::Json(values.into_iter().map(Some).collect())));
        self
    }

    pub(crate) fn maybe_json(mut self, name: &'static str, values: impl IntoIterator<Item = Option<String>>) -> Self {
        self.columns.push((name, Column::Json(values.into_iter().collect())));
        self
    }

    /// The statement: a `WITH r(columns) AS (the rows)` in front of `body`, which reads from `r`.
    pub(crate) fn statement(self, body: &str) -> Statement {
        let names = self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let dialect = self.dialect;
        let (relation, values) = match dialect {
            Dialect::Postgres => self.unnest(),
            Dialect::Sqlite => self.json_each(),
        };
        Statement::from_sql_and_values(dialect.backend(), format!("WITH r({names}) AS ({relation}) {body}"), values)
    }

    fn unnest(self) -> (String, Vec<Value>) {
        let mut select = String::new();
        let mut arrays = String::new();
        let mut names = String::new();
        let mut values = Vec::with_capacity(self.columns.len());
        for (position, (name, column)) in self.columns.into_iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            let cast = match column {
                Column::Uuid(_) => "uuid",
                Column::Text(_) | Column::Json(_) => "text",
                Column::Int(_) => "bigint",
                Column::Bool(_) => "bool",
            };
            // Writing to a String cannot fail.
            let _ = match column {
                Column::Uuid(_) => write!(select, "{comma}NULLIF(u.{name}, '{}'::uuid)", Uuid::nil()),
                Column::Text(_) => write!(select, "{comma}NULLIF(u.{name}, '')"),
                Column::Json(_) => write!(select, "{comma}NULLIF(u.{name}, '')::jsonb"),
                Column::Int(_) => write!(select, "{comma}NULLIF(u.{name}, {NO_INT})"),
                Column::Bool(_) => write!(select, "{comma}u.{name}"),
            };
            let _ = write!(names, "{comma}{name}");
            let _ = write!(arrays, "{comma}${}::{cast}[]", position + 1);
            values.push(column.into_array());
        }
        (format!("SELECT {select} FROM unnest({arrays}) AS u({names})"), values)
    }

    fn json_each(self) -> (String, Vec<Value>) {
        let mut select = String::new();
        for (position, (_, column)) in self.columns.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            let _ = match column {
                Column::Uuid(_) => write!(select, "{comma}unhex(value->>{position})"),
                _ => write!(select, "{comma}value->>{position}"),
            };
        }
        let length = self.columns.first().map_or(0, |(_, column)| column.len());
        let mut document = String::with_capacity(length * 64);
        document.push('[');
        for row in 0..length {
            document.push_str(if row == 0 { "[" } else { ",[" });
            for (position, (_, column)) in self.columns.iter().enumerate() {
                if position > 0 {
                    document.push(',');
                }
                column.write_json(row, &mut document);
            }
            document.push(']');
        }
        document.push(']');
        (format!("SELECT {select} FROM json_each($1)"), vec![document.into()])
    }
}

impl Column {
    const fn len(&self) -> usize {
        match self {
            Self::Uuid(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Json(v) => v.len(),
        }
    }

    fn into_array(self) -> Value {
        fn array<T>(kind: ArrayType, values: Vec<T>, into: impl Fn(T) -> Value) -> Value {
            Value::Array(kind, Some(Box::new(values.into_iter().map(into).collect())))
        }
        match self {
            Self::Uuid(v) => array(ArrayType::Uuid, v, |id| Value::Uuid(Some(id.unwrap_or_default()))),
            Self::Text(v) => array(ArrayType::String, v, |text| Value::String(Some(text.unwrap_or_default()))),
            Self::Int(v) => array(ArrayType::BigInt, v, |number| Value::BigInt(Some(number.unwrap_or(NO_INT)))),
            Self::Bool(v) => array(ArrayType::Bool, v, |b| Value::Bool(Some(b))),
            Self::Json(v) => array(ArrayType::String, v, |json| Value::String(Some(json.unwrap_or_default()))),
        }
    }

    fn write_json(&self, row: usize, document: &mut String) {
        match self {
            Self::Uuid(v) => match v[row] {
                Some(id) => {
                    let _ = write!(document, "\"{}\"", id.simple());
                }
                None => document.push_str("null"),
            },
            Self::Text(v) => match &v[row] {
                Some(text) if !text.is_empty() => push_string(document, text),
                _ => document.push_str("null"),
            },
            Self::Int(v) => match v[row] {
                Some(number) => {
                    let _ = write!(document, "{number}");
                }
                None => document.push_str("null"),
            },
            Self::Bool(v) => document.push_str(if v[row] { "true" } else { "false" }),
            // A document inside a document travels as a string: the column holds text.
            Self::Json(v) => match &v[row] {
                Some(json) => push_string(document, json),
                None => document.push_str("null"),
            },
        }
    }
}

fn push_string(document: &mut String, text: &str) {
    document.push_str(&serde_json::to_string(text).expect("a string is always JSON"));
}
