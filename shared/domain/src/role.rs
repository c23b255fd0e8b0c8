//! The platform's roles.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a user may do on the platform. SCIM's `roles` attribute is data and never changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, Setup SCIM and the conversion included.
    Administrator,
    /// Users, groups, failures; may be the SCIM administrator.
    UserManager,
    /// Looks at the console and changes nothing.
    Viewer,
    /// Uses the platform.
    #[default]
    User,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::UserManager, Self::Viewer, Self::User];

    /// The word stored in columns and shown in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::UserManager => "user_manager",
            Self::Viewer => "viewer",
            Self::User => "user",
        }
    }

    /// The name people read on pages.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::UserManager => "User Manager",
            Self::Viewer => "Viewer",
            Self::User => "User",
        }
    }

    /// Whether a user of this role may sign in to the console.
    #[must_use]
    pub const fn may_use_console(self) -> bool {
        matches!(self, Self::Administrator | Self::UserManager | Self::Viewer)
    }

    /// Whether a user of this role may hold a token of the JSON API, which can change incidents and recipients.
    #[must_use]
    pub const fn may_use_api(self) -> bool {
        matches!(self, Self::Administrator | Self::UserManager)
    }

    /// Whether a user of this role may be the SCIM administrator of a secret key.
    #[must_use]
    pub const fn may_be_scim_administrator(self) -> bool {
        matches!(self, Self::Administrator | Self::UserManager)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown role `{0}`: use administrator, user_manager, viewer or user")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    /// Reads the stored word; case, spaces and hyphens do not matter, so that "User Manager" in a spreadsheet is understood.
    ///
    /// # Errors
    /// [`UnknownRole`] when no role has that name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_lowercase().replace([' ', '-'], "_");
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_as_people_write_them() {
        for (text, role) in [
            ("administrator", Role::Administrator),
            ("User Manager", Role::UserManager),
            (" user-manager", Role::UserManager),
            ("viewer", Role::Viewer),
            ("USER", Role::User),
        ] {
            assert_eq!(text.parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn a_title_reads_back_too() {
        assert!(Role::ALL.into_iter().all(|role| role.title().parse() == Ok(role)));
    }

    #[test]
    fn only_administrators_and_user_managers_may_hold_a_key() {
        let may: Vec<Role> = Role::ALL.into_iter().filter(|role| role.may_be_scim_administrator()).collect();
        assert_eq!(may, [Role::Administrator, Role::UserManager]);
    }
}
