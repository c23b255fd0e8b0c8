use super::*;
use crate::patch::MemberChange;
use crate::{Compat, Limits, ScimType, urn};
use serde_json::json;

const ENT: &str = urn::ENTERPRISE_USER;

fn apply_to(resource: Value, operations: Value) -> (Value, Result<PatchEffect, ScimError>) {
    let Value::Object(mut resource) = resource else { panic!("an object") };
    let request =
        crate::patch::read(ResourceType::User, json!({ "Operations": operations }), &Compat::default(), &Limits::default()).unwrap();
    // What is applied has been through the queue.
    let request: PatchRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
    let effect = request.apply(ResourceType::User, &mut resource);
    (Value::Object(resource), effect)
}

fn after(resource: Value, operations: Value) -> Value {
    let (after, effect) = apply_to(resource, operations);
    effect.unwrap();
    after
}

fn op(op: &str, path: &str, value: Value) -> Value {
    json!({ "op": op, "path": path, "value": value })
}

#[test]
fn single_values_are_set_and_taken_away() {
    let ada = json!({ "userName": "ada", "title": "Mate", "name": { "givenName": "Ada" }, ENT: { "department": "Docks" } });
    assert_eq!(after(ada.clone(), json!([op("Add", "Title", json!("Chief"))]))["title"], "Chief");
    assert_eq!(after(ada.clone(), json!([op("replace", "nickName", json!("A"))]))["nickName"], "A");
    assert_eq!(
        after(ada.clone(), json!([op("replace", "name", json!({ "familyName": "Q" }))]))["name"],
        json!({ "givenName": "Ada", "familyName": "Q" })
    );
    let bare = after(
        ada,
        json!([op("replace", "title", json!("")), { "op": "remove", "path": "name.givenName" }, { "op": "remove", "path": format!("{ENT}:department") }]),
    );
    assert_eq!(bare, json!({ "userName": "ada" }), "objects that have lost everything go as well");
}

#[test]
fn elements_found_by_a_filter_change_and_others_stay() {
    let ada = json!({ "emails": [{ "type": "work", "value": "old" }, { "type": "home", "value": "h" }] });
    let seen = after(ada, json!([op("Replace", "emails[type eq \"WORK\"].value", json!("new"))]));
    assert_eq!(seen["emails"], json!([{ "type": "work", "value": "new" }, { "type": "home", "value": "h" }]));
}

#[test]
fn an_element_that_is_not_there_is_made_once() {
    for word in ["Add", "Replace"] {
        let seen = after(
            json!({}),
            json!([
                op(word, "addresses[type eq \"work\"].streetAddress", json!("9 Mole Rd")),
                op(word, "addresses[type eq \"work\"].postalCode", json!("0610")),
                op(word, "roles[primary eq \"True\"].display", json!("Lead")),
                op(word, "roles[primary eq \"True\"].value", json!("lead")),
            ]),
        );
        assert_eq!(seen["addresses"], json!([{ "type": "work", "streetAddress": "9 Mole Rd", "postalCode": "0610" }]));
        assert_eq!(seen["roles"], json!([{ "primary": true, "display": "Lead", "value": "lead" }]));
    }
}

#[test]
fn nothing_changes_when_one_step_fails() {
    let ada = json!({ "userName": "ada", "emails": [{ "type": "work", "value": "w" }], ENT: { "department": "Docks" } });
    let (same, effect) = apply_to(
        ada.clone(),
        json!([
            op("replace", "userName", json!("bo")), op("add", "emails", json!([{ "value": "x" }])), op("add", "title", json!("t")),
            op("replace", "manager", json!("M")), { "op": "remove", "path": format!("{ENT}:department") },
            op("add", "phoneNumbers[type eq \"work\"].value", json!("1")), op("replace", "photos[type sw \"q\"].value", json!("v")),
        ]),
    );
    let error = effect.unwrap_err();
    assert_eq!((error.status, error.scim_type), (400, Some(ScimType::NoTarget)));
    assert_eq!(error.detail, "no element of photos satisfies [type sw \"q\"]");
    assert_eq!(same, ada);
}

#[test]
fn adding_again_changes_nothing() {
    let ada = json!({ "userName": "ada", "active": true, "emails": [{ "type": "work", "value": "w", "primary": true }], ENT: { "manager": { "value": "M" } } });
    for operation in [
        op("Add", "active", json!("True")),
        op("add", "emails", json!([{ "value": "w", "type": "work" }])),
        op("replace", "emails[type eq \"work\"].value", json!("w")),
        op("Add", "manager", json!("M")),
        json!({ "op": "remove", "path": "title" }),
        json!({ "op": "remove", "path": "emails[type eq \"home\"]" }),
        op("remove", "emails", json!([{ "value": "none" }])),
        op("remove", "emails", json!([])),
    ] {
        let (same, effect) = apply_to(ada.clone(), json!([operation]));
        assert_eq!((effect.unwrap(), &same), (PatchEffect::default(), &ada), "{operation}");
    }
}

#[test]
fn a_change_and_its_undoing_is_no_change() {
    let (_, effect) = apply_to(json!({ "title": "a" }), json!([op("replace", "title", json!("b")), op("replace", "title", json!("a"))]));
    assert!(!effect.unwrap().changed);
    let (seen, effect) = apply_to(json!({}), json!([op("add", "title", json!("b"))]));
    assert!(effect.unwrap().changed);
    assert_eq!(seen, json!({ "title": "b" }));
}

