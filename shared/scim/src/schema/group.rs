//! Groups (RFC 7643 §4.2).

use super::{Attribute, Meaning, Mutability, Returned};

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group; no two groups have the same.").required().unique().max_chars(512),
    Attribute::multi(
        "members",
        &[
            Attribute::text("value", "The id of the member.").exact().mutability(Mutability::Immutable),
            Attribute::reference("$ref", &["User"], "The URI of the member.").mutability(Mutability::Immutable),
            Attribute::text("type", "The kind of member.").mutability(Mutability::Immutable).values(&["User"]),
            // Not in the schema of RFC 7643 §8.7.1: a client that compares what it gets with what it sent would find too much.
            Attribute::text("display", "The member's display name.").read_only().returned(Returned::Request),
        ],
        "The users in the group.",
    )
    .meaning(Meaning::Members),
];
