//! Schemas that an installation adds: they obey the same rules, attribute by attribute, and are kept, changed, filtered, shown
//! and described as the built-in ones are. This is a process of its own, because a process has one set of schemas.

mod rules;

use muster_scim::schema::{Document, Registry};
use muster_scim::{
    Compat, Limits, Projection, Resource, ResourceType, ScimError, ScimType, discovery, filter, patch, read_resource, render, urn,
};
use serde_json::{Value, json};
use std::sync::Once;

const HARBOUR: &str = "urn:example:params:scim:schemas:extension:harbour:2.0:User";
const CUSTOMS: &str = "urn:example:params:scim:schemas:extension:harbour:2.0:User:customs";
const PIER: &str = "urn:example:params:scim:schemas:extension:pier:2.0:Group";

/// Every test starts with this.
fn configured() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let content = serde_json::from_str(include_str!("fixtures/harbour.json")).expect("JSON");
        let documents = [Document { source: "harbour.json".to_owned(), content }];
        Registry::read(&documents).expect("schemas").install().expect("nothing has asked for a schema yet");
    });
}

fn read(body: Value) -> Result<Value, ScimError> {
    read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).map(Value::Object)
}

fn user(harbour: Value) -> Value {
    json!({ "schemas": [urn::CORE_USER, HARBOUR], "userName": "ada", HARBOUR: harbour })
}

fn patched(resource: &Value, operations: Value) -> Result<Value, ScimError> {
    let request = patch::read(ResourceType::User, json!({ "Operations": operations }), &Compat::default(), &Limits::default())?;
    // What is applied has been through the queue.
    let request: patch::PatchRequest = serde_json::from_str(&serde_json::to_string(&request).expect("JSON")).expect("the same");
    let mut resource = resource.as_object().expect("an object").clone();
    let effect = request.apply(ResourceType::User, &mut resource)?;
    assert!(effect.members.is_empty());
    Ok(Value::Object(resource))
}

