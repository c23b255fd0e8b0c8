//! Old user ids in the document.

use super::{
    describe::{CHANGE, Described, look, ok},
    parameters,
    shape::{count, flag, id, list, maybe, named, object, open, text, time},
};
use crate::api::Action;
use muster_domain::conversion::ALIAS_DAYS_MOST;
use serde_json::{Value, json};

pub(super) fn describe(action: Action) -> Described {
    let order =
        |summary, body, answer| Described { body: Some(body), refusals: CHANGE, ..look("Conversions", summary, Vec::new(), answer) };
    match action {
        Action::ExtendAliases => order(
            "Let old user ids live longer. One that lives longer already stays as it is, so this can be repeated.",
            (extend(), json!({ "all": true, "until": "2028-01-31T18:00:00Z" })),
            ok(
                "How many live longer now, and until when.",
                object(vec![("extended", count("How many it was.")), ("until_ms", time("Until when they live at least."))]),
                json!({ "extended": 1200, "until_ms": 1832954400000_i64 }),
            ),
        ),
        Action::ReleaseAliases => order(
            "Let old user ids go before their time: nobody signs in with them any more, and anybody can get them. Those somebody used in the \
             last 30 days stay unless `force` is true; 409 when all of them stay, or their conversion is under way.",
            (release(), json!({ "old_id": "jdoe" })),
            ok(
                "What became of them.",
                object(vec![
                    ("released", count("How many are free now.")),
                    ("kept", count("How many stay, as somebody used them.")),
                    ("last_used_ms", maybe(time("When the last of these was used."))),
                    ("under_way", count("How many stay until the conversion they belong to is over.")),
                ]),
                json!({ "released": 1, "kept": 0, "last_used_ms": null, "under_way": 0 }),
            ),
        ),
        _ => look("Conversions", "Old user ids, in their order.", parameters::aliases(), aliases()),
    }
}

fn aliases() -> super::describe::Answer {
    let schema = object(vec![
        ("aliases", list(&named("Alias"))),
        ("next", maybe(text("Where the next page begins; null on the last. A page can be short and not be the last."))),
    ]);
    let example = json!({ "aliases": [{
        "old_id": "jdoe", "user": "019a0000-0000-7000-8000-000000000003", "user_id": "jdoe@acme.com",
        "conversion": "019a0000-0000-7000-8000-000000000006", "expires_ms": 1785402000000_i64, "reserved_ms": 1801386000000_i64,
        "hits": 3, "last_used_ms": 1769850000000_i64, "live": true
    }], "next": null });
    ok("One page of old user ids.", schema, example)
}

/// The schema of one.
pub(super) fn schema() -> Value {
    object(vec![
        ("old_id", text("The old user id.")),
        ("user", id("Whose it was.")),
        ("user_id", maybe(text("What that user signs in with now; null when it was deleted."))),
        ("conversion", id("What took it away: a conversion, or the operation of a directory that was given a user who is here.")),
        ("expires_ms", time("Until when one can sign in with it.")),
        ("reserved_ms", time("Until when nobody else gets it.")),
        ("hits", count("How often somebody has signed in with it.")),
        ("last_used_ms", maybe(time("When somebody last did."))),
        ("live", flag("One can sign in with it now.")),
    ])
}

fn which() -> Vec<(&'static str, Value)> {
    vec![
        ("old_id", maybe(text("The one of this old user id."))),
        ("user", maybe(text("Those of the user who signs in with this now."))),
        ("conversion", maybe(id("Those of this conversion."))),
    ]
}

fn extend() -> Value {
    let days = json!({
        "type": ["integer", "null"], "minimum": 1, "maximum": ALIAS_DAYS_MOST,
        "description": "To the end of the day (UTC) that is so many days from now."
    });
    let until = json!({ "type": ["string", "null"], "description": "Until this moment, such as 2028-01-31T18:00:00Z, or to the end of this day (UTC), such as 2028-01-31." });
    let more = [("all", flag("All of the account.")), ("until", until), ("days", days)];
    let mut schema = open(Vec::new(), which().into_iter().chain(more).collect());
    schema["description"] = "Exactly one of `old_id`, `user`, `conversion` and `all`, and exactly one of `until` and `days`.".into();
    schema
}

fn release() -> Value {
    let force = flag("Those that were used in the last 30 days, too.");
    let mut schema = open(Vec::new(), which().into_iter().chain([("force", force)]).collect());
    schema["description"] = "Exactly one of `old_id`, `user` and `conversion`.".into();
    schema
}
