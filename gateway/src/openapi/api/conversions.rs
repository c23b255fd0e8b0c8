//! Conversions in the document.

use super::{
    describe::{Answer, CHANGE, Described, look, ok},
    parameters,
    shape::{count, flag, id, list, maybe, named, object, open, text, time, word},
};
use crate::api::Action;
use muster_domain::conversion::{Code, ItemState, Kind, Phase, State, throttle::Preset};
use serde_json::{Value, json};

pub(super) fn describe(action: Action) -> Described {
    let shown = || ok("The conversion as it is now.", named("ConversionStatus"), status_example());
    let order = |summary, body| Described { body, refusals: CHANGE, ..look("Conversions", summary, Vec::new(), shown()) };
    let pace = || Some((named("ConversionPace"), json!({ "preset": "gentle", "max_rate": 300 })));
    match action {
        Action::Plan => Described {
            body: Some((named("ConversionPlan"), json!({ "domains": ["acme.com"], "exclude": ["svc-backup"], "alias_days": 180 }))),
            answer: Answer::Json {
                status: "201",
                description: "The plan, which a worker makes; Location is where it is.",
                schema: named("ConversionStatus"),
                example: status_example(),
            },
            ..order(
                "Look at every user and say what would become of its user id. Changes nobody; takes the place of the plan before.",
                None,
            )
        },
        Action::Start => order("Start the plan, which goes gently unless said otherwise.", pace()),
        Action::Resume => order("Let a paused conversion go on, or change how fast a running one goes: from the next chunk on.", pace()),
        Action::Undo => order("Take a conversion back, user by user. The answer is the run that does it; it has started.", pace()),
        Action::Cancel => order("End it where it stands. What is converted stays so and can be undone.", None),
        Action::Pause => order(
            "Stop it until it is resumed. What is converted stays so.",
            Some((open(Vec::new(), vec![("reason", maybe(text("Why, for those who look at it.")))]), json!({ "reason": "an incident" }))),
        ),
        Action::Conversion => {
            look("Conversions", "One conversion: how far, how fast, what it waits for, when it will be done.", Vec::new(), shown())
        }
        Action::Items => look("Conversions", "Every user of a conversion, with state and reason.", parameters::items(), items()),
        Action::Report => look("Conversions", "Counts by reason with the first of each, columns, what happened.", Vec::new(), report()),
        _ => look("Conversions", "The latest 100 conversions, the newest first.", Vec::new(), runs()),
    }
}

fn runs() -> Answer {
    let schema = object(vec![("conversions", list(&named("Conversion")))]);
    ok("The conversions.", schema, json!({ "conversions": [example()] }))
}

fn items() -> Answer {
    let next = json!({ "type": ["integer", "null"], "description": "Where the next page begins; null on the last. A page can be short and not be the last." });
    let example = json!({ "items": [{
        "n": 1, "user": "019a0000-0000-7000-8000-000000000003", "old_id": "jdoe", "new_id": "jdoe@acme.com", "email": "jdoe@acme.com",
        "active": true, "state": "todo", "code": "convert", "other": null, "depth": 0, "ring": null, "tries": 0
    }], "next": null });
    Answer::Listed {
        description: "One page of users.",
        schema: object(vec![("items", list(&named("ConversionItem"))), ("next", next)]),
        example,
    }
}

fn report() -> Answer {
    let mut example = status_example();
    example["counts"] = json!([{ "state": "todo", "code": "convert", "count": 1200 }]);
    example["examples"] = json!({});
    example["columns"] = json!([]);
    example["events"] = json!([{ "at_ms": 1769850000000_i64, "type": "created", "data": { "by": "jdoe", "kind": "convert" } }]);
    ok("The report.", named("ConversionReport"), example)
}

fn example() -> Value {
    json!({
        "id": "019a0000-0000-7000-8000-000000000006", "kind": "convert", "undo_of": null, "state": "planned", "phase": "ready",
        "reason": null, "error": null, "requested_by": "jdoe", "options": { "duplicates": "skip", "alias_days": 180 },
        "pace": { "preset": "gentle" }, "walk_n": 0, "users_n": 0, "total": 1250, "planned": 1200, "converted": 0, "rounds": 0,
        "verified": null, "lease_owner": null, "active_ms": 900, "created_ms": 1769850000000_i64, "planned_ms": 1769850001000_i64,
        "started_ms": null, "finished_ms": null, "modified_ms": 1769850001000_i64
    })
}

