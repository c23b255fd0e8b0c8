//! Who is meant by an identity, in the document.

use super::{
    describe::{Answer, BODY, Described, look, ok},
    shape::{flag, id, named, object, open, text, word},
};
use crate::api::Action;
use muster_domain::sso::Refusal;
use serde_json::{Value, json};

/// What is answered when nobody may be let in.
const NOBODY: &[(&str, &str)] = &[
    ("403", "Nobody may be let in, and `reason` says why; or, as a SCIM error, the token's user may not ask."),
    ("404", "Nobody is known by it."),
    ("409", "It could be more than one, or another person: only somebody who looks can tell."),
];

pub(super) fn describe(action: Action) -> Described {
    match action {
        Action::RedeemSignIn => Described {
            body: Some((
                object(vec![("code", text("What the browser has brought, within a minute; good for one question."))]),
                json!({ "code": "mustersso_…" }),
            )),
            nobody: &NOBODY[..2],
            ..asked("Say whose sign-in with the account's OpenID provider this is.")
        },
        _ => Described {
            body: Some((question(), json!({ "kind": "assertion", "email": "jdoe@acme.com" }))),
            nobody: NOBODY,
            ..asked(
                "Say who is meant by an identity somebody else vouches for, or by what a password was given for. Only 200 lets somebody in.",
            )
        },
    }
}

fn asked(summary: &'static str) -> Described {
    Described { refusals: BODY, ..look("Sign-in", summary, Vec::new(), found()) }
}

fn found() -> Answer {
    let example = json!({
        "outcome": "found", "user": { "id": "019a0000-0000-7000-8000-000000000003", "user_id": "jdoe", "active": true },
        "matched_by": "mailbox", "created": false
    });
    ok("Here is the user.", named("SignIn"), example)
}

fn question() -> Value {
    open(
        vec![(
            "kind",
            word(["assertion", "password"], "What stands behind it. A password means its exact user id, or a live alias of it."),
        )],
        vec![
            ("user_id", text("A user id; one of the three is given.")),
            ("email", text("An address; only with `assertion`, for which its mailbox name may count.")),
            (
                "claims",
                json!({ "type": "object", "description": "The claims of an identity token you have checked; only with `assertion`." }),
            ),
            ("create", flag("Make a user of somebody nobody knows, if the account makes users at sign-in.")),
        ],
    )
}

/// The schemas of sign-in.
pub(super) fn schemas() -> [(&'static str, Value); 2] {
    let user = object(vec![
        ("id", id("The user. It never changes: keep it in the session.")),
        ("user_id", text("What it signs in with now.")),
        ("active", flag("Whether it may sign in.")),
    ]);
    let reasons = Refusal::ALL.into_iter().map(Refusal::as_str).chain(["unknown_code"]);
    [
        (
            "SignIn",
            object(vec![
                ("outcome", word(["found"], "Somebody is let in.")),
                ("user", user),
                ("matched_by", word(["user_id", "alias", "mailbox", "domain"], "What of the user it is.")),
                ("created", flag("Whether the user was made by this question.")),
            ]),
        ),
        (
            "SignInRefused",
            object(vec![
                ("outcome", word(["refused"], "Nobody is let in.")),
                ("reason", word(reasons, "Why, for programs.")),
                ("detail", text("Why, for people.")),
                ("remedy", text("What to do about it.")),
            ]),
        ),
    ]
}
