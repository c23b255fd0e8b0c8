//! The words a schema uses of its attributes.

/// The type of an attribute (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A number, possibly with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A moment.
    DateTime,
    /// A URI; it is kept as sent and not looked into.
    Reference,
    /// Base64 in a string; not looked into.
    Binary,
    /// An object of sub-attributes.
    Complex,
}

impl Kind {
    /// Every type.
    pub const ALL: [Self; 8] =
        [Self::String, Self::Boolean, Self::Decimal, Self::Integer, Self::DateTime, Self::Reference, Self::Binary, Self::Complex];

    /// The word in a schema document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Binary => "binary",
            Self::Complex => "complex",
        }
    }
}

/// Who may change an attribute, and when (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// The service only.
    ReadOnly,
    /// The client.
    ReadWrite,
    /// The client, when the element is made.
    Immutable,
    /// The client, and it is never told.
    WriteOnly,
}

impl Mutability {
    /// Every mutability.
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::ReadWrite, Self::Immutable, Self::WriteOnly];

    /// The word in a schema document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is in an answer (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Whatever was asked for.
    Always,
    /// Never.
    Never,
    /// Unless the client asked for others only.
    Default,
    /// When the client asked for it by name.
    Request,
}

impl Returned {
    /// Every way of being returned.
    pub const ALL: [Self; 4] = [Self::Always, Self::Never, Self::Default, Self::Request];

    /// The word in a schema document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Whether two resources may have the same value of an attribute (RFC 7643 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// They may.
    None,
    /// Not in one account.
    Server,
    /// Not anywhere.
    Global,
}

impl Uniqueness {
    /// Every uniqueness.
    pub const ALL: [Self; 3] = [Self::None, Self::Server, Self::Global];

    /// The word in a schema document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
            Self::Global => "global",
        }
    }
}

/// What this service does with an attribute beyond keeping it. Only built-in schemas have anything but [`Meaning::Data`]: an
/// attribute an installation adds may be called `members` and is data nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is kept and shown.
    Data,
    /// It is accepted and not kept.
    Discarded,
    /// A group's members, which are kept apart from the group.
    Members,
    /// The groups of a user, which follow from the members.
    Groups,
    /// A user's manager, who is one person in whatever shape a client says it.
    Manager,
    /// A user's roles, which some clients write as JSON in a string.
    Roles,
}
