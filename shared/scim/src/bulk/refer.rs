//! References of one operation to what another makes.
//!
//! Wherever the data of an operation holds the text `bulkId:NAME` and nothing else, it means the resource that the operation with
//! that `bulkId` makes: as the value of a member, of a manager, in a list of bare ids. In the path of a PATCH operation it stands
//! in quotes (`members[value eq "bulkId:NAME"]`), in the path of an operation it is the segment of the id.

use crate::ScimError;
use serde_json::Value;

/// How a reference begins.
const PREFIX: &str = "bulkId:";

/// What the `bulkId`s of a request stand for.
pub trait References {
    /// The id of the resource that the operation with this `bulkId` makes, as text; none when no operation has it, or the one that
    /// has it makes nothing. Whatever is asked for counts as needed.
    fn id(&mut self, bulk_id: &str) -> Option<String>;
}

/// Puts ids in the place of references, in the whole of an operation's data.
///
/// # Errors
/// 400 `invalidValue`, naming a reference that cannot be resolved.
pub fn resolve(data: &mut Value, references: &mut impl References) -> Result<(), ScimError> {
    // A list instead of recursion: the depth is bounded already, the stack need not be thought of.
    let mut left = vec![(data, false)];
    while let Some((value, is_path)) = left.pop() {
        match value {
            Value::String(text) => {
                if let Some(bulk_id) = text.strip_prefix(PREFIX) {
                    *text = lookup(bulk_id, references)?;
                } else if is_path {
                    resolve_quoted(text, references)?;
                }
            }
            Value::Array(elements) => left.extend(elements.iter_mut().map(|element| (element, false))),
            Value::Object(members) => {
                left.extend(members.iter_mut().map(|(name, member)| (member, name.eq_ignore_ascii_case("path"))));
            }
            _ => {}
        }
    }
    Ok(())
}

impl super::BulkOperation {
    /// The segments of the path, with ids in the place of references. Empty ones are left out.
    ///
    /// # Errors
    /// 400 `invalidValue`, naming a reference that cannot be resolved.
    pub fn segments(&self, references: &mut impl References) -> Result<Vec<String>, ScimError> {
        let segments = self.path.split('/').filter(|segment| !segment.is_empty());
        let id = |segment: &str| match segment.strip_prefix(PREFIX) {
            Some(bulk_id) => lookup(bulk_id, references),
            None => Ok(segment.to_owned()),
        };
        segments.map(id).collect()
    }
}

fn lookup(bulk_id: &str, references: &mut impl References) -> Result<String, ScimError> {
    references.id(bulk_id).ok_or_else(|| {
        ScimError::invalid_value(format!(
            "no operation of this bulk request makes a resource with the bulkId {bulk_id:?}: refer to the bulkId of a POST, or to an id"
        ))
    })
}

/// `members[value eq "bulkId:NAME"]`
fn resolve_quoted(text: &mut String, references: &mut impl References) -> Result<(), ScimError> {
    let mut from = 0;
    while let Some(start) = text[from..].find("\"bulkId:").map(|at| from + at + 1) {
        let Some(end) = text[start..].find('"').map(|at| start + at) else { return Ok(()) };
        let id = lookup(&text[start + PREFIX.len()..end], references)?;
        text.replace_range(start..end, &id);
        from = start + id.len() + 1;
    }
    Ok(())
}
