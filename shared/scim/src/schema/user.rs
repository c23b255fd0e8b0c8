//! Users (RFC 7643 §4.1).

use super::{Attribute, Kind, Meaning, Mutability, Returned};

const DISPLAY: Attribute = Attribute::text("display", "The value in a form for people.");
const PRIMARY: Attribute = Attribute::boolean("primary", "Whether this is the preferred one; at most one is.");

const fn kind_of(values: &'static [&'static str]) -> Attribute {
    Attribute::text("type", "What the value is for.").values(values)
}

pub(super) static ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName", "What the person signs in with; compared without case.").required().unique().max_chars(255),
    Attribute::complex(
        "name",
        &[
            Attribute::text("formatted", "The whole name, as it is shown."),
            Attribute::text("familyName", "The family name."),
            Attribute::text("givenName", "The given name."),
            Attribute::text("middleName", "The middle name or names."),
            Attribute::text("honorificPrefix", "What comes before the name, such as Ms."),
            Attribute::text("honorificSuffix", "What comes after the name, such as III."),
        ],
        "The parts of the person's name.",
    ),
    Attribute::text("displayName", "The name that is shown.").max_chars(512),
    Attribute::text("nickName", "What friends call the person."),
    Attribute::reference("profileUrl", &["external"], "The person's page."),
    Attribute::text("title", "The person's title, such as Vice President."),
    Attribute::text("userType", "How the person relates to the organisation, such as Contractor."),
    Attribute::text("preferredLanguage", "The languages the person prefers, as in Accept-Language."),
    Attribute::text("locale", "The person's locale, such as en-GB."),
    Attribute::text("timezone", "The person's time zone, such as Europe/Berlin."),
    Attribute::boolean("active", "Whether the person may sign in."),
    Attribute::text("password", "Accepted and not kept: people sign in through their directory.")
        .mutability(Mutability::WriteOnly)
        .returned(Returned::Never)
        .meaning(Meaning::Discarded)
        .undocumented(),
    Attribute::multi(
        "emails",
        &[Attribute::text("value", "The address.").max_chars(512), DISPLAY.undocumented(), kind_of(&["work", "home", "other"]), PRIMARY],
        "E-mail addresses.",
    ),
    Attribute::multi(
        "phoneNumbers",
        &[
            Attribute::text("value", "The number, as the client wrote it."),
            DISPLAY,
            kind_of(&["work", "home", "mobile", "fax", "pager", "other"]),
            PRIMARY,
        ],
        "Telephone numbers.",
    ),
    Attribute::multi(
        "ims",
        &[
            Attribute::text("value", "The address."),
            DISPLAY,
            kind_of(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
            PRIMARY,
        ],
        "Instant messaging addresses.",
    ),
    Attribute::multi(
        "photos",
        &[Attribute::reference("value", &["external"], "Where the picture is."), DISPLAY, kind_of(&["photo", "thumbnail"]), PRIMARY],
        "Pictures of the person.",
    ),
    Attribute::multi(
        "addresses",
        &[
            Attribute::text("formatted", "The whole address, as it is written on a letter."),
            Attribute::text("streetAddress", "Street, house number and what else comes before the locality."),
            Attribute::text("locality", "The city or locality."),
            Attribute::text("region", "The state or region."),
            Attribute::text("postalCode", "The postal code."),
            Attribute::text("country", "The country, as an ISO 3166-1 alpha-2 code."),
            kind_of(&["work", "home", "other"]),
            PRIMARY,
        ],
        "Postal addresses.",
    ),
    Attribute::multi(
        "groups",
        &[
            Attribute::text("value", "The id of the group.").exact().read_only(),
            Attribute::reference("$ref", &["Group"], "The URI of the group.").read_only(),
            Attribute::text("display", "The group's display name.").read_only(),
            Attribute::text("type", "How the person came to be a member.").read_only().values(&["direct"]),
        ],
        "The groups the person is in; changed through the groups.",
    )
    .read_only()
    .meaning(Meaning::Groups),
    Attribute::multi(
        "entitlements",
        &[Attribute::text("value", "The entitlement."), DISPLAY, Attribute::text("type", "What the value is for."), PRIMARY],
        "What the person may use. It is kept as data and grants nothing here.",
    ),
    Attribute::multi(
        "roles",
        &[Attribute::text("value", "The role."), DISPLAY, Attribute::text("type", "What the value is for."), PRIMARY],
        "The person's roles elsewhere. They are kept as data and grant nothing here.",
    )
    .meaning(Meaning::Roles),
    Attribute::multi(
        "x509Certificates",
        &[
            Attribute::new("value", Kind::Binary, "The certificate, DER in base64.").exact(),
            DISPLAY,
            Attribute::text("type", "What the value is for."),
            PRIMARY,
        ],
        "Certificates issued to the person.",
    ),
];
