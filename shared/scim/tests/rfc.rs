//! The samples of RFC 7643 §8 and RFC 7644 §3, in the same shapes with other values: each is read, makes the round trip, and means
//! what its section says.

use muster_scim::schema::{Document, Kind, Mutability, Registry, core};
use muster_scim::{
    Compat, Limits, MemberChange, Projection, Resource, ResourceType, ScimError, discovery, filter, patch, read_resource, render,
};
use serde_json::{Value, json};

fn sample(rfc: &str, section: &str) -> Value {
    let text = match rfc {
        "7643" => include_str!("rfc/7643.json"),
        _ => include_str!("rfc/7644.json"),
    };
    let samples: Value = serde_json::from_str(text).expect("JSON");
    samples.get(section).unwrap_or_else(|| panic!("no sample {section}")).clone()
}

fn read(rt: ResourceType, body: Value) -> Resource {
    // RFC 7643 allows strings without content, so the samples must do without our habits.
    read_resource(rt, body, &Compat::strict(), &Limits::default()).expect("a sample is read")
}

/// Everything of a sample that is the client's to say comes back as it was said, and once more.
fn round_trip(rt: ResourceType, sample: &Value) -> Value {
    let kept = read(rt, sample.clone());
    let shown = render(rt, "5f1c2d7a", &kept, 0, 1, 1, Some("https://fjord-line.test/v2"));
    assert_eq!(shown["schemas"], sample["schemas"]);
    for (name, value) in sample.as_object().expect("an object") {
        let attribute = core(rt).attribute(name);
        let kind = attribute.map(|attribute| (attribute.mutability, attribute.kind, attribute.name));
        match kind {
            Some((Mutability::ReadOnly | Mutability::WriteOnly, ..)) => assert!(!shown.contains_key(name), "{name}"),
            Some((_, Kind::Complex, "members")) => {
                let ids = |value: &Value| value.as_array().expect("a list").iter().map(|one| one["value"].clone()).collect::<Vec<_>>();
                assert_eq!(ids(&shown[name]), ids(value), "{name}");
            }
            Some(_) => assert_eq!(&shown[name], value, "{name}"),
            None if name.starts_with("urn:") || name == "externalId" => {
                assert_eq!(without_read_only(&shown[name]), without_read_only(value))
            }
            None => assert!(["schemas", "id", "meta"].contains(&name.as_str()), "{name}"),
        }
    }
    let again = read(rt, Value::Object(shown.clone()));
    assert_eq!(again, kept, "what was shown reads as what was kept");
    Value::Object(shown)
}

fn without_read_only(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(manager) = value.get_mut("manager").and_then(Value::as_object_mut) {
        manager.retain(|name, _| name == "value");
    }
    value
}

fn matches(user: &Value, text: &str) -> bool {
    let filter = filter::parse(ResourceType::User, text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let written = filter::parse(ResourceType::User, &filter.to_string(), &Limits::default()).expect("a filter is written as it is read");
    assert_eq!(written, filter, "{text}");
    filter.matches(ResourceType::User, user.as_object().expect("an object"))
}

fn patched(rt: ResourceType, section: &str, before: &Value) -> (Value, patch::PatchEffect) {
    let request = patch::read(rt, sample("7644", section), &Compat::strict(), &Limits::default()).expect(section);
    let sent = serde_json::to_string(&request).expect("JSON");
    let request: patch::PatchRequest = serde_json::from_str(&sent).expect("the same");
    let mut resource = before.as_object().expect("an object").clone();
    let effect = request.apply(rt, &mut resource).expect(section);
    (Value::Object(resource), effect)
}

#[test]
fn rfc7643_8_1_minimal_user() {
    let shown = round_trip(ResourceType::User, &sample("7643", "8.1 minimal user"));
    assert_eq!(shown["userName"], "tove@fjord-line.test");
    assert_eq!(shown["meta"]["resourceType"], "User");
}

#[test]
fn rfc7643_8_2_full_user() {
    let shown = round_trip(ResourceType::User, &sample("7643", "8.2 full user"));
    assert!(shown.get("password").is_none() && shown.get("groups").is_none());
    assert!(matches(&shown, "addresses[type eq \"work\" and locality eq \"BERGEN\"] and x509Certificates pr"));
}

#[test]
fn rfc7643_8_3_enterprise_user() {
    let shown = round_trip(ResourceType::User, &sample("7643", "8.3 enterprise user"));
    let enterprise = &shown["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(enterprise["manager"], json!({ "value": "0e9d8c7b-6a5f-4e3d-a2c1-b0a9f8e7d6c5" }), "the rest is the service's to say");
}

#[test]
fn rfc7643_8_4_group() {
    let shown = round_trip(ResourceType::Group, &sample("7643", "8.4 group"));
    assert_eq!(shown["members"].as_array().map(Vec::len), Some(2));
}

/// Whether everything a sample of a document has is in ours, of the same type: the shape, not the values.
fn same_shape(sample: &Value, ours: &Value, at: &str, left_out: &[&str]) {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            for (name, value) in sample.iter().filter(|(name, _)| !left_out.contains(&name.as_str())) {
                let ours = ours.get(name).unwrap_or_else(|| panic!("{at}.{name} is missing"));
                same_shape(value, ours, &format!("{at}.{name}"), left_out);
            }
        }
        (Value::Array(sample), Value::Array(ours)) => {
            if let (Some(sample), Some(ours)) = (sample.first(), ours.first()) {
                same_shape(sample, ours, at, left_out);
            }
        }
        (sample, ours) => assert_eq!(std::mem::discriminant(sample), std::mem::discriminant(ours), "{at}"),
    }
}

