//! One test for each habit of clients: what it does when it is on, and that RFC 7644 holds when it is off.

use muster_scim::{Compat, Limits, MemberChange, Resource, ResourceType, ScimError, ScimType, filter, patch, read_resource, urn};
use serde_json::{Value, json};

const ENT: &str = urn::ENTERPRISE_USER;

fn read(compat: &Compat, body: Value) -> Result<Value, ScimError> {
    read_resource(ResourceType::User, body, compat, &Limits::default()).map(Value::Object)
}

fn patched(compat: &Compat, user: Value, operations: Value) -> Result<Value, ScimError> {
    let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
    let request = patch::read(ResourceType::User, body, compat, &Limits::default())?;
    let mut user: Resource = user.as_object().cloned().unwrap_or_default();
    request.apply(ResourceType::User, &mut user)?;
    Ok(Value::Object(user))
}

fn on() -> Compat {
    Compat::default()
}

/// All habits but one.
fn without(off: impl FnOnce(&mut Compat)) -> Compat {
    let mut compat = Compat::default();
    off(&mut compat);
    compat
}

#[test]
fn strings_for_booleans() {
    let body = json!({ "userName": "ada", "active": "False", "roles": [{ "value": "lead", "primary": "True" }] });
    let seen = read(&on(), body.clone()).expect("accepted");
    assert_eq!((&seen["active"], &seen["roles"][0]["primary"]), (&json!(false), &json!(true)));
    assert!(read(&without(|c| c.string_booleans = false), body).is_err());
    let operation = json!([{ "op": "add", "path": "roles[primary eq \"True\"].value", "value": "x" }]);
    assert!(patched(&on(), json!({}), operation.clone()).is_ok());
    assert!(patched(&without(|c| c.string_booleans = false), json!({}), operation).is_err());
}

#[test]
fn empty_text_for_no_value() {
    let body = json!({ "userName": "ada", "name": { "givenName": "Ada", "middleName": "" } });
    assert_eq!(read(&on(), body.clone()).expect("accepted")["name"], json!({ "givenName": "Ada" }));
    let kept = read(&without(|c| c.empty_string_clears = false), body).expect("accepted");
    assert_eq!(kept["name"]["middleName"], "");
}

#[test]
fn managers_in_any_shape() {
    let shapes = [json!("M"), json!([{ "$ref": "https://idp.test/Users/M", "value": "M" }]), json!({ "value": "M" }), json!(["M"])];
    for shape in &shapes {
        let operation = json!([{ "op": "Add", "path": format!("{ENT}:manager"), "value": shape }]);
        let seen = patched(&on(), json!({}), operation).expect("accepted");
        assert_eq!(seen[ENT]["manager"], json!({ "value": "M" }), "{shape}");
        assert_eq!(
            read(&on(), json!({ "userName": "a", ENT: { "manager": shape } })).expect("accepted")[ENT]["manager"],
            json!({ "value": "M" })
        );
    }
    for nothing in [json!(""), json!({ "value": "" }), json!([]), json!(null), json!({})] {
        let operation = json!([{ "op": "replace", "path": format!("{ENT}:manager"), "value": nothing }]);
        let seen = patched(&on(), json!({ ENT: { "manager": { "value": "M" } } }), operation).expect("accepted");
        assert_eq!(seen, json!({}), "{nothing}");
    }
    let two = json!([{ "op": "Add", "path": "manager", "value": ["A", "B"] }]);
    assert!(patched(&on(), json!({}), two).expect_err("two managers").detail.contains("can only be one"));
    let strict = without(|c| c.loose_manager = false);
    assert!(read(&strict, json!({ "userName": "a", ENT: { "manager": "M" } })).is_err());
    assert!(read(&strict, json!({ "userName": "a", ENT: { "manager": { "value": "M" } } })).is_ok());
}

#[test]
fn operations_in_any_case() {
    let body = |key: &str, op: &str| json!({ key: [{ op: "aDD", "Path": "nickName", "VALUE": "Adz" }] });
    let read = |compat: &Compat, body| patch::read(ResourceType::User, body, compat, &Limits::default());
    assert_eq!(read(&on(), body("oPERATIONS", "OP")).expect("accepted").operations.len(), 1);
    assert!(read(&without(|c| c.any_case_operations = false), body("Operations", "op")).is_err());
    let upper = json!({ "Operations": [{ "op": "Replace", "path": "title", "value": "x" }] });
    assert!(read(&without(|c| c.any_case_operations = false), upper).is_err());
}

