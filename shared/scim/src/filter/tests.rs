use super::*;
use crate::{Limits, Resource, ResourceType};
use serde_json::{Value, json};

fn read(text: &str) -> Filter {
    parse(ResourceType::User, text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    let error = parse(ResourceType::User, text, &Limits::default()).unwrap_err();
    assert_eq!((error.status, error.scim_type), (400, Some(crate::ScimType::InvalidFilter)), "{text}");
    error.detail
}

fn ada() -> Resource {
    let ada = json!({
        "id": "7F3A", "externalId": "Ext-1", "userName": "Ada@X.test", "active": true, "displayName": "Zo\u{eb} \"Zed\"",
        "name": { "familyName": "Quill" }, "title": "",
        "emails": [{ "value": "a@x.test", "type": "work", "primary": true }, { "value": "b@y.test", "type": "home" }],
        "meta": { "created": "2026-01-31T09:00:00.000Z" },
        crate::urn::ENTERPRISE_USER: { "department": "Docks", "manager": { "value": "M1" } }
    });
    ada.as_object().unwrap().clone()
}

fn matches(text: &str) -> bool {
    read(text).matches(ResourceType::User, &ada())
}

#[test]
fn names_operators_and_keywords_are_read_in_any_case() {
    let canonical = "userName eq \"a\" and (not (active eq true) or emails[type eq \"work\"])";
    assert_eq!(read("USERNAME EQ \"a\" AND (NOT (ACTIVE Eq True) Or EMAILS[TYPE eq \"work\"])").to_string(), canonical);
    assert_eq!(read(canonical).to_string(), canonical);
}

#[test]
fn and_binds_closer_than_or() {
    let Filter::Or(all) = read("title pr or title pr and nickName pr or locale pr") else { panic!("an or") };
    assert_eq!(all.len(), 3);
    assert!(matches!(&all[1], Filter::And(inner) if inner.len() == 2));
}

#[test]
fn names_are_written_out_in_full() {
    let path = |text: &str| match read(text) {
        Filter::Compare { path, .. } => path,
        other => panic!("{other:?}"),
    };
    assert_eq!(path("manager eq \"M1\"").to_string(), format!("{}:manager.value", crate::urn::ENTERPRISE_USER));
    assert_eq!(path("emails eq \"x\"").to_string(), "emails.value");
    assert_eq!(path("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"x\""), AttrPath::core("userName"));
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:DEPARTMENT";
    assert_eq!(path(&format!("{urn} eq \"x\"")).to_string(), format!("{}:department", crate::urn::ENTERPRISE_USER));
}

#[test]
fn values_have_the_type_of_their_attribute() {
    let value = |text: &str| match read(text) {
        Filter::Compare { value, .. } => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(value("externalId eq someone"), FilterValue::String("someone".into()));
    assert_eq!(value("externalId eq 123"), FilterValue::String("123".into()));
    assert_eq!(value("userName eq true"), FilterValue::String("true".into()));
    assert_eq!(value("active eq \"False\""), FilterValue::Bool(false));
    assert_eq!(value("active eq TRUE"), FilterValue::Bool(true));
    assert_eq!(value("title eq null"), FilterValue::Null);
    assert_eq!(value("title eq \"null\""), FilterValue::String("null".into()));
    assert_eq!(value(r#"displayName eq "a\"b\\\u00e9 )(""#), FilterValue::String("a\"b\\\u{e9} )(".into()));
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    assert_eq!(refused(""), "the filter is empty");
    assert_eq!(refused("userName eq"), "the filter cannot be read at character 12: the filter ends where a value is expected");
    assert_eq!(
        refused("userName"),
        "the filter cannot be read at character 9: the filter ends where a comparison such as \"eq\" after the attribute is expected"
    );
    assert_eq!(refused("shoeSize eq \"9\""), "the filter cannot be read at character 1: User resources have no attribute \"shoeSize\"");
    assert_eq!(
        refused("title is \"x\""),
        "the filter cannot be read at character 7: \"is\" is not one of eq, ne, co, sw, ew, gt, ge, lt, le, pr"
    );
    assert!(refused("name eq \"x\"").ends_with("name has parts: compare one of them, such as name.formatted"));
    assert!(refused("password eq \"x\"").ends_with("password cannot be filtered on"));
    assert!(refused("active eq \"yes\"").ends_with("active is true or false, not \"yes\""));
    assert!(refused("active gt true").ends_with("active is true or false and cannot be compared with gt"));
    assert!(refused("meta.created gt \"yesterday\"").contains("is a moment, such as"));
    assert!(refused("emails[kind eq \"x\"]").contains("emails has no sub-attribute \"kind\"; it has value, display, type, primary"));
    for text in [
        "(",
        ")",
        "()",
        "not",
        "not ()",
        "not userName pr",
        "(title pr",
        "title pr)",
        "title pr]",
        "emails[type eq \"a\"",
        "emails[]",
        "emails[type eq \"a\")",
        "(title pr]",
        "title pr title pr",
        "title pr and",
        "and",
        "or title pr",
        "title eq \"x",
        "title eq \"\\q\"",
        "emails[emails[type pr]]",
        "title[value pr]",
        "emails[type pr].",
        "emails[type pr].kind eq \"x\"",
        "emails[type pr].value pr",
        "title eq (",
        "[",
        "\"title\" pr",
        "title eq \"a\u{0}\"",
        "title eq \"\\u0000\"",
        "urn:x:y eq \"1\"",
        "title gt null",
        "userName.value pr",
        "title pr and and title pr",
    ] {
        refused(text);
    }
}

#[test]
fn every_limit_holds_at_its_value_and_not_beyond() {
    let nested = |n: usize| format!("{}title pr{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(read(&nested(64)), Filter::Present(AttrPath::core("title")));
    assert!(refused(&nested(65)).contains("nests deeper than 64"));
    let wide = |n: usize| vec!["title pr"; n].join(" or ");
    assert!(matches!(read(&wide(100)), Filter::Or(all) if all.len() == 100));
    assert!(refused(&wide(101)).contains("more than 100 comparisons"));
    let long = |n: usize| format!("title eq \"{}\"", "x".repeat(n - 11));
    read(&long(4096));
    assert_eq!(refused(&long(4097)), "the filter is longer than 4096 bytes");
}

#[test]
fn text_compares_by_the_case_rule_of_its_attribute() {
    assert!(matches("userName eq \"ADA@x.TEST\"") && matches("userName sw \"aDa\"") && matches("userName co \"@X\""));
    assert!(matches("externalId eq \"Ext-1\"") && !matches("externalId eq \"ext-1\""));
    assert!(matches("id eq \"7F3A\"") && !matches("id eq \"7f3a\""));
    assert!(matches("displayName eq \"ZOE\u{308} \\\"zed\\\"\""), "composed and decomposed are the same");
    assert!(matches("userName gt \"abc\"") && matches("userName lt \"B\"") && matches("userName ge \"ada@x.test\""));
    assert!(!matches("userName eq \"ada\u{130}\""));
}

#[test]
fn lists_match_when_one_element_does() {
    assert!(matches("emails.value eq \"B@y.test\"") && matches("emails eq \"a@x.test\"") && matches("emails.type pr"));
    assert!(matches("emails[type eq \"work\" and value ew \"x.test\"]"));
    assert!(!matches("emails[type eq \"home\" and value ew \"x.test\"]"), "one element must satisfy all of it");
    assert!(matches("emails[type eq \"work\"].value eq \"a@x.test\"") && !matches("emails[type eq \"home\"].value eq \"a@x.test\""));
    assert!(matches("emails[primary eq \"True\"].value eq \"a@x.test\""));
    assert!(matches("emails[not (type eq \"home\")]"));
}

#[test]
fn absence_is_false_for_all_but_ne() {
    assert!(!matches("nickName eq \"x\"") && !matches("nickName lt \"x\"") && matches("nickName ne \"x\"") && !matches("nickName pr"));
    assert!(!matches("title pr") && matches("title eq null") && !matches("title ne null"), "empty text is no value");
    assert!(matches("userName pr") && matches("name pr") && matches("emails pr") && matches("active pr"));
    assert!(!matches("emails.value ne \"a@x.test\"") && matches("emails.value ne \"c@z.test\""));
    assert!(matches("not (nickName eq \"x\")"));
}

#[test]
fn who_is_not_said_to_be_inactive_is_active() {
    let mut unsaid = ada();
    unsaid.remove("active");
    let matches = |text: &str| read(text).matches(ResourceType::User, &unsaid);
    assert!(matches("active eq true") && matches("active pr") && matches("active ne false"));
    assert!(!matches("active eq false") && !matches("active eq null"));
}

#[test]
fn moments_compare_as_moments() {
    assert!(matches("meta.created eq \"2026-01-31T10:00:00+01:00\"") && matches("meta.created ge \"2026-01-31T09:00:00Z\""));
    assert!(matches("meta.created gt \"2026-01-31T08:59:59.999Z\"") && matches("meta.created lt \"2026-02-01T00:00:00Z\""));
}

#[test]
fn the_manager_and_the_extension_are_found() {
    assert!(matches("manager eq \"M1\" and id eq \"7F3A\"") && !matches("manager eq \"m1\""));
    assert!(matches("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"docks\""));
    assert!(matches("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr"));
}

#[test]
fn a_filter_knows_what_it_looks_at() {
    let filter = parse(ResourceType::Group, "id eq \"g\" and members eq \"u\"", &Limits::default()).unwrap();
    assert!(filter.needs_members() && filter.mentions("id") && !filter.mentions("displayName"));
    let group = json!({ "id": "g", "members": [{ "value": "u" }, { "value": "v" }] });
    assert!(filter.matches(ResourceType::Group, group.as_object().unwrap()));
}

#[test]
fn a_filter_survives_the_queue() {
    for text in ["title eq null", "emails[type eq \"work\" or primary eq true].value sw \"a\"", "not (manager eq \"x\")"] {
        let filter = read(text);
        let sent: Value = serde_json::to_value(&filter).unwrap();
        assert_eq!(serde_json::from_value::<Filter>(sent).unwrap(), filter);
    }
}

#[test]
fn blanks_around_what_is_unique_do_not_count() {
    let user = json!({ "userName": " Ada X ", "title": " Chief " });
    let found = |text: &str| read(text).matches(ResourceType::User, user.as_object().unwrap());
    for yes in ["userName eq \"ada x  \"", "userName sw \"ADA \"", "userName ew \"x\"", "userName ge \" ada x\"", "title eq \" chief \""] {
        assert!(found(yes), "{yes}");
    }
    for no in ["userName ne \"ada x\"", "userName sw \" ada\"", "userName co \"x \"", "userName gt \"ada x \"", "title eq \"chief\""] {
        assert!(!found(no), "{no}");
    }
}

#[test]
fn nul_is_refused_in_quotes_and_outside() {
    for text in ["externalId eq a\0b", "externalId eq \"a\0b\"", "externalId eq \"a\\u0000b\""] {
        assert!(refused(text).contains("NUL"), "{text:?}");
    }
}

#[test]
fn what_a_type_does_not_have_has_no_value_there() {
    let group = json!({ "id": "g", "displayName": "Ops", "externalId": "e" });
    let on_group = |text: &str| {
        let filters = parse_for(&ResourceType::BUILT_IN, text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filters[0], read(&text.replace("members", "groups")), "{text}");
        filters[1].matches(ResourceType::Group, group.as_object().unwrap())
    };
    for yes in [
        "displayName eq \"ops\"",
        "userName ne \"x\"",
        "userName eq null",
        "not (title pr)",
        "title pr or id pr",
        "not (emails[value eq \"x\"])",
    ] {
        assert!(on_group(yes), "{yes}");
    }
    for no in [
        "userName pr",
        "userName ne null",
        "active eq true and id pr",
        "emails[value eq \"x\"].value eq \"x\"",
        "(title gt \"a\" or title lt \"b\")",
    ] {
        assert!(!on_group(no), "{no}");
    }
    let nowhere = parse_for(&ResourceType::BUILT_IN, "nosuch pr", &Limits::default()).unwrap_err();
    assert!(nowhere.detail.contains("nosuch"), "{nowhere}");
    assert!(parse_for(&ResourceType::BUILT_IN, "active gt true", &Limits::default()).is_err());
}
