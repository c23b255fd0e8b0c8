//! What holds for every input, tried with many.

use muster_scim::{Compat, Filter, Limits, Resource, ResourceType, filter, patch, read_resource, render, urn};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        "[a-c]{1,3}",
        "[ -~]{1,12}",
        "\\PC{1,6}",
        Just("True".to_owned()),
        Just("work".to_owned()),
        Just("null".to_owned()),
        Just(String::new()),
        Just("{\"value\":\"Admin\"}".to_owned())
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4).prop_map(|members| members.into_iter().collect::<Value>())
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let known = [
        "userName",
        "USERNAME",
        "active",
        "title",
        "name",
        "name.givenName",
        "givenName",
        "emails",
        "roles",
        "addresses",
        "value",
        "type",
        "primary",
        "display",
        "manager",
        "department",
        "externalId",
        "id",
        "meta",
        "groups",
        "members",
        "displayName",
        "schemas",
        "password",
        "shoeSize",
        "streetAddress",
        "$ref",
        "emails[type eq \"work\"].value",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => Just(urn::ENTERPRISE_USER.to_owned()),
        1 => Just(format!("{}:manager", urn::ENTERPRISE_USER)),
        1 => "\\PC{0,8}"
    ]
}

/// A body that has a good chance of being a user.
fn user_body() -> impl Strategy<Value = Value> {
    let list = |keys: &'static [&'static str]| {
        let element = prop::collection::vec((prop::sample::select(keys), text()), 0..3).prop_map(|parts| {
            parts
                .into_iter()
                .map(|(key, text)| (key.to_owned(), if key == "primary" { json!(text.len() == 1) } else { json!(text) }))
                .collect::<Value>()
        });
        prop::collection::vec(element, 0..4)
    };
    (
        "[a-z]{1,4}|[A-Z][a-z]\u{e9}",
        prop::option::of(text()),
        prop::option::of(prop_oneof![any::<bool>().prop_map(Value::from), Just(json!("False")), Just(Value::Null)]),
        list(&["value", "type", "primary", "display", "shoe"]),
        list(&["value", "type", "primary"]),
        list(&["streetAddress", "type", "country", "primary"]),
        prop::option::of(text()),
        prop::option::of(text()),
    )
        .prop_map(|(user_name, title, active, emails, roles, addresses, manager, given)| {
            json!({
                "userName": user_name, "TITLE": title, "active": active, "Emails": emails, "roles": roles, "addresses": addresses,
                "name": { "givenName": given }, urn::ENTERPRISE_USER: { "Manager": manager, "department": given }, "unknown": 1
            })
        })
}

fn user() -> impl Strategy<Value = Resource> {
    user_body().prop_filter_map("a user", |body| read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).ok())
}

