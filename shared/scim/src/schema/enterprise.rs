//! The enterprise extension of users (RFC 7643 §4.3).

use super::{Attribute, Meaning};

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number the organisation knows the person by."),
    Attribute::text("costCenter", "The cost centre the person belongs to."),
    Attribute::text("organization", "The organisation the person works for."),
    Attribute::text("division", "The division the person works in."),
    Attribute::text("department", "The department the person works in."),
    Attribute::complex(
        "manager",
        &[
            Attribute::text("value", "The id of the manager's User resource.").exact(),
            Attribute::reference("$ref", &["User"], "The URI of the manager's User resource.").read_only(),
            Attribute::text("displayName", "The manager's display name.").read_only(),
        ],
        "The person's manager. It may name a user who has not been provisioned yet.",
    )
    .meaning(Meaning::Manager),
];
