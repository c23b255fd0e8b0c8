//! PATCH paths: `name.familyName`, `emails[type eq "work"].value`, `urn:...:User:manager`.

use crate::filter::{self, Filter};
use crate::schema::{Attribute, Found, Missing, Schema, resolve};
use crate::{Compat, Limits, ResourceType, ScimError};

/// How deep the filter in a path may nest. It travels through the queue as JSON, whose readers stop at a depth of their own.
const FILTER_DEPTH: usize = 8;

/// What a path names.
pub(super) enum Target {
    /// Everything of a schema.
    Schema(&'static Schema),
    /// An attribute, or a part of it.
    Attribute { schema: &'static Schema, attribute: &'static Attribute, elements: Option<Filter>, sub: Option<&'static Attribute> },
}

/// A path that names nothing.
pub(super) enum PathError {
    /// Well written, but there is no such attribute.
    Unknown(ScimError),
    /// Not a path.
    Malformed(ScimError),
}

impl From<PathError> for ScimError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Unknown(error) | PathError::Malformed(error) => error,
        }
    }
}

/// Reads a path.
pub(super) fn parse(rt: ResourceType, text: &str, compat: &Compat, limits: &Limits) -> Result<Target, PathError> {
    let malformed = |what: &str| PathError::Malformed(ScimError::invalid_path(format!("the path \"{text}\" cannot be read: {what}")));
    if text.len() > limits.filter_bytes {
        return Err(PathError::Malformed(ScimError::invalid_path(format!("the path is longer than {} bytes", limits.filter_bytes))));
    }
    let Some((list, rest)) = text.split_once('[') else {
        return match resolve(rt, text, compat) {
            Ok(Found::Schema(schema)) => Ok(Target::Schema(schema)),
            Ok(Found::Attribute { schema, attribute, sub }) => Ok(Target::Attribute { schema, attribute, elements: None, sub }),
            Err(missing) => Err(unknown(rt, text, missing)),
        };
    };
    // Sub-attributes have no brackets in their names, so the last one closes the filter whatever its quotes hold.
    let (inside, after) = rest.rsplit_once(']').ok_or_else(|| malformed("the bracket is not closed"))?;
    let (schema, attribute) = match resolve(rt, list.trim_end(), compat) {
        Ok(Found::Attribute { schema, attribute, sub: None }) if attribute.multi_valued => (schema, attribute),
        Ok(_) => return Err(malformed("only a list of elements takes a filter in brackets")),
        Err(missing) => return Err(unknown(rt, list, missing)),
    };
    let sub = match after.trim() {
        "" => None,
        after => {
            let name = after.strip_prefix('.').ok_or_else(|| malformed("after the bracket comes a dot and a sub-attribute, or nothing"))?;
            Some(attribute.sub(name).ok_or_else(|| unknown(rt, &format!("{}.{name}", attribute.name), Missing::Sub))?)
        }
    };
    let limits = Limits { filter_depth: FILTER_DEPTH.min(limits.filter_depth), ..limits.clone() };
    let filter = filter::parse_element(attribute, inside, &limits, compat)
        .map_err(|error| PathError::Malformed(ScimError { detail: format!("in the path \"{text}\", {}", error.detail), ..error }))?;
    Ok(Target::Attribute { schema, attribute, elements: Some(filter), sub })
}

fn unknown(rt: ResourceType, name: &str, missing: Missing) -> PathError {
    PathError::Unknown(ScimError::invalid_path(match missing {
        Missing::Schema => format!("\"{name}\" is of a schema that {rt} resources do not have here"),
        Missing::Attribute | Missing::Sub => format!("{rt} resources have no attribute \"{name}\""),
    }))
}