fn holds(resource: &Value, text: &str) -> bool {
    let full = render(ResourceType::User, "1", resource.as_object().expect("an object"), 0, 0, 1, None);
    filter::parse(ResourceType::User, text, &Limits::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .matches(ResourceType::User, &full)
}

#[test]
fn it_is_kept_verbatim_under_its_urn() {
    configured();
    let harbour = json!({
        "badge": "B-1", "berth": " 7a ", "crew": 3, "draught": 1.75, "licensed": true, "since": "2020-02-29T00:00:00+01:00",
        "flags": ["Q", "q"], "soundings": [3, 5], "members": ["ada"], "boats": [{ "value": "Loop", "type": "yawl", "length": 7.5 }],
        "home": { "code": "GBPLY", "name": "Plymouth" }
    });
    let kept = read(user(harbour.clone())).expect("accepted");
    assert_eq!(kept[HARBOUR], harbour);
    let upper = json!({ "userName": "ada", HARBOUR.to_uppercase(): { "BADGE": "B-1", "Licensed": "True", "flags": "Q", "unknown": 1 } });
    assert_eq!(read(upper).expect("accepted")[HARBOUR], json!({ "badge": "B-1", "licensed": true, "flags": ["Q"] }));
    let shown = render(ResourceType::User, "1", kept.as_object().expect("an object"), 0, 0, 1, None);
    assert_eq!(shown["schemas"], json!([urn::CORE_USER, HARBOUR]));
    assert!(read(json!({ "userName": "ada" })).is_ok(), "an extension that is not required may be missing");
    assert!(read(json!({ "userName": "ada", "berth": "7a" })).expect("accepted").get(HARBOUR).is_none(), "only under its URN");
}

#[test]
fn one_urn_may_be_the_beginning_of_another() {
    configured();
    let both = json!({ "userName": "ada", HARBOUR: { "badge": "1" }, CUSTOMS: { "cleared": true } });
    let kept = read(both).expect("accepted");
    assert_eq!((&kept[HARBOUR]["badge"], &kept[CUSTOMS]["cleared"]), (&json!("1"), &json!(true)));
    assert!(holds(&kept, &format!("{CUSTOMS}:cleared eq true")));
    let cleared = patched(&kept, json!([{ "op": "replace", "path": format!("{CUSTOMS}:cleared"), "value": false }])).expect("applied");
    assert_eq!(cleared[CUSTOMS]["cleared"], false);
}

#[test]
fn it_is_patched_by_path_by_key_and_as_a_whole() {
    configured();
    let before =
        read(user(json!({ "badge": "B", "flags": ["Q", "H"], "boats": [{ "value": "Loop", "type": "dinghy" }] }))).expect("accepted");
    let after = patched(
        &before,
        json!([
            { "op": "Add", "path": format!("{HARBOUR}:crew"), "value": 4 },
            { "op": "Add", "path": format!("{HARBOUR}:flags"), "value": ["A", "Q"] },
            { "op": "Remove", "path": format!("{HARBOUR}:flags"), "value": ["h"] },
            { "op": "Replace", "path": format!("{HARBOUR}:boats[type eq \"dinghy\"].length"), "value": 3.2 },
            { "op": "Add", "path": format!("{HARBOUR}:boats"), "value": [{ "value": "Kite", "primary": true }] },
            { "op": "Replace", "value": { format!("{HARBOUR}:berth"): "9", HARBOUR: { "licensed": "True" } } }
        ]),
    )
    .expect("applied");
    assert_eq!(
        after[HARBOUR],
        json!({
            "badge": "B", "crew": 4, "flags": ["Q", "A"], "licensed": true, "berth": "9",
            "boats": [{ "value": "Loop", "type": "dinghy", "length": 3.2 }, { "value": "Kite", "primary": true }]
        })
    );
    let less = patched(&after, json!([{ "op": "remove", "path": format!("{HARBOUR}:boats[value eq \"kite\"]") }])).expect("applied");
    assert_eq!(less[HARBOUR]["boats"].as_array().map(Vec::len), Some(1));
    let wrong = patched(&after, json!([{ "op": "add", "path": format!("{HARBOUR}:crew"), "value": "four" }])).expect_err("refused");
    assert_eq!(wrong.scim_type, Some(ScimType::InvalidValue));
    assert!(
        patched(&after, json!([{ "op": "add", "path": format!("{HARBOUR}:boats"), "value": [{ "type": "ketch" }] }])).is_err(),
        "value is required"
    );
}

#[test]
fn an_extension_that_appears_by_patch_has_what_it_requires() {
    configured();
    let bare = json!({ "userName": "ada" });
    let error = patched(&bare, json!([{ "op": "add", "path": format!("{HARBOUR}:berth"), "value": "7" }])).expect_err("no badge");
    assert_eq!((error.scim_type, error.detail.contains(&format!("{HARBOUR}:badge is required"))), (Some(ScimType::InvalidValue), true));
    let both = json!([
        { "op": "add", "path": format!("{HARBOUR}:berth"), "value": "7" },
        { "op": "add", "path": format!("{HARBOUR}:badge"), "value": "B" }
    ]);
    assert_eq!(patched(&bare, both).expect("applied")[HARBOUR], json!({ "berth": "7", "badge": "B" }));
}

#[test]
fn filters_compare_numbers_as_numbers() {
    configured();
    let ada = read(user(json!({ "badge": "B", "crew": 12, "draught": 1.5, "soundings": [3, 40], "flags": ["Q"], "boats": [{ "value": "Loop", "length": 7 }] }))).expect("accepted");
    for text in [
        "crew gt 9",
        "crew le 12",
        "crew ne 13",
        "crew eq 12.0",
        "draught lt 1.75",
        "draught ge 1.5e0",
        "soundings gt 39",
        "flags eq \"q\"",
        "flags co \"Q\"",
        "crew pr",
        "boats[length gt 6.5 and value sw \"lo\"]",
    ] {
        assert!(holds(&ada, &format!("{HARBOUR}:{text}")), "{text}");
    }
    for text in ["crew gt 12", "soundings gt 40", "soundings eq 4", "boats[length gt 7]"] {
        assert!(!holds(&ada, &format!("{HARBOUR}:{text}")), "{text}");
    }
    for text in
        ["crew eq \"12\"", "crew co 1", "crew eq twelve", "crew gt true", "since gt \"soon\"", "debit eq 1", "flags[value eq \"Q\"]"]
    {
        let error = filter::parse(ResourceType::User, &format!("{HARBOUR}:{text}"), &Limits::default()).expect_err(text);
        assert_eq!(error.scim_type, Some(ScimType::InvalidFilter), "{text}");
    }
    let big = read(user(json!({ "badge": "B", "crew": 9_007_199_254_740_993_i64 }))).expect("accepted");
    assert!(holds(&big, &format!("{HARBOUR}:crew gt 9007199254740992")));
}

#[test]
fn it_is_described_and_its_type_names_it() {
    configured();
    assert_eq!(discovery::schemas("https://x.test/scim").len(), 6);
    let harbour = discovery::schema_named(HARBOUR, "https://x.test/scim").expect("a document");
    assert_eq!(harbour["meta"]["location"], format!("https://x.test/scim/Schemas/{HARBOUR}"));
    let named = |rt: &str| discovery::resource_type_named(rt, "https://x.test/scim").expect("a type")["schemaExtensions"].clone();
    let one = |urn: &str| json!({ "schema": urn, "required": false });
    assert_eq!(named("User"), json!([one(urn::ENTERPRISE_USER), one(CUSTOMS), one(HARBOUR)]));
    assert_eq!(named("Group"), json!([one(PIER)]));
}

#[test]
fn an_extension_can_be_removed_as_a_whole() {
    configured();
    let both = read(json!({ "userName": "ada", HARBOUR: { "badge": "1" }, CUSTOMS: { "cleared": true } })).expect("accepted");
    let less = patched(&both, json!([{ "op": "remove", "path": CUSTOMS }])).expect("removed");
    assert!(less.get(CUSTOMS).is_none() && less.get(HARBOUR).is_some());
    let error = patched(&both, json!([{ "op": "remove", "path": HARBOUR }])).expect_err("the badge is immutable");
    assert_eq!(error.scim_type, Some(ScimType::Mutability));
    let request = |path: &str| {
        patch::read(
            ResourceType::Group,
            json!({ "Operations": [{ "op": "remove", "path": path }] }),
            &Compat::default(),
            &Limits::default(),
        )
    };
    let mut group: Resource = json!({ "displayName": "East", PIER: { "length": 80 } }).as_object().expect("an object").clone();
    request(PIER).expect("read").apply(ResourceType::Group, &mut group).expect("what it requires goes with it");
    assert!(!group.contains_key(PIER));
    assert!(request(&format!("{PIER}:length")).is_err(), "but not alone");
}

#[test]
fn groups_have_extensions_of_their_own() {
    configured();
    let read = |body| read_resource(ResourceType::Group, body, &Compat::default(), &Limits::default());
    let pier = read(json!({ "schemas": [urn::CORE_GROUP, PIER], "displayName": "East", PIER: { "length": 80 } })).expect("accepted");
    assert_eq!(pier[PIER]["length"], 80);
    assert!(read(json!({ "displayName": "East", PIER: { "keeper": "Bo" } })).is_err(), "length is required where the extension is used");
    assert!(read(json!({ "schemas": [urn::CORE_GROUP, HARBOUR], "displayName": "East" })).is_err(), "a user's extension");
}

#[test]
fn what_a_schema_that_is_gone_left_behind_is_not_shown() {
    configured();
    let left: Resource = json!({ "userName": "ada", "urn:example:gone:2.0:User": { "secret": 1 } }).as_object().expect("an object").clone();
    let mut shown = render(ResourceType::User, "1", &left, 0, 0, 1, None);
    Projection::all().apply(ResourceType::User, &mut shown);
    assert!(!shown.contains_key("urn:example:gone:2.0:User"));
}

#[test]
fn read_only_is_not_the_clients() {
    configured();
    rules::read_only_is_not_the_clients();
}

#[test]
fn read_write_is_kept_as_sent() {
    configured();
    rules::read_write_is_kept_as_sent();
}

#[test]
fn required_is_always_there() {
    configured();
    rules::required_is_always_there();
}

#[test]
fn immutable_is_set_once() {
    configured();
    rules::immutable_is_set_once();
}

#[test]
fn never_leaves() {
    configured();
    rules::never_leaves();
}

#[test]
fn request_is_shown_on_request() {
    configured();
    rules::request_is_shown_on_request();
}

#[test]
fn always_is_shown() {
    configured();
    rules::always_is_shown();
}

#[test]
fn default_is_shown_by_default() {
    configured();
    rules::default_is_shown_by_default();
}

#[test]
fn filters_compare_as_the_table_says() {
    configured();
    rules::filters_compare_as_the_table_says();
}

#[test]
fn a_wrong_type_is_refused() {
    configured();
    rules::a_wrong_type_is_refused();
}

#[test]
fn documents_say_what_the_table_says() {
    configured();
    rules::documents_say_what_the_table_says();
}
