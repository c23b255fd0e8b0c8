//! The same user later: what to do when it is no longer what the plan saw.

use super::Code;
use crate::LoginKey;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// A user as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    /// What it signs in with.
    pub user_id: &'a str,
    /// The address mail goes to.
    pub email: Option<&'a str>,
}

/// What the sweep makes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// As planned: convert it.
    Convert,
    /// User id or address are others now: judge it anew, and say so.
    Replan,
    /// It has its new user id already: somebody was faster.
    Linked,
    /// It is not there any more.
    Gone,
}

/// Holds an item (`old_id` → `new_id`, with the address the plan saw) against what is there now. Anything else about the user may
/// have changed: an item is guarded by its values, never by the version.
#[must_use]
pub fn recheck(old_id: &str, new_id: &str, email: Option<&str>, now: Option<Current<'_>>) -> Recheck {
    let Some(now) = now else { return Recheck::Gone };
    if LoginKey::of(now.user_id) == LoginKey::of(new_id) {
        return Recheck::Linked;
    }
    if now.user_id == old_id && now.email == email { Recheck::Convert } else { Recheck::Replan }
}

/// Whether a converted user may go back: `Err` says why not.
///
/// # Errors
/// [`Code::UndoChanged`], [`Code::UndoTaken`] or [`Code::Gone`].
pub fn undo_check(new_id: &str, now: Option<Current<'_>>, old_key_is_taken: bool) -> Result<(), Code> {
    let now = now.ok_or(Code::Gone)?;
    if now.user_id != new_id {
        return Err(Code::UndoChanged);
    }
    if old_key_is_taken { Err(Code::UndoTaken) } else { Ok(()) }
}

/// After so many attempts at a locked row it is reported and left.
pub const LOCKED_TRIES: u32 = 10;

/// The pause after this many attempts at a locked row: 1 s, 2 s, 4 s … 5 min at most.
#[must_use]
pub fn locked_pause(tries: u32) -> Duration {
    Duration::from_secs(1u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX).clamp(1, 300))
}

/// What happens to a column of the platform that holds user ids as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewriteMode {
    /// Old ids become new ones.
    Rewrite,
    /// History: it says what was true, and stays.
    Keep,
    /// It stays, and its readers go through the aliases.
    Alias,
}

impl RewriteMode {
    /// The word in the configuration and the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rewrite => "rewrite",
            Self::Keep => "keep",
            Self::Alias => "alias",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Rewrite, Self::Keep, Self::Alias].into_iter().find(|mode| mode.as_str() == word)
    }
}

impl fmt::Display for RewriteMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a reference is rewritten. One whose text is an old user id *and* the new one of another user could mean either, so it
/// is left and counted.
#[must_use]
pub const fn rewrites(mode: RewriteMode, is_also_a_new_id: bool) -> bool {
    matches!(mode, RewriteMode::Rewrite) && !is_also_a_new_id
}
