use super::*;

const BASE: &str = "https://x.test/scim/";

fn attributes(urn: &str) -> Vec<Value> {
    schema_named(urn, BASE).unwrap()["attributes"].as_array().unwrap().clone()
}

fn named<'a>(attributes: &'a [Value], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute["name"] == name)
}

fn each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| each(element, visit)),
        Value::Object(members) => members.values().for_each(|member| each(member, visit)),
        _ => {}
    }
}

#[test]
fn the_user_schema_leaves_out_what_clients_trip_over() {
    let user = attributes(urn::CORE_USER);
    for name in ["id", "password", "externalId", "meta", "schemas"] {
        assert!(named(&user, name).is_none(), "{name}");
    }
    let emails = named(&user, "emails").unwrap()["subAttributes"].as_array().unwrap();
    assert!(named(emails, "display").is_none() && named(emails, "value").is_some());
    assert_eq!(named(&user, "name").unwrap()["type"], "complex");
    assert_eq!(named(&user, "userName").unwrap()["uniqueness"], "server");
    assert_eq!(named(&user, "groups").unwrap()["mutability"], "readOnly");
}

#[test]
fn every_attribute_is_described_and_nothing_is_null() {
    let everything = Value::Array([schemas(BASE), resource_types(BASE), vec![service_provider_config(BASE, &Limits::default())]].concat());
    each(&everything, &mut |value| {
        assert!(!value.is_null());
        if value.get("mutability").is_some() {
            assert!(value["description"].as_str().is_some_and(|text| !text.is_empty()), "{value}");
            for word in ["multiValued", "required"] {
                assert!(value[word].is_boolean(), "{value}");
            }
        }
    });
}

#[test]
fn the_configuration_says_what_is_so() {
    let config = service_provider_config(BASE, &Limits::default());
    let supported = |name: &str| config[name]["supported"].as_bool().unwrap();
    assert_eq!(["patch", "filter", "etag", "bulk", "sort", "changePassword"].map(supported), [true, true, true, true, true, false]);
    assert_eq!(config["filter"]["maxResults"], 200);
    assert!(config["bulk"]["maxOperations"].is_u64() && config["bulk"]["maxPayloadSize"].is_u64());
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    assert_eq!(config["meta"]["location"], "https://x.test/scim/ServiceProviderConfig");
}

#[test]
fn types_and_schemas_are_found_by_name() {
    assert_eq!(resource_type_named("User", BASE).unwrap()["endpoint"], "/Users");
    assert_eq!(resource_type_named("User", BASE).unwrap()["schemaExtensions"][0]["schema"], urn::ENTERPRISE_USER);
    assert!(resource_type_named("Device", BASE).is_none());
    assert_eq!(schema_named(&urn::CORE_GROUP.to_uppercase(), BASE).unwrap()["id"], urn::CORE_GROUP);
    assert!(schema_named("urn:example:nope", BASE).is_none());
    assert_eq!(schemas(BASE).len(), 3);
    assert_eq!(schemas(BASE)[0]["meta"]["location"], format!("https://x.test/scim/Schemas/{}", urn::CORE_USER));
}
