//! What a PUT leaves as it was (RFC 7644 §3.5.1).

use crate::schema::Registry;
use crate::{Resource, ResourceType, ScimError};

/// Carries over what a replacement cannot change: immutable values that are set, and values the client is never shown and so
/// cannot send back. Elements of lists have no identity beyond what they say, so a list is replaced as a whole.
///
/// # Errors
/// 400 `mutability` when the new resource has another value of an immutable attribute. It may then be partly carried over.
pub fn carry_over(rt: ResourceType, old: &Resource, new: &mut Resource) -> Result<(), ScimError> {
    let registry = Registry::global();
    for place in registry.immutable(rt) {
        let Some(value) = place.find(old) else { continue };
        match place.find(new) {
            None => place.put(new, value.clone()),
            Some(same) if same == value => {}
            Some(_) => {
                let detail = format!("{place} is immutable: it is set, and another value was sent; leave it out or send it as it is");
                return Err(ScimError::mutability(detail));
            }
        }
    }
    for place in registry.hidden(rt) {
        if let (Some(value), None) = (place.find(old), place.find(new)) {
            place.put(new, value.clone());
        }
    }
    Ok(())
}
