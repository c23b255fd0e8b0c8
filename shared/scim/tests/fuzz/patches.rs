//! The PATCH parser, its paths, and what a PATCH does.
//!
//! Nothing panics; every refusal is a SCIM error of the client's making; a PATCH that fails leaves the resource as it was; one that
//! succeeds leaves a canonical resource; what goes through the queue is what was read; and what replaces or removes does so once,
//! however often it is repeated.

use super::{corpus, fuzz, generate, mutate::mutated};
use muster_scim::{Compat, Limits, Resource, ResourceType, ScimError, parse_json, patch, patch::PatchRequest, read_resource, render};
use serde_json::{Value, json};

const USER: ResourceType = ResourceType::User;

fn is_refusal(error: &ScimError) -> bool {
    (400..500).contains(&error.status) && !error.detail.is_empty() && error.detail.len() <= 16 * 1024
}

fn read(rt: ResourceType, body: Value) -> Option<PatchRequest> {
    match patch::read(rt, body.clone(), &Compat::default(), &Limits::default()) {
        Ok(request) => Some(request),
        Err(error) => {
            assert!(is_refusal(&error), "{error:?} of {body}");
            None
        }
    }
}

fn users() -> Vec<Resource> {
    let read = |user| read_resource(USER, user, &Compat::default(), &Limits::default()).expect("a user");
    generate::users().into_iter().map(read).collect()
}

/// Applies it; the resource when it went well.
fn apply(request: &PatchRequest, rt: ResourceType, resource: &Resource) -> Option<Resource> {
    let mut patched = resource.clone();
    match request.apply(rt, &mut patched) {
        Ok(effect) => {
            assert_eq!(effect.changed, patched != *resource, "{request:?}");
            Some(patched)
        }
        Err(error) => {
            assert!(is_refusal(&error), "{error:?} of {request:?}");
            assert_eq!(patched, *resource, "a refused PATCH changed something: {request:?}");
            None
        }
    }
}

fn check(body: &Value, users: &[Resource]) {
    for rt in ResourceType::BUILT_IN {
        let Some(request) = read(rt, body.clone()) else { continue };
        let sent = serde_json::to_string(&request).expect("JSON");
        assert_eq!(serde_json::from_str::<PatchRequest>(&sent).ok().as_ref(), Some(&request), "{body} goes through the queue as {sent}");
        if rt != USER {
            apply(&request, rt, &Resource::from_iter([("displayName".to_owned(), "Ops".into())]));
            continue;
        }
        for user in users {
            let Some(patched) = apply(&request, rt, user) else { continue };
            let seen = Value::Object(render(USER, "u1", &patched, 0, 1, 2, None));
            let back = read_resource(USER, seen, &Compat::default(), &Limits::default());
            assert_eq!(back.as_ref(), Ok(&patched), "{body} leaves what a PUT would change");
        }
    }
}

/// An operation that says the same thing the second time: not `add`, and no filter that the change itself might turn.
fn repeats(operation: &Value) -> bool {
    let op = operation["op"].as_str().unwrap_or_default().to_ascii_lowercase();
    let filtered = operation["path"].as_str().is_some_and(|path| path.contains('['));
    op == "remove" || (op == "replace" && !filtered)
}

#[test]
fn a_patch_of_the_grammar_is_read_and_is_all_or_nothing() {
    let users = users();
    fuzz("a_patch_of_the_grammar", 6_000, move |lot| check(&generate::patch(lot), &users));
}

#[test]
fn what_replaces_or_removes_does_so_once() {
    let users = users();
    fuzz("what_replaces_or_removes", 10_000, move |lot| {
        let operation = generate::operation(lot);
        if !repeats(&operation) {
            return;
        }
        let Some(request) = read(USER, json!({ "Operations": [operation] })) else { return };
        for user in &users {
            let Some(once) = apply(&request, USER, user) else { continue };
            if let Some(twice) = apply(&request, USER, &once) {
                assert_eq!(twice, once, "{operation}");
            }
        }
    });
}

#[test]
fn what_is_nearly_a_patch_is_taken_or_refused_and_nothing_else() {
    let (corpus, users) = (corpus::bodies(), users());
    fuzz("what_is_nearly_a_patch", 25_000, move |lot| {
        let start = if lot.bool() { generate::patch(lot).to_string().into_bytes() } else { corpus[lot.usize(..corpus.len())].clone() };
        let bytes = mutated(lot, &start, &corpus);
        if let Ok(body) = parse_json(&bytes, &Limits::default()) {
            check(&body, &users);
        }
    });
}

/// JSON that stays whole while the texts in it are broken: paths and values get further than bytes do.
#[test]
fn paths_and_values_that_are_nearly_right_are_taken_or_refused_and_nothing_else() {
    let (users, others) = (users(), [b"emails[type eq \"work\"].value".to_vec()]);
    fuzz("paths_and_values", 25_000, move |lot| {
        let mut body = generate::patch(lot);
        let operations = body["Operations"].as_array_mut().expect("operations");
        for operation in operations {
            for part in ["path", "value", "op"] {
                let Some(text) = operation[part].as_str().map(str::to_owned) else { continue };
                if lot.u32(..3) > 0 {
                    let broken = mutated(lot, text.as_bytes(), &others);
                    operation[part] = String::from_utf8_lossy(&broken).into_owned().into();
                }
            }
        }
        check(&body, &users);
    });
}