#[test]
fn rfc7643_8_5_service_provider_configuration() {
    let ours = discovery::service_provider_config("https://fjord-line.test/v2", &Limits::default());
    // Documents of a service have no version here, and nothing else is to be read about it.
    let left_out = ["documentationUri", "created", "lastModified", "version"];
    same_shape(&sample("7643", "8.5 service provider configuration"), &ours, "", &left_out);
}

#[test]
fn rfc7643_8_6_resource_types() {
    let types = sample("7643", "8.6 resource types");
    for theirs in types.as_array().expect("a list") {
        let ours = discovery::resource_type_named(theirs["name"].as_str().expect("a name"), "https://fjord-line.test/v2").expect("a type");
        same_shape(theirs, &ours, "", &[]);
        for same in ["schemas", "id", "name", "endpoint", "schema"] {
            assert_eq!(ours[same], theirs[same]);
        }
    }
    // They can be given to this service, too: this one makes the enterprise extension required.
    let document = Document { source: "8.6".to_owned(), content: types };
    let registry = Registry::read(&[document]).expect("read");
    assert!(registry.extensions(ResourceType::User)[0].required);
}

#[test]
fn rfc7643_8_7_schema() {
    let theirs = sample("7643", "8.7 schema");
    let ours = discovery::schema_named("urn:ietf:params:scim:schemas:core:2.0:User", "https://fjord-line.test/v2").expect("a schema");
    same_shape(&theirs, &ours, "", &["caseExact"]);
    let document = Document { source: "8.7".to_owned(), content: theirs };
    let registry = Registry::read(&[document]).expect("read");
    let fjord = registry.extensions(ResourceType::User)[1].schema;
    assert!(fjord.attribute("rank").is_some_and(|rank| rank.required));
    assert_eq!(fjord.attribute("certificates").map(|one| one.sub_attributes.len()), Some(3));
}

#[test]
fn rfc7644_3_3_create() {
    let sent = sample("7644", "3.3 create request");
    let shown = round_trip(ResourceType::User, &sent);
    assert_eq!(shown["meta"]["location"], "https://fjord-line.test/v2/Users/5f1c2d7a");
    assert_eq!(shown["meta"]["version"], "W/\"1\"");
}

#[test]
fn rfc7644_3_4_2_2_filters() {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": "Sverre", "name": { "familyName": "O'Hara Dahl" }, "title": "Mate", "userType": "crew",
        "emails": [{ "type": "work", "value": "sverre@Fjord-Line.test" }], "meta": { "lastModified": "2026-01-01T00:00:00Z" }
    });
    let filters = sample("7644", "3.4.2.2 filters");
    for text in filters.as_array().expect("a list").iter().filter_map(Value::as_str) {
        let expected = !text.starts_with("userType ne");
        assert_eq!(matches(&user, text), expected, "{text}");
    }
}

#[test]
fn rfc7644_3_5_1_put() {
    let shown = round_trip_without_empty(&sample("7644", "3.5.1 put"));
    assert_eq!(shown["name"]["middleName"], "Aksel");
    assert!(shown.get("roles").is_none(), "an empty list is no value (RFC 7643 §2.5)");
}

fn round_trip_without_empty(sample: &Value) -> Value {
    let mut sample = sample.clone();
    sample.as_object_mut().expect("an object").retain(|_, value| *value != json!([]));
    round_trip(ResourceType::User, &sample)
}