fn status_example() -> Value {
    let mut example = example();
    example["account"] = "acme".into();
    example["progress"] = json!({ "phase": "ready", "done": 1250, "of": 1250 });
    example["throttle"] = Value::Null;
    example["eta"] = Value::Null;
    example["forms"] = json!({ "scim": { "mailbox": 0, "email": 412 }, "sso": { "mailbox": 0, "email": 37 }, "warnings": [] });
    example
}

/// The schemas of conversions.
pub(super) fn schemas() -> [(&'static str, Value); 7] {
    let status: Vec<(&str, Value)> = run()
        .into_iter()
        .chain([
            ("account", text("The account's slug.")),
            ("progress", progress()),
            ("throttle", maybe(named("ConversionThrottle"))),
            ("eta", maybe(eta())),
            ("forms", forms()),
        ])
        .collect();
    [
        ("Conversion", object(run())),
        ("ConversionReport", object(status.iter().cloned().chain(reported()).collect())),
        ("ConversionStatus", object(status)),
        ("ConversionThrottle", throttle()),
        ("ConversionPlan", plan()),
        ("ConversionPace", pace()),
        ("ConversionItem", item()),
    ]
}

fn words<T: Copy>(all: &[T], word_of: fn(T) -> &'static str, description: &str) -> Value {
    word(all.iter().map(|one| word_of(*one)), description)
}

fn run() -> Vec<(&'static str, Value)> {
    vec![
        ("id", id("The conversion.")),
        ("kind", words(Kind::ALL, Kind::as_str, "Which way it goes.")),
        ("undo_of", maybe(id("The conversion it undoes."))),
        ("state", words(State::ALL, State::as_str, "Where it stands.")),
        ("phase", words(Phase::ALL, Phase::as_str, "What it is doing.")),
        ("reason", maybe(text("What it waits for, or why it was paused."))),
        ("error", maybe(text("What went wrong last."))),
        ("requested_by", text("Who asked for it.")),
        ("options", json!({ "type": "object", "description": "How it decides." })),
        ("pace", json!({ "type": "object", "description": "How fast it may go." })),
        ("walk_n", count("The cursor of the phase, other than that of users.")),
        ("users_n", count("The cursor of users: items up to it are dealt with.")),
        ("total", count("How many users there are.")),
        ("planned", count("How many of them are to be converted.")),
        ("converted", count("How many were converted so far; of an undo, taken back.")),
        ("rounds", count("How often the sweep has gone round.")),
        ("verified", json!({ "type": ["object", "null"], "description": "What the verification found." })),
        ("lease_owner", maybe(text("The worker that has it in hand."))),
        ("active_ms", count("How long it was worked on, milliseconds.")),
        ("created_ms", time("When it was made.")),
        ("planned_ms", maybe(time("When its plan was ready."))),
        ("started_ms", maybe(time("When it was started."))),
        ("finished_ms", maybe(time("When it was over."))),
        ("modified_ms", time("When it last moved.")),
    ]
}

fn progress() -> Value {
    object(vec![
        ("phase", words(Phase::ALL, Phase::as_str, "The phase.")),
        ("done", count("How far it is.")),
        ("of", count("Of how much.")),
    ])
}

fn throttle() -> Value {
    let number = |description: &str| json!({ "type": "number", "description": description });
    let waiting = open(
        vec![
            ("reason", text("For programs.")),
            ("text", text("For people.")),
            ("ask_again_ms", count("When it is asked again, milliseconds.")),
        ],
        vec![("until", json!({ "type": "string", "format": "date-time", "description": "When it will go on, where that is known." }))],
    );
    object(vec![
        ("allowed", maybe(number("Rows a second that are allowed; null for as many as it goes."))),
        ("rate", number("Rows a second lately.")),
        (
            "rate_range",
            json!({ "type": "array", "items": { "type": "number" }, "description": "The slow and the fast end of the last ten minutes." }),
        ),
        ("during_p99_ms", maybe(number("p99 of the canary during chunks, milliseconds."))),
        ("between_p99_ms", maybe(number("p99 of the canary between chunks, milliseconds."))),
        ("waiting", maybe(waiting)),
        ("text", text("All of it in one line.")),
    ])
}

fn eta() -> Value {
    let moment = |description: &str| json!({ "type": "string", "format": "date-time", "description": description });
    open(
        vec![("kind", word(["done", "between", "paused", "unknown", "never"], "Whether there is one.")), ("text", text("In words."))],
        vec![("earliest", moment("At the fast end.")), ("latest", maybe(moment("At the slow end.")))],
    )
}

fn forms() -> Value {
    let counted = |who: &str| {
        let mut schema = object(vec![("mailbox", count("As the name of a mailbox.")), ("email", count("As an address."))]);
        schema["description"] = format!("How often {who} asked for a user in the last 24 hours, and in which form.").into();
        schema
    };
    let warnings =
        json!({ "type": "array", "items": { "type": "string" }, "description": "What still asks in the old form, and what to do." });
    object(vec![("scim", counted("directories")), ("sso", counted("sign-ins")), ("warnings", warnings)])
}

fn plan() -> Value {
    let texts = |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    open(
        Vec::new(),
        vec![
            ("duplicates", word(["skip", "active_wins"], "Users who share an address: all stay, or the one active one gets it.")),
            ("leave_cycles", flag("Rings of users who have each other's addresses as user ids are left.")),
            ("allow_unicode", flag("Addresses with letters outside ASCII are converted.")),
            ("include_excluded", flag("Role mailboxes and service accounts are converted.")),
            ("exclude", texts("User ids to leave out.")),
            ("domains", texts("The domains the account owns.")),
            ("only_own_domains", flag("Addresses in other domains are left.")),
            (
                "alias_days",
                json!({ "type": "integer", "minimum": 0, "maximum": 3650, "default": 180, "description": "How long an old user id signs in." }),
            ),
        ],
    )
}

fn pace() -> Value {
    let rows = json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000, "description": "The most users a second, whatever the preset." });
    let windows = json!({
        "type": ["object", "null"], "description": "When it may run: `zone`, `blackout`, and `window` with days, from, to. Empty: at any time."
    });
    let until = json!({ "type": ["string", "null"], "format": "date-time", "description": "Until then, windows do not matter." });
    open(
        Vec::new(),
        vec![
            ("preset", maybe(words(&Preset::ALL, Preset::as_str, "How much of the database it may take."))),
            ("max_rate", rows),
            ("windows", windows),
            ("ignore_windows_until", until),
        ],
    )
}

