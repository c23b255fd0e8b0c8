use super::*;
use serde_json::json;

const ENT: &str = crate::urn::ENTERPRISE_USER;

fn seen(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let ada = json!({
        "schemas": ["s"], "id": "1", "meta": { "resourceType": "User", "version": "v" }, "userName": "ada", "title": "t",
        "name": { "givenName": "Ada", "familyName": "Q" }, "emails": [{ "value": "a", "type": "work" }, { "value": "b" }],
        ENT: { "department": "d", "division": "v", "manager": { "value": "M" } }
    });
    let Value::Object(mut ada) = ada else { unreachable!() };
    Projection::parse(ResourceType::User, attributes, excluded).unwrap().apply(ResourceType::User, &mut ada);
    Value::Object(ada)
}

#[test]
fn what_is_asked_for_is_shown_and_the_id_always() {
    let least = json!({ "schemas": ["s"], "id": "1" });
    assert_eq!(seen(Some("id"), None), least);
    assert_eq!(seen(Some("shoeSize"), None), least, "an unknown name shows nothing more");
    assert_eq!(
        seen(Some(" USERNAME , emails.VALUE"), None),
        json!({ "schemas": ["s"], "id": "1", "userName": "ada", "emails": [{ "value": "a" }, { "value": "b" }] })
    );
    assert_eq!(
        seen(Some("name.givenName,meta.version"), None),
        json!({ "schemas": ["s"], "id": "1", "name": { "givenName": "Ada" }, "meta": { "version": "v" } })
    );
    assert_eq!(seen(Some("manager"), None), json!({ "schemas": ["s"], "id": "1", ENT: { "manager": { "value": "M" } } }));
    assert_eq!(seen(Some(ENT), None)[ENT]["division"], "v");
    assert_eq!(seen(Some(&format!("{ENT}:division")), None)[ENT], json!({ "division": "v" }));
    assert_eq!(seen(Some("emails,emails.value"), None)["emails"][0], json!({ "value": "a", "type": "work" }));
}

#[test]
fn what_is_excluded_is_not_shown_but_the_id_always() {
    let shown = seen(None, Some("id,schemas,title,name.familyName,emails.type,department"));
    assert_eq!((&shown["id"], &shown["schemas"]), (&json!("1"), &json!(["s"])));
    assert_eq!((shown.get("title"), &shown["name"]), (None, &json!({ "givenName": "Ada" })));
    assert_eq!(shown["emails"], json!([{ "value": "a" }, { "value": "b" }]));
    assert_eq!(shown[ENT], json!({ "division": "v", "manager": { "value": "M" } }));
    assert_eq!(seen(None, Some(ENT)).get(ENT), None);
}

#[test]
fn without_names_everything_is_shown() {
    assert_eq!(seen(None, None), seen(Some(""), Some(" , ")));
    assert_eq!(seen(None, None)["title"], "t");
}

#[test]
fn both_parameters_together_are_refused() {
    assert!(Projection::parse(ResourceType::User, Some("id"), Some("emails")).is_err());
    assert!(Projection::parse(ResourceType::User, Some("id"), Some("")).is_ok());
}

#[test]
fn it_says_beforehand_what_need_not_be_loaded() {
    let group = |attributes, excluded| Projection::parse(ResourceType::Group, attributes, excluded).unwrap();
    assert!(Projection::all().wants("members"));
    assert!(!group(None, Some("MEMBERS")).wants("members"));
    assert!(group(None, Some("members.display")).wants("members"));
    assert!(!group(Some("id"), None).wants("members"));
    assert!(group(Some("members.value"), None).wants("members"));
    assert!(group(None, Some("id")).wants("id"));
}

#[test]
fn the_name_of_a_member_is_shown_to_those_who_ask_for_it() {
    let seen = |attributes, excluded| {
        let group = json!({ "schemas": ["s"], "id": "1", "members": [{ "value": "a", "type": "User", "display": "Ada" }] });
        let Value::Object(mut group) = group else { unreachable!() };
        Projection::parse(ResourceType::Group, attributes, excluded).unwrap().apply(ResourceType::Group, &mut group);
        group.remove("members").unwrap()
    };
    assert_eq!(seen(None, None), json!([{ "value": "a", "type": "User" }]));
    assert_eq!(seen(Some("members"), None), json!([{ "value": "a", "type": "User" }]));
    assert_eq!(seen(None, Some("members.type")), json!([{ "value": "a" }]));
    assert_eq!(seen(Some("members.display,members.value"), None), json!([{ "value": "a", "display": "Ada" }]));
}