#[test]
fn rfc7644_3_5_2_1_add() {
    let (_, effect) = patched(ResourceType::Group, "3.5.2.1 add members", &json!({ "displayName": "Deck" }));
    assert_eq!(effect.members, [MemberChange::Add(vec!["0e9d8c7b-6a5f-4e3d-a2c1-b0a9f8e7d6c5".to_owned()])]);
    let before = json!({ "userName": "sverre", "emails": [{ "value": "sverre@fjord-line.test", "type": "work" }] });
    let (after, effect) = patched(ResourceType::User, "3.5.2.1 add without path", &before);
    assert_eq!((after["emails"].as_array().map(Vec::len), &after["nickName"], effect.changed), (Some(2), &json!("Sver"), true));
    let (again, effect) = patched(ResourceType::User, "3.5.2.1 add without path", &after);
    assert_eq!((again, effect.changed), (after, false), "what is there already is not added, and modifies nothing");
}

#[test]
fn rfc7644_3_5_2_2_remove() {
    let group = json!({ "displayName": "Deck" });
    let members = |section: &str| patched(ResourceType::Group, section, &group).1.members;
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(members("3.5.2.2 remove one member"), [MemberChange::Remove(ids(&["0e9d8c7b-6a5f-4e3d-a2c1-b0a9f8e7d6c5"]))]);
    assert_eq!(members("3.5.2.2 remove all members"), [MemberChange::Set(Vec::new())]);
    assert_eq!(
        members("3.5.2.2 remove and add a member"),
        [
            MemberChange::Remove(ids(&["5f1c2d7a-0b6e-4a53-9f1e-3d2c1b0a9e87"])),
            MemberChange::Add(ids(&["9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d"]))
        ]
    );
    let (after, _) = patched(ResourceType::User, "3.5.2.2 remove by value filter", &sample("7643", "8.2 full user"));
    assert_eq!(after["emails"], json!([{ "value": "tove@halvorsen-home.test", "type": "home" }]));
}

#[test]
fn rfc7644_3_5_2_3_replace() {
    let group = patched(ResourceType::Group, "3.5.2.3 replace all members", &json!({ "displayName": "Deck" })).1;
    assert!(matches!(group.members.as_slice(), [MemberChange::Set(ids)] if ids.len() == 2));
    let user = sample("7643", "8.2 full user");
    let (after, _) = patched(ResourceType::User, "3.5.2.3 replace an address", &user);
    assert_eq!(after["addresses"][0]["postalCode"], "5014");
    assert!(after["addresses"][0].get("region").is_none(), "the element is replaced as a whole");
    assert_eq!(after["addresses"][1], user["addresses"][1]);
    let (after, _) = patched(ResourceType::User, "3.5.2.3 replace a part of an address", &user);
    assert_eq!((&after["addresses"][0]["streetAddress"], &after["addresses"][0]["region"]), (&json!("2 Torget"), &json!("Vestland")));
    let (after, _) = patched(ResourceType::User, "3.5.2.3 replace without path", &user);
    assert_eq!((after["emails"].as_array().map(Vec::len), &after["nickName"]), (Some(1), &json!("Tovelill")));
    assert_eq!(after["title"], user["title"]);
}

#[test]
fn rfc7644_3_7_bulk() {
    let bulk = sample("7644", "3.7 bulk");
    for operation in bulk["Operations"].as_array().expect("a list") {
        let rt = if operation["path"].as_str().expect("a path").starts_with("/Users") { ResourceType::User } else { ResourceType::Group };
        let data = operation["data"].clone();
        match operation["method"].as_str().expect("a method") {
            "POST" | "PUT" => drop(read(rt, data)),
            "PATCH" => {
                let request = patch::read(rt, data, &Compat::default(), &Limits::default()).expect("the RFC's own example is a bare list");
                assert_eq!(request.operations.len(), 2);
            }
            method => assert_eq!((method, data), ("DELETE", Value::Null)),
        }
    }
    let group = read(ResourceType::Group, bulk["Operations"][4]["data"].clone());
    assert_eq!(group["members"], json!([{ "value": "bulkId:liv" }]));
}

#[test]
fn rfc7644_3_9_attributes() {
    let mut shown = render(ResourceType::User, "1", &read(ResourceType::User, sample("7643", "8.2 full user")), 0, 0, 1, None);
    Projection::parse(ResourceType::User, Some("userName"), None).expect("one of the two").apply(ResourceType::User, &mut shown);
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["id", "schemas", "userName"]);
}

#[test]
fn rfc7644_3_12_error() {
    let theirs = sample("7644", "3.12 error");
    let ours = ScimError::mutability("id is read-only");
    assert_eq!(ours.body(), theirs);
}
