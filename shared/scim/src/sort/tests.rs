use super::*;
use crate::{ScimType, urn};
use serde_json::json;

fn sort(by: &str, order: Option<&str>) -> Sort {
    Sort::parse(&[ResourceType::User], Some(by), order).unwrap().unwrap().remove(0)
}

fn key(by: &str, user: Value) -> Option<SortKey> {
    sort(by, None).key(ResourceType::User, user.as_object().unwrap())
}

fn text(text: &str) -> Option<SortKey> {
    Some(SortKey::Text(text.to_owned()))
}

#[test]
fn text_is_ordered_by_the_case_rule_of_its_attribute() {
    assert_eq!(key("TITLE", json!({ "title": "Chief" })), text("chief"));
    assert_eq!(key("externalId", json!({ "externalId": "Ext" })), text("Ext"));
    assert_eq!(key("userName", json!({ "userName": " Ada " })), text("ada"));
    assert_eq!(key("meta.created", json!({ "meta": { "created": "1970-01-01T00:00:01Z" } })), Some(SortKey::Moment(1_000)));
    assert_eq!(key("active", json!({ "active": true })), Some(SortKey::Flag(true)));
    assert_eq!(key("title", json!({ "title": "" })), None);
}

#[test]
fn of_a_list_the_primary_element_counts_or_the_first() {
    let emails = json!({ "emails": [{ "value": "A" }, { "value": "B", "primary": true }] });
    assert_eq!(key("emails", emails.clone()), text("b"));
    assert_eq!(key("emails.value", emails), text("b"));
    assert_eq!(key("emails", json!({ "emails": [{ "value": "A" }, { "value": "B" }] })), text("a"));
    assert_eq!(key("emails.type", json!({ "emails": [{ "value": "A" }] })), None);
    assert_eq!(key("manager", json!({ urn::ENTERPRISE_USER: { "manager": { "value": "M1" } } })), text("M1"));
}

#[test]
fn names_that_cannot_be_ordered_by_are_refused_by_name() {
    for name in ["nosuch", "name", "addresses", "name.nosuch", "password", "urn:x:y:z", urn::ENTERPRISE_USER, "emails[type eq \"work\"]"] {
        let error = Sort::parse(&[ResourceType::User], Some(name), None).unwrap_err();
        assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidPath)), "{name}");
        assert!(error.detail.contains(name), "{}", error.detail);
    }
    let error = Sort::parse(&[ResourceType::User], Some("title"), Some("upwards")).unwrap_err();
    assert!(error.scim_type == Some(ScimType::InvalidValue) && error.detail.contains("upwards"), "{error:?}");
}

#[test]
fn a_type_without_the_attribute_has_no_value_there() {
    let both = Sort::parse(&ResourceType::BUILT_IN, Some("userName"), Some("Descending")).unwrap().unwrap();
    assert!(both[0].path.is_some() && both[0].descending);
    assert_eq!(both[1].key(ResourceType::Group, json!({ "displayName": "Ops" }).as_object().unwrap()), None);
    assert_eq!(Sort::parse(&ResourceType::BUILT_IN, Some(" "), None), Ok(None));
    assert_eq!(Sort::parse(&ResourceType::BUILT_IN, None, Some("descending")), Ok(None));
}

#[test]
fn no_value_comes_last() {
    let (a, b) = (SortKey::Text("a".into()), SortKey::Text("b".into()));
    assert_eq!(SortKey::compare(Some(&a), Some(&b)), Ordering::Less);
    assert_eq!(SortKey::compare(Some(&b), None), Ordering::Less);
    assert_eq!(SortKey::compare(None, None), Ordering::Equal);
    assert_eq!(SortKey::compare(Some(&SortKey::Moment(5)), Some(&a)), Ordering::Less);
}