fn operation() -> impl Strategy<Value = Value> {
    let paths = [
        "title",
        "active",
        "userName",
        "name",
        "name.givenName",
        "emails",
        "emails.type",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[value sw \"a\"].display",
        "roles[primary eq \"True\"].value",
        "roles",
        "addresses[type eq \"work\" and primary eq true].country",
        "addresses",
        "manager",
        "department",
        "emails[not (type pr)]",
        "roles[value eq \"a\" or value eq \"b\"].primary",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ];
    let value = prop_oneof![
        3 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any_json(),
        2 => prop::collection::vec((text(), text(), any::<bool>()).prop_map(|(v, t, p)| json!({ "value": v, "type": t, "primary": p })), 0..3)
            .prop_map(Value::from)
    ];
    (prop::sample::select(vec!["Add", "replace", "remove"]), prop::option::of(prop::sample::select(paths.to_vec())), value).prop_map(
        |(op, path, value)| match path {
            Some(path) => json!({ "op": op, "path": path, "value": value }),
            None => json!({ "op": op, "value": value }),
        },
    )
}

/// A filter that is well formed.
fn filter_text() -> impl Strategy<Value = String> {
    let quoted = text().prop_map(|text| Value::from(text).to_string());
    let compared =
        ["userName", "NAME.familyName", "emails.value", "manager", "externalId", "urn:ietf:params:scim:schemas:core:2.0:User:title"];
    let op = prop::sample::select(vec!["eq", "Ne", "co", "sw", "EW", "gt", "ge", "lt", "le"]);
    let element = (prop::sample::select(vec!["type", "value"]), op.clone(), quoted.clone())
        .prop_map(|(sub, op, value)| format!("{sub} {op} {value}"));
    let leaf = prop_oneof![
        (prop::sample::select(compared.to_vec()), op, quoted.clone()).prop_map(|(name, op, value)| format!("{name} {op} {value}")),
        prop::sample::select(vec![
            "title pr",
            "active eq true",
            "active ne \"False\"",
            "externalId eq someone",
            "meta.created gt \"2026-01-01T00:00:00Z\"",
            "title eq null"
        ])
        .prop_map(str::to_owned),
        (element.clone(), quoted).prop_map(|(filter, value)| format!("emails[{filter}].value eq {value}")),
        (element.clone(), element).prop_map(|(a, b)| format!("roles[{a} and not ({b})]")),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" AND ")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" or ")),
            inner.clone().prop_map(|filter| format!("({filter})")),
            inner.prop_map(|filter| format!("not ({filter})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_a_filter_never_panics(text in "\\PC{0,60}|[()\\[\\]\" a-e.:\\\\]{0,60}|((userName|emails|title|and|or|not|eq|pr|true|\"x\"|[()\\[\\].]) ?){0,14}") {
        for rt in ResourceType::BUILT_IN {
            if let Ok(filter) = filter::parse(rt, &text, &Limits::default()) {
                let _ = filter.matches(rt, &Resource::new());
                prop_assert_eq!(filter::parse(rt, &filter.to_string(), &Limits::default()), Ok(filter));
            }
        }
    }

    #[test]
    fn a_printed_filter_reads_back_as_itself(text in filter_text(), user in user()) {
        let read = |text: &str| filter::parse(ResourceType::User, text, &Limits::default());
        let filter = match read(&text) {
            Ok(filter) => filter,
            Err(error) => return Err(TestCaseError::fail(format!("{text}: {error}"))),
        };
        let printed = read(&filter.to_string());
        prop_assert_eq!(printed.as_ref(), Ok(&filter));
        let sent: Filter = serde_json::from_str(&serde_json::to_string(&filter).expect("JSON")).expect("the same JSON");
        prop_assert_eq!(&sent, &filter);
        let (yes, no) = (filter.matches(ResourceType::User, &user), Filter::Not(Box::new(filter)).matches(ResourceType::User, &user));
        prop_assert_ne!(yes, no);
    }

    #[test]
    fn a_canonical_resource_reads_back_as_itself(body in user_body()) {
        let read = |body| read_resource(ResourceType::User, body, &Compat::default(), &Limits::default());
        let first = read(body).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let seen = render(ResourceType::User, "u1", &first, 0, 1, 2, Some("https://x.test/scim"));
        prop_assert_eq!(read(Value::Object(seen)), Ok(first));
    }

    #[test]
    fn no_body_makes_the_reader_panic(body in any_json()) {
        for compat in [Compat::lenient(), Compat::strict()] {
            for rt in ResourceType::BUILT_IN {
                let _ = read_resource(rt, body.clone(), &compat, &Limits::default());
                let _ = patch::read(rt, body.clone(), &compat, &Limits::default());
                let _ = patch::read(rt, json!({ "Operations": [{ "op": "add", "value": body }] }), &compat, &Limits::default());
            }
        }
    }

    #[test]
    fn a_patch_applies_as_a_whole_or_not_at_all(user in user(), operations in prop::collection::vec(operation(), 1..6)) {
        let body = json!({ "Operations": operations });
        let Ok(request) = patch::read(ResourceType::User, body, &Compat::default(), &Limits::default()) else { return Ok(()) };
        let sent: patch::PatchRequest = serde_json::from_str(&serde_json::to_string(&request).expect("JSON")).expect("the same JSON");
        prop_assert_eq!(&sent, &request);
        let mut patched = user.clone();
        match request.apply(ResourceType::User, &mut patched) {
            Err(_) => prop_assert_eq!(patched, user),
            Ok(effect) => {
                prop_assert_eq!(effect.changed, patched != user);
                // What a PATCH leaves behind is canonical: a PUT of it changes nothing.
                let seen = render(ResourceType::User, "u1", &patched, 0, 1, 2, None);
                prop_assert_eq!(read_resource(ResourceType::User, Value::Object(seen), &Compat::default(), &Limits::default()), Ok(patched));
            }
        }
    }
}
