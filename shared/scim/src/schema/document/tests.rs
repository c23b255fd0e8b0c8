use super::*;
use crate::ResourceType;
use serde_json::json;

fn read(content: Value) -> Result<Registry, Vec<String>> {
    let documents = [Document { source: "file.json".to_owned(), content }];
    Registry::read(&documents).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn schema(id: &str, attributes: Value) -> Value {
    json!({ "id": id, "name": "Boat", "attributes": attributes })
}

fn refused(content: Value) -> String {
    read(content).expect_err("a problem").join("\n")
}

#[test]
fn what_another_service_shows_can_be_pasted() {
    let one = schema("urn:example:boats:2.0:User", json!([{ "name": "boat", "type": "string" }]));
    for content in [one.clone(), json!([one]), crate::list_response(1, 1, vec![one.clone()])] {
        let registry = read(content).unwrap();
        assert_eq!(registry.extensions(ResourceType::User).len(), 2);
        assert_eq!(registry.schemas().len(), 4);
        let boat = registry.extensions(ResourceType::User)[1].schema.attribute("BOAT").unwrap();
        assert_eq!(
            (boat.kind, boat.mutability, boat.returned),
            (crate::schema::Kind::String, crate::schema::Mutability::ReadWrite, crate::schema::Returned::Default)
        );
        assert!(registry.extensions(ResourceType::Group).is_empty());
    }
    // The documents this service shows of what it was given are the ones it was given.
    let described = crate::discovery::described_by(&read(one).unwrap(), "https://x.test/scim").pop().unwrap();
    assert!(read(described).is_ok());
}

#[test]
fn a_resource_type_document_says_where_a_schema_belongs_and_whether_it_must_be_there() {
    let boats = schema("urn:example:boats", json!([{ "name": "boat" }]));
    let group =
        json!({ "name": "Group", "endpoint": "/Groups", "schemaExtensions": [{ "schema": "URN:example:boats", "required": true }] });
    let registry = read(json!([boats, group])).unwrap();
    assert!(registry.extensions(ResourceType::Group)[0].required);
    assert_eq!(registry.extensions(ResourceType::User).len(), 1);
    assert!(refused(json!([boats])).contains("urn:example:boats: belongs to no resource type: let its id end in :User or :Group"));
    assert!(refused(json!([group])).contains("Group: schemaExtensions names URN:example:boats, which no file describes"));
    assert!(refused(json!([{ "name": "User", "endpoint": "/People", "schemaExtensions": [] }])).contains("endpoint must be /Users"));
    let required = json!({ "name": "User", "schemaExtensions": [{ "schema": urn::ENTERPRISE_USER, "required": true }] });
    assert!(read(required).unwrap().extensions(ResourceType::User)[0].required);
}

#[test]
fn every_problem_names_the_file_the_attribute_and_the_remedy() {
    let with = |attribute: Value| refused(schema("urn:example:2.0:User", json!([attribute])));
    assert_eq!(
        with(json!({ "name": "a", "mutabilty": "readOnly" })).split("; known").next(),
        Some("file.json: urn:example:2.0:User:a: has an unknown member \"mutabilty\": take it out")
    );
    assert!(with(json!({ "name": "a", "CaseExact": true })).ends_with("has an unknown member \"CaseExact\": write caseExact"));
    assert!(with(json!({ "name": "a", "type": "text" })).contains("type must be one of string, boolean, decimal, integer, dateTime"));
    assert!(with(json!({ "name": "a b" })).contains("name must be a letter"));
    assert!(with(json!({ "type": "string" })).contains("has an attribute without a name"));
    assert!(with(json!({ "name": "a", "required": "yes" })).contains("required must be true or false, not a string"));
    assert!(with(json!({ "name": "a", "type": "complex" })).contains("has no subAttributes"));
    assert!(with(json!({ "name": "a", "subAttributes": [{ "name": "b" }] })).contains("its type must be complex"));
    let deep = json!({ "name": "a", "type": "complex", "subAttributes": [{ "name": "b", "type": "complex", "subAttributes": [{ "name": "c" }] }] });
    assert!(with(deep).contains("urn:example:2.0:User:a.b: is a part of an attribute and cannot be complex itself"));
    let many = json!({ "name": "a", "type": "complex", "subAttributes": [{ "name": "b", "multiValued": true }] });
    assert!(with(many).contains("a.b: is a part of an attribute and must have one value"));
    assert!(with(json!({ "name": "a", "required": true, "mutability": "readOnly" })).contains("nobody could ever give it"));
    assert!(with(json!({ "name": "a", "mutability": "writeOnly", "returned": "default" })).contains("returned must be never"));
    assert!(with(json!({ "name": "a", "uniqueness": "server" })).contains("uniqueness must be none in an extension"));
    assert!(with(json!({ "name": "a", "type": "reference" })).contains("referenceTypes is required"));
    assert!(refused(schema("urn:example:2.0:User", json!([{ "name": "a" }, { "name": "A" }]))).contains("has A twice"));
    assert!(refused(schema("urn:example:2.0:User", json!([]))).contains("attributes is required"));
    assert!(refused(schema("boats", json!([{ "name": "a" }]))).contains("boats: id must be a URN"));
    assert!(refused(json!({ "attributes": [{ "name": "a" }] })).contains("id is required"));
    assert!(refused(schema(urn::CORE_USER, json!([{ "name": "a" }]))).contains("is built in and cannot be changed: take it out"));
    assert!(
        refused(json!([schema("urn:example:User", json!([{ "name": "a" }])), schema("urn:EXAMPLE:User", json!([{ "name": "a" }]))]))
            .contains("twice")
    );
    assert!(refused(json!(7)).contains("file.json: a schema is a JSON object, not a number"));
    assert!(refused(json!([{ "name": "Boat", "endpoint": "/Boats" }])).contains("Boat: schema is required: the URN of its core schema"));
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = read(json!([schema("x", json!([{ "name": "1" }, { "name": "a", "type": 7 }])), 3])).expect_err("problems");
    assert!(problems.len() >= 4, "{problems:?}");
}

#[test]
fn a_resource_type_of_ones_own_has_an_endpoint_and_a_core_schema() {
    let core = |attribute: Value| schema("urn:example:boats:2.0:Boat", json!([attribute]));
    let boat = json!({ "name": "Boat", "endpoint": "/Boats", "schema": "urn:example:boats:2.0:Boat", "description": "A boat." });
    let with = |member: &str, value: Value| {
        let mut boat = boat.clone();
        boat[member] = value;
        refused(json!([core(json!({ "name": "a" })), boat]))
    };
    let registry = read(json!([core(json!({ "name": "mark", "uniqueness": "server" })), boat])).unwrap();
    let ResourceType::Custom(custom) = registry.types()[2] else { panic!("a type of its own") };
    assert_eq!((custom.name, custom.endpoint, custom.description, custom.schema.name), ("Boat", "/Boats", "A boat.", "Boat"));
    let resource = json!({ "mark": " AB " });
    assert_eq!(custom.unique_values(resource.as_object().unwrap()), [("mark", "ab".to_owned())]);
    assert!(with("endpoint", json!("/Users")).contains("endpoint /Users is taken"));
    assert!(with("endpoint", json!("/a/b")).contains("endpoint must be a slash and one word"));
    assert!(with("schema", json!("urn:example:nothing")).contains("schema names urn:example:nothing, which no file describes"));
    assert!(with("name", json!("user")).contains("name must be User"));
    let refused_core = |attribute: Value| refused(json!([core(attribute), boat]));
    assert!(refused_core(json!({ "name": "ID" })).contains("Boat:ID: is an attribute every resource has already"));
    assert!(refused_core(json!({ "name": "a", "uniqueness": "global" })).contains("uniqueness must be server or none"));
    assert!(refused_core(json!({ "name": "a", "type": "boolean", "uniqueness": "server" })).contains("only a single text"));
    let twice =
        json!([core(json!({ "name": "a" })), boat, { "name": "Ship", "endpoint": "/boats", "schema": "urn:example:boats:2.0:Boat" }]);
    assert!(refused(twice).contains("the name or /boats is taken"));
    let both =
        json!([core(json!({ "name": "a" })), boat, { "name": "User", "schemaExtensions": [{ "schema": "urn:example:boats:2.0:Boat" }] }]);
    assert!(refused(both).contains("it can be only one of them"));
}