#[test]
fn paths_as_keys() {
    let value =
        json!({ "displayName": "B", "name.givenName": "K", format!("{ENT}:employeeNumber"): "A1", "emails[type eq \"work\"].value": "w" });
    let operation = json!([{ "op": "replace", "value": value }]);
    let seen = patched(&on(), json!({}), operation.clone()).expect("accepted");
    let expected = json!({
        "displayName": "B", "name": { "givenName": "K" }, "emails": [{ "type": "work", "value": "w" }], ENT: { "employeeNumber": "A1" }
    });
    assert_eq!(seen, expected);
    assert!(patched(&without(|c| c.path_keys = false), json!({}), operation).is_err());
    let body = json!({ "userName": "a", "name.givenName": "K", format!("{ENT}:manager.value"): "M" });
    let seen = read(&on(), body.clone()).expect("accepted");
    assert_eq!((&seen["name"]["givenName"], &seen[ENT]["manager"]["value"]), (&json!("K"), &json!("M")));
    assert_eq!(read(&without(|c| c.path_keys = false), body).expect("accepted"), json!({ "userName": "a" }));
}

#[test]
fn value_paths_that_create() {
    let operation = json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "w@x.test" }]);
    let seen = patched(&on(), json!({}), operation.clone()).expect("accepted");
    assert_eq!(seen["emails"], json!([{ "type": "work", "value": "w@x.test" }]));
    let error = patched(&without(|c| c.value_path_creates = false), json!({}), operation).expect_err("the RFC's way");
    assert_eq!(error.scim_type.map(|t| t.as_str()), Some("noTarget"));
}

#[test]
fn removal_by_value() {
    let operation = json!({ "Operations": [{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "u1" }] }] });
    let read = |compat: &Compat| patch::read(ResourceType::Group, operation.clone(), compat, &Limits::default());
    let request = read(&on()).expect("accepted");
    let effect = request.apply(ResourceType::Group, &mut Resource::new()).expect("applies");
    assert_eq!(effect.members, [MemberChange::Remove(vec!["u1".to_owned()])]);
    assert!(read(&without(|c| c.removal_by_value = false)).is_err(), "refused, for to ignore the value would remove everyone");
    let emails = json!([{ "op": "remove", "path": "emails", "value": [{ "value": "a" }] }]);
    assert!(patched(&without(|c| c.removal_by_value = false), json!({}), emails).is_err());
}

#[test]
fn roles_as_json_in_text() {
    let text = "{\"id\": \"06b0\", \"value\": \"Dock-Admin\", \"displayName\": \"Dock Admin\"}";
    let operation = json!([{ "op": "Add", "path": "roles", "value": [{ "value": text }] }]);
    let twice = json!([operation[0], operation[0]]);
    let seen = patched(&on(), json!({}), twice).expect("accepted");
    assert_eq!(seen["roles"], json!([{ "value": "Dock-Admin", "display": "Dock Admin" }]));
    let kept = patched(&without(|c| c.roles_as_json = false), json!({}), operation).expect("accepted");
    assert_eq!(kept["roles"][0]["value"], text);
    let operation = json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": text }]);
    let seen = patched(&on(), json!({}), operation).expect("accepted");
    assert_eq!(seen["roles"], json!([{ "value": "Dock-Admin", "primary": true }]), "at the path of the value as well");
    for odd in ["{", "{}", "{\"value\": 7}", "{\"value\": \"\"}", "{braces}"] {
        let seen = read(&on(), json!({ "userName": "a", "roles": [{ "value": odd }] })).expect("accepted");
        assert_eq!(seen["roles"][0]["value"], odd, "what is not such an object stays as it is");
    }
}

