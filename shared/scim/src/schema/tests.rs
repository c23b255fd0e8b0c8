use super::*;
use crate::Compat;

fn found(rt: ResourceType, name: &str) -> Result<String, Missing> {
    Ok(match resolve(rt, name, &Compat::default())? {
        Found::Attribute { schema, attribute, sub } => {
            format!("{}|{}|{}", schema.name, attribute.name, sub.map_or("", |sub| sub.name))
        }
        Found::Schema(schema) => schema.name.to_owned(),
    })
}

#[test]
fn names_are_found_in_any_case() {
    assert_eq!(found(ResourceType::User, "USERNAME").as_deref(), Ok("User|userName|"));
    assert_eq!(found(ResourceType::User, "Name.GIVENname").as_deref(), Ok("User|name|givenName"));
    assert_eq!(found(ResourceType::Group, "members.$REF").as_deref(), Ok("Group|members|$ref"));
    assert_eq!(found(ResourceType::User, "ID").as_deref(), Ok("Common|id|"));
}

#[test]
fn a_urn_is_split_off_at_its_end_and_never_at_its_dot() {
    let name = format!("{}:department", urn::ENTERPRISE_USER.to_uppercase());
    assert_eq!(found(ResourceType::User, &name).as_deref(), Ok("EnterpriseUser|department|"));
    let name = format!("{}:manager.value", urn::ENTERPRISE_USER);
    assert_eq!(found(ResourceType::User, &name).as_deref(), Ok("EnterpriseUser|manager|value"));
    let name = format!("{}:userName", urn::CORE_USER);
    assert_eq!(found(ResourceType::User, &name).as_deref(), Ok("User|userName|"));
    let name = format!("{}:externalId", urn::CORE_USER);
    assert_eq!(found(ResourceType::User, &name).as_deref(), Ok("Common|externalId|"));
    assert_eq!(found(ResourceType::User, urn::ENTERPRISE_USER).as_deref(), Ok("EnterpriseUser"));
}

#[test]
fn habits_of_clients_are_understood_when_switched_on() {
    let dotted = format!("{}.manager", urn::ENTERPRISE_USER);
    let mistyped = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User:manager";
    for name in [dotted.as_str(), mistyped, "manager"] {
        assert_eq!(found(ResourceType::User, name).as_deref(), Ok("EnterpriseUser|manager|"), "{name}");
        assert!(resolve(ResourceType::User, name, &Compat::strict()).is_err(), "{name}");
    }
}

#[test]
fn what_is_not_there_is_told_apart() {
    assert_eq!(found(ResourceType::User, "shoeSize"), Err(Missing::Attribute));
    assert_eq!(found(ResourceType::User, "name.first"), Err(Missing::Sub));
    assert_eq!(found(ResourceType::User, "urn:example:harbour:2.0:User:tag"), Err(Missing::Schema));
    assert_eq!(found(ResourceType::Group, &format!("{}:department", urn::ENTERPRISE_USER)), Err(Missing::Schema));
    assert_eq!(found(ResourceType::Group, "manager"), Err(Missing::Attribute));
    for name in ["__proto__", "constructor", "toString.x", "", ".", "a.", ".value", "urn:", "\u{e9}\u{e9}:\u{e9}"] {
        assert!(found(ResourceType::User, name).is_err(), "{name:?}");
    }
}

#[test]
fn every_attribute_says_what_it_is() {
    fn check(attributes: &[Attribute]) {
        for attribute in attributes {
            assert!(attribute.description.ends_with('.'), "{}", attribute.name);
            assert_eq!(attribute.kind == Kind::Complex, !attribute.sub_attributes.is_empty(), "{}", attribute.name);
            check(attribute.sub_attributes);
        }
    }
    for schema in [&USER, &GROUP, &ENTERPRISE_USER, &COMMON] {
        check(schema.attributes);
    }
}
