//! The attributes every resource has (RFC 7643 §3.1).

use super::{Attribute, Kind, Returned};

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::text("id", "The resource's identifier, chosen by the service; it never changes.")
        .exact()
        .read_only()
        .returned(Returned::Always)
        .unique(),
    Attribute::text("externalId", "The client's identifier of the resource.").exact().max_chars(512),
    Attribute::reference("schemas", &["uri"], "The schemas the resource uses.").list().read_only().returned(Returned::Always),
    Attribute::complex(
        "meta",
        &[
            Attribute::text("resourceType", "The kind of resource.").exact().read_only(),
            Attribute::new("created", Kind::DateTime, "When the resource was made.").read_only(),
            Attribute::new("lastModified", Kind::DateTime, "When the resource last changed.").read_only(),
            Attribute::reference("location", &["uri"], "Where the resource is.").read_only(),
            Attribute::text("version", "The version of the resource, as in its ETag.").exact().read_only(),
        ],
        "What the service knows about the resource itself.",
    )
    .read_only(),
];