#[test]
fn schemas_missing_or_unknown() {
    let strict = without(|c| c.loose_schemas = false);
    let microsoft = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User";
    for schemas in [json!(null), json!([]), json!([urn::CORE_USER, microsoft]), json!(urn::CORE_USER), json!([""])] {
        let body = json!({ "schemas": schemas, "userName": "a" });
        assert!(read(&on(), body.clone()).is_ok(), "{schemas}");
        assert!(read(&strict, body).is_err(), "{schemas}");
    }
    let named = |schemas: Value| json!({ "schemas": schemas, "userName": "a", ENT: { "department": "d" } });
    for compat in [&on(), &strict] {
        assert!(read(compat, json!({ "schemas": [urn::CORE_USER, ENT], "userName": "a" })).is_ok(), "named without data");
        assert!(read(compat, named(json!([urn::CORE_USER.to_uppercase(), ENT, ENT]))).is_ok(), "in any case, twice");
        let extension =
            read(compat, json!({ "schemas": [urn::CORE_USER, "urn:ietf:params:scim:schemas:extension:boats:2.0:User"], "userName": "a" }));
        assert_eq!(extension.is_ok(), compat.loose_schemas, "an extension nobody configured");
        for wrong in [json!(["urn:example:2.0:Boat"]), json!([urn::CORE_GROUP]), json!({}), json!([7]), json!("urn:x")] {
            let error = read(compat, named(wrong.clone())).expect_err("refused");
            assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidValue)), "{wrong}");
            assert!(error.detail.starts_with("schemas "), "{}", error.detail);
        }
    }
    assert!(read(&on(), named(json!([urn::CORE_USER]))).is_ok());
    assert!(read(&strict, named(json!([urn::CORE_USER]))).is_err(), "data of a schema that is not named");
}

#[test]
fn a_dot_after_the_urn_and_a_urn_without_its_colon() {
    let operation = |path: String| json!([{ "op": "add", "path": path, "value": "x" }]);
    let dotted = operation(format!("{ENT}.department"));
    let mistyped = operation("urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department".to_owned());
    for operation in [&dotted, &mistyped] {
        assert_eq!(patched(&on(), json!({}), operation.clone()).expect("accepted")[ENT]["department"], "x");
    }
    assert!(patched(&without(|c| c.dot_after_urn = false), json!({}), dotted).is_err());
    assert!(patched(&without(|c| c.mistyped_enterprise_urn = false), json!({}), mistyped).is_err());
}

#[test]
fn enterprise_attributes_without_their_urn() {
    let operation = json!([{ "op": "Add", "path": "manager", "value": "M" }]);
    assert_eq!(patched(&on(), json!({}), operation.clone()).expect("accepted")[ENT]["manager"]["value"], "M");
    assert!(patched(&without(|c| c.unqualified_enterprise = false), json!({}), operation).is_err());
    let body = json!({ "userName": "a", "department": "Docks" });
    assert_eq!(read(&on(), body.clone()).expect("accepted")[ENT]["department"], "Docks");
    assert_eq!(read(&without(|c| c.unqualified_enterprise = false), body).expect("accepted"), json!({ "userName": "a" }));
}

#[test]
fn elements_without_their_wrapping() {
    let strict = without(|c| c.bare_elements = false);
    for emails in [json!("a@x.test"), json!({ "value": "a@x.test" }), json!(["a@x.test"])] {
        let body = json!({ "userName": "a", "emails": emails });
        assert_eq!(read(&on(), body.clone()).expect("accepted")["emails"], json!([{ "value": "a@x.test" }]));
        assert!(read(&strict, body).is_err(), "{emails}");
    }
    let body = json!({ "userName": "a", "addresses": ["1 Quay St"] });
    assert!(read(&on(), body).is_err(), "an address has no value it could be");
}

#[test]
fn text_without_quotes_in_filters() {
    let text = "externalId eq 7d1e0a52-1c3f";
    let quoted = filter::parse(ResourceType::User, "externalId eq \"7d1e0a52-1c3f\"", &Limits::default());
    assert_eq!(filter::parse(ResourceType::User, text, &Limits::default()), quoted);
    let path = json!([{ "op": "add", "path": "emails[type eq work].value", "value": "x" }]);
    assert!(patched(&on(), json!({}), path.clone()).is_ok());
    assert!(patched(&without(|c| c.unquoted_literals = false), json!({}), path).is_err());
}

#[test]
fn strict_is_none_of_it_and_lenient_all() {
    assert_eq!(Compat::default(), Compat::lenient());
    let plain = json!([{ "op": "replace", "path": "title", "value": "x" }, { "op": "add", "value": { "nickName": "n" } }]);
    assert_eq!(patched(&Compat::strict(), json!({}), plain).expect("plain SCIM"), json!({ "title": "x", "nickName": "n" }));
}

#[test]
fn a_patch_without_its_envelope() {
    let body = json!([{ "op": "add", "path": "title", "value": "x" }]);
    let read = |compat: &Compat| patch::read(ResourceType::User, body.clone(), compat, &Limits::default());
    assert_eq!(read(&on()).expect("accepted").operations.len(), 1);
    assert!(read(&without(|c| c.bare_operations = false)).is_err());
}
