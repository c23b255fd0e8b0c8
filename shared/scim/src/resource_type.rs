//! The kinds of resource this service keeps.

use crate::urn;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of resource (RFC 7643 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ResourceType {
    /// Someone who may sign in.
    User,
    /// A set of users.
    Group,
}

impl ResourceType {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// Its name, as in `meta.resourceType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where its resources live, below the SCIM base.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The URN of its core schema.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => urn::CORE_USER,
            Self::Group => urn::CORE_GROUP,
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
