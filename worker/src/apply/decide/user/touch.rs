//! Convert on touch: a directory that already speaks of a user by the address meets the user before a running conversion does.
//!
//! It would make the user a second time. So the user gets the new user id at once, and the directory is told that it exists, under
//! the name it asked for: its next look-up finds it. The run finds the user converted and notes that it was a directory.

use super::World;
use muster_domain::LoginKey;
use muster_scim::primary_email;
use muster_store::batch::AccountKey;
use serde_json::Value;
use uuid::Uuid;

/// Gives the owner of a promised key its new user id, if its address is still the one that was promised.
pub(super) fn convert(world: &mut World<'_>, key: &AccountKey, owner: Uuid, now_ms: i64) {
    let Some(user_id) = world.promised(key).cloned() else { return };
    let Some(mut user) = world.user((key.0, owner)).cloned() else { return };
    let old_key = user.login_key();
    let email = primary_email(&user.resource).map(LoginKey::of);
    if old_key.as_str() == key.1 || email.as_ref().map(LoginKey::as_str) != Some(key.1.as_str()) {
        return;
    }
    user.resource.insert("userName".into(), Value::String(user_id));
    user.version += 1;
    user.modified_ms = now_ms;
    world.put_user(user, Some((key.0, old_key.into_string())));
}