#[test]
fn at_most_one_element_is_primary() {
    let two = || json!({ "emails": [{ "value": "a", "primary": true }, { "value": "b", "type": "work" }] });
    let primaries = |seen: &Value| -> Vec<Value> {
        seen["emails"].as_array().unwrap().iter().filter(|email| email["primary"] == true).map(|email| email["value"].clone()).collect()
    };
    assert_eq!(primaries(&after(two(), json!([op("add", "emails", json!([{ "value": "c", "primary": true }]))]))), [json!("c")]);
    assert_eq!(primaries(&after(two(), json!([op("add", "emails[type eq \"work\"].primary", json!("True"))]))), [json!("b")]);
    assert_eq!(
        primaries(&after(two(), json!([op("add", "emails[type eq \"home\" and primary eq true].value", json!("d"))]))),
        [json!("d")]
    );
    assert_eq!(
        primaries(&after(two(), json!([op("replace", "emails[type eq \"work\"]", json!({ "value": "e", "primary": true }))]))),
        [json!("e")]
    );
}

#[test]
fn a_replaced_element_is_still_the_one_the_path_names() {
    let two = json!({ "emails": [{ "value": "a", "type": "work", "display": "A" }, { "value": "b", "type": "home" }] });
    let seen = after(two.clone(), json!([op("replace", "emails[type eq \"work\"]", json!({ "value": "c" }))]));
    assert_eq!(seen["emails"][0], json!({ "value": "c", "type": "work" }));
    let seen = after(two, json!([op("add", "emails[type eq \"work\"]", json!([{ "value": "c" }]))]));
    assert_eq!(seen["emails"][0], json!({ "value": "c", "type": "work", "display": "A" }));
}

#[test]
fn removals_take_what_they_name_and_no_more() {
    let rich = || json!({ "phoneNumbers": [{ "type": "work", "value": "1" }, { "type": "mobile", "value": "2" }], "addresses": [{ "country": "NZ" }] });
    let phones = |operation: Value| after(rich(), json!([operation]))["phoneNumbers"].clone();
    let work = json!([{ "type": "work", "value": "1" }]);
    assert_eq!(phones(json!({ "op": "Remove", "path": "phoneNumbers[type eq \"mobile\"]" })), work);
    assert_eq!(phones(json!({ "op": "Remove", "path": "phoneNumbers[type eq \"mobile\"].value" })), work, "a bare type says nothing");
    assert_eq!(phones(op("remove", "phoneNumbers", json!([{ "value": "2" }]))), work);
    assert_eq!(phones(op("remove", "phoneNumbers", json!([{ "type": "mobile" }]))), work);
    assert_eq!(phones(json!({ "op": "remove", "path": "phoneNumbers" })), Value::Null);
    assert_eq!(after(rich(), json!([op("remove", "addresses", json!([{ "country": "nz" }]))]))["addresses"], Value::Null);
    let ada = json!({ ENT: { "department": "d", "manager": { "value": "m" } } });
    assert_eq!(after(ada, json!([{ "op": "remove", "path": ENT }])), json!({}));
}

#[test]
fn a_list_does_not_grow_beyond_its_bound() {
    let emails = |from: usize, n: usize| (from..from + n).map(|i| json!({ "value": i.to_string() })).collect::<Vec<_>>();
    let (same, effect) = apply_to(json!({ "emails": emails(0, 600) }), json!([op("add", "emails", emails(600, 401).into())]));
    assert_eq!(effect.unwrap_err().detail, "emails would have more than 1000 elements");
    assert_eq!(same["emails"].as_array().unwrap().len(), 600);
    let seen = after(json!({ "emails": emails(0, 600) }), json!([op("add", "emails", emails(500, 500).into())]));
    assert_eq!(seen["emails"].as_array().unwrap().len(), 1_000, "those that were there are not added again");
}

#[test]
fn members_come_back_and_the_group_is_not_looked_at() {
    let body = json!({ "Operations": [op("replace", "displayName", json!("Ops")), op("add", "members", json!(["a"])), op("replace", "members", json!([]))] });
    let request = crate::patch::read(ResourceType::Group, body, &Compat::default(), &Limits::default()).unwrap();
    let mut group = Resource::from_iter([("displayName".to_owned(), json!("Ops"))]);
    let effect = request.apply(ResourceType::Group, &mut group).unwrap();
    assert_eq!(effect, PatchEffect { changed: false, members: vec![MemberChange::Add(vec!["a".into()]), MemberChange::Set(vec![])] });
    assert_eq!(group.len(), 1);
}

#[test]
fn no_element_is_made_with_an_empty_text() {
    let ada = json!({ "userName": "ada" });
    for path in ["emails[type eq \"\"].value", "emails[type eq \"work\" and display eq \"\"].value", "roles[value eq \"\"].type"] {
        let (after, effect) = apply_to(ada.clone(), json!([op("Add", path, json!("x"))]));
        assert_eq!((effect.unwrap_err().scim_type, after), (Some(ScimType::NoTarget), ada.clone()), "{path}");
    }
}