fn item() -> Value {
    object(vec![
        ("n", count("Its place in the plan.")),
        ("user", id("The user.")),
        ("old_id", text("The user id before.")),
        ("new_id", maybe(text("The user id after."))),
        ("email", maybe(text("The address as it stood with the user."))),
        ("active", flag("Whether the user was active.")),
        ("state", words(ItemState::ALL, ItemState::as_str, "Where it stands.")),
        ("code", words(Code::ALL, Code::as_str, "Why.")),
        ("other", maybe(id("The user that is in the way."))),
        ("depth", count("How many others have to move first.")),
        ("ring", maybe(count("The ring it belongs to."))),
        ("tries", count("How often it was tried in vain.")),
    ])
}

fn reported() -> [(&'static str, Value); 4] {
    let counted = object(vec![
        ("state", words(ItemState::ALL, ItemState::as_str, "Where they stand.")),
        ("code", words(Code::ALL, Code::as_str, "Why.")),
        ("count", count("How many.")),
    ]);
    let column = object(vec![
        ("position", count("Its place.")),
        ("name", text("table.column")),
        ("mode", word(["rewrite", "keep", "alias"], "What is done to it.")),
        ("state", text("waiting, walking, done, or why it cannot be walked.")),
        ("scanned", count("Rows read.")),
        ("rewritten", count("Rows rewritten.")),
        ("ambiguous", count("Rows left because their text could mean two users.")),
    ]);
    let event = object(vec![
        ("at_ms", time("When.")),
        ("type", text("created, planned, started, paused, resumed, cancelled or finished.")),
        ("data", json!({ "description": "What there is to say about it." })),
    ]);
    let examples =
        json!({ "type": "object", "additionalProperties": list(&named("ConversionItem")), "description": "The first of each reason." });
    [("counts", list(&counted)), ("examples", examples), ("columns", list(&column)), ("events", list(&event))]
}
