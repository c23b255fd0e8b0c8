//! A filter as text. What is printed reads back as the same filter.

use super::{AttrPath, Filter, FilterValue};
use std::fmt;

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.attr)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FilterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(all) => joined(f, all, " and "),
            Self::Or(all) => joined(f, all, " or "),
            Self::Not(filter) => write!(f, "not ({filter})"),
            Self::Compare { path, op, value } => write!(f, "{path} {} {value}", op.as_str()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::ValuePath { path, filter, sub } => {
                write!(f, "{path}[{filter}]")?;
                match sub {
                    Some((sub, op, value)) => write!(f, ".{sub} {} {value}", op.as_str()),
                    None => Ok(()),
                }
            }
        }
    }
}

// `and` binds closer than `or`, so only an `or` inside an `and` needs its parentheses; the others keep theirs for the eye.
fn joined(f: &mut fmt::Formatter<'_>, all: &[Filter], word: &str) -> fmt::Result {
    for (i, filter) in all.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        match filter {
            Filter::And(_) | Filter::Or(_) => write!(f, "({filter})")?,
            other => write!(f, "{other}")?,
        }
    }
    Ok(())
}
