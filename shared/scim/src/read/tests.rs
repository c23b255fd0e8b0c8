use super::*;
use crate::urn;
use serde_json::json;

fn user(body: Value) -> Result<Value, ScimError> {
    read_resource(ResourceType::User, body, &Compat::default(), &Limits::default()).map(Value::Object)
}

fn group(body: Value) -> Result<Value, ScimError> {
    read_resource(ResourceType::Group, body, &Compat::default(), &Limits::default()).map(Value::Object)
}

fn refused(body: Value) -> String {
    let error = user(body).unwrap_err();
    assert_eq!(error.status, 400);
    format!("{} {}", error.scim_type.unwrap(), error.detail)
}

#[test]
fn names_come_out_as_the_schema_spells_them_and_values_as_they_were_sent() {
    let read = user(json!({
        "USERNAME": " Ada@X.test ", "Name": { "GIVENNAME": "Zoe\u{301}" }, "phonenumbers": [{ "Value": "(555) 0100-1 " }],
        "URN:ietf:params:scim:schemas:extension:Enterprise:2.0:User": { "Department": "Docks" }
    }));
    assert_eq!(
        read.unwrap(),
        json!({
            "userName": " Ada@X.test ", "name": { "givenName": "Zoe\u{301}" }, "phoneNumbers": [{ "value": "(555) 0100-1 " }],
            urn::ENTERPRISE_USER: { "department": "Docks" }
        })
    );
}

#[test]
fn what_is_unknown_read_only_or_empty_is_left_out() {
    let read = user(json!({
        "schemas": [urn::CORE_USER], "id": "mine", "meta": { "created": "1999-01-01T00:00:00Z" }, "groups": [{ "value": "g" }],
        "password": "secret", "userName": "ada", "adreses": [{}], "title": null, "emails": [], "addresses": [null, {}], "name": {},
        "roles": [{ "shoe": 1 }], "__proto__": { "admin": true }, "constructor": 1, "urn:example:2.0:User": { "x": 1 },
        urn::ENTERPRISE_USER: { "manager": { "displayName": "not yours" }, "department": null }
    }));
    assert_eq!(read.unwrap(), json!({ "userName": "ada" }));
}

#[test]
fn a_user_needs_a_user_name() {
    assert_eq!(refused(json!({ "displayName": "Nameless" })), "invalidValue userName is required");
    assert_eq!(refused(json!({ "userName": null })), "invalidValue userName is required");
    assert_eq!(refused(json!({ "userName": "" })), "invalidValue userName is required");
    assert_eq!(refused(json!({ "userName": " \t" })), "invalidValue userName is required; it is blank");
    assert!(user(json!({ "userName": "\u{e9}".repeat(255) })).is_ok());
    assert_eq!(refused(json!({ "userName": "a".repeat(256) })), "invalidValue userName is longer than 255 characters");
}

#[test]
fn a_wrong_type_is_named_with_its_place() {
    let with = |name: &str, value: Value| refused(json!({ "userName": "ada", name: value }));
    assert_eq!(with("active", json!({})), "invalidValue active must be true or false, not an object");
    assert_eq!(with("active", json!("yes")), "invalidValue active must be true or false, not \"yes\"");
    assert_eq!(with("title", json!(7)), "invalidValue title must be a string, not a number");
    assert_eq!(with("name", json!("Ada")), "invalidValue name must be an object, not a string");
    assert_eq!(with("emails", json!(true)), "invalidValue emails must be a list, not a boolean");
    assert_eq!(with("emails", json!([{ "value": "a" }, { "value": 3 }])), "invalidValue emails[1].value must be a string, not a number");
    assert_eq!(
        with(urn::ENTERPRISE_USER, json!({ "department": 3 })),
        format!("invalidValue {}:department must be a string, not a number", urn::ENTERPRISE_USER)
    );
    assert_eq!(with(urn::ENTERPRISE_USER, json!("x")), format!("invalidValue {} must be an object, not a string", urn::ENTERPRISE_USER));
    assert_eq!(refused(json!([])), "invalidSyntax a User is a JSON object, not a list");
}

#[test]
fn one_attribute_in_two_spellings_is_refused() {
    let detail = "\"userName\" is there twice, perhaps in different case; send it once";
    assert_eq!(refused(json!({ "userName": "ada", "username": "bo" })), format!("invalidSyntax {detail}"));
    assert!(refused(json!({ "userName": "ada", "emails": [{ "value": "a", "Value": "b" }] })).contains("emails[0].value"));
    assert!(refused(json!({ "userName": "ada", "manager": "a", urn::ENTERPRISE_USER: { "manager": "b" } })).contains("manager"));
}

#[test]
fn only_the_first_primary_stays_primary() {
    let read =
        user(json!({ "userName": "a", "emails": [{ "value": "1", "primary": true }, { "value": "2", "primary": "True" }] })).unwrap();
    assert_eq!(read["emails"], json!([{ "value": "1", "primary": true }, { "value": "2", "primary": false }]));
}

#[test]
fn a_patch_sent_as_a_resource_is_not_mistaken_for_one() {
    let body = json!({ "schemas": [urn::PATCH_OP], "userName": "ada", "Operations": [] });
    assert!(refused(body).starts_with("invalidSyntax this is a PatchOp; send it with PATCH"));
}

#[test]
fn members_are_ids_however_they_are_wrapped() {
    let members = |value: Value| group(json!({ "displayName": "Ops", "members": value }));
    let two = json!({ "displayName": "Ops", "members": [{ "value": "a" }, { "value": "b" }] });
    assert_eq!(members(json!([{ "value": "a", "$ref": null, "display": "VP" }, "b", { "VALUE": "a" }])).unwrap(), two);
    assert_eq!(members(json!("a")).unwrap()["members"], json!([{ "value": "a" }]));
    assert_eq!(members(json!([])).unwrap(), json!({ "displayName": "Ops" }));
    assert_eq!(members(json!([{ "display": "x" }])).unwrap_err().detail, "members[0].value is required: the id of the member");
    assert_eq!(members(json!([7])).unwrap_err().detail, "members[0] must be an object with the member's id as its \"value\", not a number");
    let many = |n: usize| members((0..n).map(|i| json!({ "value": i.to_string() })).collect());
    assert!(many(10_000).is_ok());
    assert_eq!(many(10_001).unwrap_err().status, 413);
}

#[test]
fn a_group_needs_a_display_name() {
    assert_eq!(group(json!({ "externalId": "x" })).unwrap_err().detail, "displayName is required");
    assert_eq!(group(json!({ "displayName": "  " })).unwrap_err().detail, "displayName is required; it is blank");
}

#[test]
fn a_list_has_a_bound() {
    let emails =
        |n: usize| user(json!({ "userName": "a", "emails": (0..n).map(|i| json!({ "value": i.to_string() })).collect::<Vec<_>>() }));
    assert!(emails(1_000).is_ok());
    assert_eq!(emails(1_001).unwrap_err().detail, "emails has more than 1000 elements");
}
