//! Groups (RFC 7643 §4.2).

use super::{Attribute, Meaning, Mutability};

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group; no two groups have the same.").required().unique().max_chars(512),
    Attribute::multi(
        "members",
        &[
            Attribute::text("value", "The id of the member.").exact().mutability(Mutability::Immutable),
            Attribute::reference("$ref", &["User"], "The URI of the member.").mutability(Mutability::Immutable),
            Attribute::text("type", "The kind of member.").mutability(Mutability::Immutable).values(&["User"]),
            Attribute::text("display", "The member's display name.").read_only(),
        ],
        "The users in the group.",
    )
    .meaning(Meaning::Members),
];
