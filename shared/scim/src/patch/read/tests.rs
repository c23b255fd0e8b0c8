use super::*;
use crate::patch::PatchOperation;
use crate::patch::{MemberChange, PatchPath};
use crate::{ScimType, urn};
use serde_json::json;

fn read_as(rt: ResourceType, operations: Value) -> Result<Vec<PatchOperation>, ScimError> {
    let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
    read(rt, body, &Compat::default(), &Limits::default()).map(|request| request.operations)
}

fn user(operations: Value) -> Vec<PatchOperation> {
    read_as(ResourceType::User, operations).unwrap()
}

fn refused_as(rt: ResourceType, operation: Value) -> String {
    let error = read_as(rt, json!([operation])).unwrap_err();
    assert_eq!(error.status, 400);
    let detail = error.detail.strip_prefix("operation 1: ").unwrap_or(&error.detail);
    format!("{} {detail}", error.scim_type.map_or("", ScimType::as_str))
}

fn refused(operation: Value) -> String {
    refused_as(ResourceType::User, operation)
}

fn members(operations: Value) -> Vec<MemberChange> {
    let steps = read_as(ResourceType::Group, operations).unwrap();
    steps
        .into_iter()
        .map(|step| match step {
            PatchOperation::Members(change) => change,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn path(step: &PatchOperation) -> &PatchPath {
    match step {
        PatchOperation::Add { path, .. } | PatchOperation::Replace { path, .. } | PatchOperation::Remove { path, .. } => path,
        PatchOperation::Members(_) => panic!("a member change"),
    }
}

#[test]
fn a_value_without_a_path_is_taken_apart() {
    let steps = user(json!([{ "op": "replace", "value": {
        "id": "x", "groups": [], "displayName": "B", "name.givenName": "K", "name": { "familyName": "L", "middleName": null },
        "shoeSize": 9, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber": "A1",
        urn::ENTERPRISE_USER: { "department": "Docks" }, "schemas": [], "password": "p"
    } }]));
    let mut names: Vec<String> = steps.iter().map(|step| path(step).attribute.to_string().replace(urn::ENTERPRISE_USER, "ENT")).collect();
    names.sort();
    assert_eq!(names, ["ENT:department", "ENT:employeeNumber", "displayName", "name.familyName", "name.givenName", "name.middleName"]);
}

#[test]
fn a_value_path_says_what_to_make() {
    let created = |path_text: &str| {
        let steps = user(json!([{ "op": "Replace", "path": path_text, "value": "x" }]));
        path(&steps[0]).elements.as_ref().unwrap().create.clone().map(Value::Object)
    };
    assert_eq!(created("emails[type eq \"work\"].value"), Some(json!({ "type": "work" })));
    assert_eq!(created("roles[primary eq \"True\"].display"), Some(json!({ "primary": true })));
    assert_eq!(created("emails[type eq \"work\" and primary eq true].value"), Some(json!({ "type": "work", "primary": true })));
    for filter in
        ["type eq \"a\" or type eq \"b\"", "type sw \"a\"", "not (type eq \"a\")", "type eq null", "type eq \"a\" and type eq \"b\""]
    {
        assert_eq!(created(&format!("emails[{filter}].value")), None, "{filter}");
    }
}

#[test]
fn an_operation_that_cannot_be_is_named() {
    let with_path = |path: &str| refused(json!({ "op": "replace", "path": path, "value": "x" }));
    assert_eq!(with_path("shoeSize"), "invalidPath User resources have no attribute \"shoeSize\"");
    assert_eq!(with_path("name.first"), "invalidPath User resources have no attribute \"name.first\"");
    assert_eq!(with_path("emails[type eq \"work\"].kind"), "invalidPath User resources have no attribute \"emails.kind\"");
    let undeclared = "urn:ietf:params:scim:schemas:extension:Harbour:2.0:User:tag";
    assert_eq!(with_path(undeclared), format!("invalidPath \"{undeclared}\" is of a schema that User resources do not have here"));
    assert!(with_path("emails[type eq \"work\"").starts_with("invalidPath"));
    assert!(with_path("emails[type eq \"work\"]value").starts_with("invalidPath"));
    assert!(with_path("title[type eq \"work\"]").starts_with("invalidPath"));
    assert!(with_path("emails[type is \"work\"].value").starts_with("invalidFilter in the path"));
    assert!(with_path("__proto__.polluted").starts_with("invalidPath"));
    assert_eq!(with_path("id"), "mutability id is read-only");
    assert_eq!(with_path("meta.created"), "mutability meta.created is read-only");
    assert_eq!(with_path("groups"), "mutability groups is read-only; change the members of the group instead");
    assert_eq!(with_path("manager.displayName"), "mutability manager.displayName is read-only");
    assert_eq!(with_path("active"), "invalidValue active must be true or false, not \"x\"");
    assert_eq!(refused(json!({ "op": "move", "path": "title" })), "invalidSyntax op must be add, replace or remove, not \"move\"");
    assert_eq!(refused(json!({ "path": "title" })), "invalidSyntax op is required: add, replace or remove");
    assert_eq!(refused(json!({ "op": "remove" })), "noTarget path is required: what to remove");
    assert_eq!(refused(json!({ "op": "remove", "value": { "title": "x" } })), "noTarget path is required: what to remove");
    assert_eq!(
        refused(json!({ "op": "add", "path": "title" })),
        "invalidValue value is required: what to add; send null to clear the attribute"
    );
    assert_eq!(refused(json!({ "op": "add" })), "invalidValue value is required: what to add");
    assert!(refused(json!({ "op": "add", "value": "x" })).starts_with("invalidValue without a path, value must be an object"));
    assert_eq!(refused(json!({ "op": "add", "path": 7, "value": "x" })), "invalidPath path must be a string, not a number");
    assert_eq!(refused(json!("add")), "invalidSyntax an operation is a JSON object, not a string");
}

#[test]
fn what_every_resource_needs_cannot_be_taken_away() {
    for operation in [
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "userName", "value": null }),
        json!({ "op": "replace", "path": "userName", "value": "" }),
        json!({ "op": "replace", "value": { "userName": null } }),
    ] {
        assert_eq!(refused(operation), "invalidValue userName is required and cannot be removed");
    }
    assert!(refused(json!({ "op": "replace", "path": "userName", "value": "  " })).starts_with("invalidValue userName is required"));
    assert!(refused(json!({ "op": "replace", "path": "userName", "value": "a".repeat(256) })).contains("longer than 255"));
    let group = |operation| refused_as(ResourceType::Group, operation);
    assert!(group(json!({ "op": "remove", "path": "displayName" })).starts_with("invalidValue displayName is required"));
}

#[test]
fn a_patch_without_operations_is_fine_but_a_resource_is_not_a_patch() {
    let read = |body| read(ResourceType::User, body, &Compat::default(), &Limits::default());
    for body in [json!({ "schemas": [urn::PATCH_OP] }), json!({ "Operations": [] }), json!({ "operations": null }), json!({})] {
        assert_eq!(read(body).unwrap().operations, []);
    }
    assert!(read(json!({ "active": false })).unwrap_err().detail.starts_with("Operations is required"));
    assert!(read(json!({ "Operations": {} })).unwrap_err().detail.starts_with("Operations must be a list"));
    assert!(read(json!([])).unwrap_err().detail.starts_with("a PatchOp is a JSON object"));
    assert!(read(json!({ "Operations": [], "operations": [] })).unwrap_err().detail.contains("there twice"));
}

#[test]
fn the_number_of_operations_and_members_has_a_bound() {
    let operations = |n: usize| read_as(ResourceType::User, vec![json!({ "op": "add", "path": "title", "value": "x" }); n].into());
    assert_eq!(operations(1_000).unwrap().len(), 1_000);
    assert_eq!(operations(1_001).unwrap_err().status, 413);
    let members = |n: usize| {
        let value: Vec<_> = (0..n).map(|i| json!({ "value": i.to_string() })).collect();
        read_as(ResourceType::Group, json!([{ "op": "add", "path": "members", "value": value }]))
    };
    assert!(members(10_000).is_ok());
    assert_eq!(members(10_001).unwrap_err().status, 413);
}

#[test]
fn members_are_added_set_and_removed() {
    use MemberChange::{Add, Remove, RemoveMatching, Set};
    let ids = |all: &[&str]| all.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    let one = |op: &str, path: &str, value: Value| members(json!([{ "op": op, "path": path, "value": value }]));
    assert_eq!(
        one("Add", "members", json!([{ "$ref": null, "value": "a" }, { "value": "b", "displayName": "B" }])),
        [Add(ids(&["a", "b"]))]
    );
    assert_eq!(one("add", "MEMBERS", json!("a")), [Add(ids(&["a"]))]);
    assert_eq!(one("add", "members", json!({ "value": "a" })), [Add(ids(&["a"]))]);
    assert_eq!(one("add", "members", json!([])), []);
    assert_eq!(one("replace", "members", json!([{ "value": "a" }])), [Set(ids(&["a"]))]);
    assert_eq!(one("replace", "members", json!([])), [Set(vec![])]);
    assert_eq!(one("Remove", "members", json!([{ "$ref": null, "value": "a" }])), [Remove(ids(&["a"]))]);
    assert_eq!(one("remove", "members", json!({ "value": "a" })), [Remove(ids(&["a"]))]);
    assert_eq!(one("remove", "members", json!([])), [], "an empty list removes nobody");
    assert_eq!(members(json!([{ "op": "remove", "path": "members" }])), [Set(vec![])]);
    let filtered = |filter: &str| members(json!([{ "op": "remove", "path": format!("members[{filter}]") }]));
    assert_eq!(filtered("value eq \"a\""), [Remove(ids(&["a"]))]);
    assert_eq!(filtered("value eq \"a\" or value eq \"b\""), [Remove(ids(&["a", "b"]))]);
    assert_eq!(filtered("value eq \"\""), [Remove(ids(&[""]))]);
    let changes = filtered("display sw \"A\"");
    let [RemoveMatching(filter)] = changes.as_slice() else { panic!("{changes:?}") };
    assert!(filter.matches_member(json!({ "value": "x", "display": "ada" }).as_object().unwrap()));
    let nameless = json!([{ "op": "add", "value": { "members": ["a"], "displayName": null } }]);
    assert!(read_as(ResourceType::Group, nameless).unwrap_err().detail.contains("displayName is required"));
    assert_eq!(members(json!([{ "op": "add", "value": { "members": ["a"] } }])), [Add(ids(&["a"]))]);
}

#[test]
fn runs_of_one_kind_of_change_to_members_are_merged() {
    use MemberChange::{Add, Remove};
    let add = |id: &str| json!({ "op": "add", "path": "members", "value": [{ "value": id }] });
    let remove = |id: &str| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") });
    let changes = members(json!([add("a"), add("b"), remove("a"), remove("c"), add("d")]));
    assert_eq!(changes, [Add(vec!["a".into(), "b".into()]), Remove(vec!["a".into(), "c".into()]), Add(vec!["d".into()])]);
}

#[test]
fn a_member_is_whole_or_not_at_all() {
    let group = |operation| refused_as(ResourceType::Group, operation);
    let detail = "mutability members.display cannot be changed; add and remove whole members";
    assert_eq!(
        group(json!({ "op": "replace", "path": "members[value eq \"x\"].display", "value": "y" })),
        "mutability members.display is read-only"
    );
    assert_eq!(group(json!({ "op": "replace", "path": "members.value", "value": "y" })), detail.replace("display", "value"));
    assert_eq!(
        group(json!({ "op": "add", "path": "members", "value": [{ "value": "a" }, { "display": "x" }] })),
        "invalidValue members[1].value is required: the id of the member"
    );
    assert!(group(json!({ "op": "add", "path": "members[type eq \"User\"]", "value": "a" })).starts_with("invalidPath"));
}
