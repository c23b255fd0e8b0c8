//! The kinds of resource this service keeps.

use crate::schema::{CustomType, Registry};
use crate::urn;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A kind of resource (RFC 7643 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// Someone who may sign in.
    User,
    /// A set of users.
    Group,
    /// One that this installation has added: data, which means nothing to the service itself.
    Custom(&'static CustomType),
}

impl ResourceType {
    /// The built-in kinds.
    pub const BUILT_IN: [Self; 2] = [Self::User, Self::Group];

    /// Every kind this installation has, the built-in ones first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Registry::global().types()
    }

    /// The kind of this name, if this installation has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().iter().copied().find(|rt| rt.name() == name)
    }

    /// Its name, as in `meta.resourceType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Custom(custom) => custom.name,
        }
    }

    /// Where its resources live, below the SCIM base.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
            Self::Custom(custom) => custom.endpoint,
        }
    }

    /// The URN of its core schema.
    #[must_use]
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => urn::CORE_USER,
            Self::Group => urn::CORE_GROUP,
            Self::Custom(custom) => custom.schema.urn,
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By name: that is how a type travels and is stored.
impl Serialize for ResourceType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A name that is not known here becomes [`CustomType::unknown`]: a message of many operations must not be lost because one of them
/// is about a type that only the sender has been configured with.
impl<'de> Deserialize<'de> for ResourceType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Ok(Self::named(&name).unwrap_or(Self::Custom(CustomType::unknown())))
    }
}
