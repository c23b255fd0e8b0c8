//! The rules of the attribute table, each tried on every attribute that has it: whatever the schemas are.

mod case;

use case::{Case, cases, least, patched, read, rendered, scalar, shown};
use muster_scim::schema::{Attribute, Kind, Meaning, Mutability, Registry, Returned, extensions};
use muster_scim::{Limits, ScimType, discovery, filter};
use serde_json::{Value, json};

/// `mutability: readOnly`: a value in a body is passed over, one at a path of a PATCH is refused.
pub fn read_only_is_not_the_clients() {
    let read_only = |case: &Case| [case.attribute, case.leaf()].iter().any(|one| one.mutability == Mutability::ReadOnly);
    // Members are ids, whatever else is said of them; they have tests of their own.
    for case in cases().into_iter().filter(|case| read_only(case) && case.attribute.meaning != Meaning::Members) {
        let name = case.name();
        let kept = read(case.rt, case.body(case.value(1))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(case.find(&kept), None, "{name}");
        let before = read(case.rt, least(case.rt)).expect("the least there is");
        let error = patched(&case, &before, "replace", Some(name.clone()), scalar(case.leaf(), 1)).expect_err(&name);
        assert_eq!(error.scim_type, Some(ScimType::Mutability), "{name}");
        if case.sub.is_none() {
            let value = case.body(case.value(1));
            assert_eq!(case.find(&patched(&case, &before, "replace", None, value).expect(&name)), None, "{name}");
        }
    }
}

/// `mutability: readWrite`: what is sent is kept exactly, and can be changed and taken away.
pub fn read_write_is_kept_as_sent() {
    let writable = |one: &Attribute| one.mutability == Mutability::ReadWrite;
    for case in
        cases().into_iter().filter(|case| writable(case.attribute) && writable(case.leaf()) && case.attribute.meaning != Meaning::Members)
    {
        let name = case.name();
        let kept = read(case.rt, case.body(case.value(1))).unwrap_or_else(|error| panic!("{name}: {error}"));
        let sent = case.body(case.value(1));
        let all_writable = case.sub.is_some() || case.attribute.sub_attributes.iter().all(Attribute::is_writable);
        if all_writable {
            assert_eq!(case.find(&kept), case.find(&sent), "{name}");
        }
        if case.sub.is_none() && all_writable && !case.attribute.sub_attributes.iter().any(|sub| sub.mutability == Mutability::Immutable) {
            let changed = patched(&case, &kept, "replace", Some(name.clone()), case.value(2)).expect(&name);
            assert_eq!(case.find(&changed), case.find(&case.body(case.value(2))), "{name}");
            let removed = patched(&case, &kept, "remove", Some(name.clone()), Value::Null);
            match removed {
                Ok(removed) => assert_eq!(case.find(&removed), None, "{name}"),
                Err(error) => assert!(case.attribute.required && error.scim_type == Some(ScimType::InvalidValue), "{name}: {error}"),
            }
        }
    }
}

/// `required`: no POST and no PUT without it, and no PATCH takes it away.
pub fn required_is_always_there() {
    for case in cases().into_iter().filter(|case| case.leaf().required && case.leaf().is_writable()) {
        let name = case.name();
        let mut body = case.body(case.value(1));
        let whole = match case.urn {
            Some(urn) => &mut body[urn],
            None => &mut body,
        };
        match case.sub {
            None => {
                whole.as_object_mut().expect("an object").remove(case.attribute.name);
                if let Some(urn) = case.urn {
                    // An extension with something else in it must have what it requires.
                    let others = extensions(case.rt).iter().find(|one| one.schema.urn == urn).expect("it is there").schema.attributes;
                    let other = others.iter().find(|one| !one.required && one.is_writable()).expect("an attribute that is not required");
                    body[urn][other.name] = Case { attribute: other, sub: None, ..case }.value(1);
                }
            }
            Some(sub) => {
                let value = if case.attribute.multi_valued { &mut whole[case.attribute.name][0] } else { &mut whole[case.attribute.name] };
                let value = value.as_object_mut().expect("an object");
                value.remove(sub.name);
                let other = case.attribute.sub_attributes.iter().find(|one| !one.required).expect("a part that is not required");
                value.insert(other.name.to_owned(), scalar(other, 1));
            }
        }
        let error = read(case.rt, body).expect_err(&name);
        assert!(error.scim_type == Some(ScimType::InvalidValue) && error.detail.contains(case.leaf().name), "{name}: {error}");
        let kept = read(case.rt, case.body(case.value(1))).expect(&name);
        let error = patched(&case, &kept, "remove", Some(name.clone()), Value::Null).expect_err(&name);
        assert!(error.scim_type == Some(ScimType::InvalidValue) && error.detail.contains("required"), "{name}: {error}");
    }
}

/// `mutability: immutable`: it can be set when it has no value, and not be changed or removed afterwards; neither by PUT.
pub fn immutable_is_set_once() {
    let immutable = |case: &Case| case.leaf().mutability == Mutability::Immutable && case.attribute.meaning != Meaning::Members;
    for case in cases().into_iter().filter(immutable) {
        let name = case.name();
        let kept = read(case.rt, case.body(case.value(1))).expect(&name);
        assert_eq!(case.find(&kept), case.find(&case.body(case.value(1))), "{name}");
        let with = |variant: u8| if case.sub.is_some() { scalar(case.leaf(), variant) } else { case.value(variant) };
        for (op, value) in [("replace", with(2)), ("remove", Value::Null)] {
            let error = patched(&case, &kept, op, Some(name.clone()), value).expect_err(&name);
            let required = op == "remove" && case.leaf().required && error.scim_type == Some(ScimType::InvalidValue);
            assert!(required || error.scim_type == Some(ScimType::Mutability), "{op} {name}: {error}");
        }
        assert_eq!(
            patched(&case, &kept, "replace", Some(name.clone()), with(1)).expect(&name),
            kept,
            "the same value is no change: {name}"
        );
        let before = read(case.rt, least(case.rt)).expect("the least there is");
        if !case.attribute.required && case.sub.is_none() {
            let set = patched(&case, &before, "add", Some(name.clone()), with(1)).expect(&name);
            assert_eq!(case.find(&set), case.find(&kept), "{name}");
        }
        if case.sub.is_none() || !case.attribute.multi_valued {
            let put = |variant: u8| {
                let mut new = read(case.rt, case.body(case.value(variant))).expect("a body").as_object().expect("an object").clone();
                muster_scim::carry_over(case.rt, kept.as_object().expect("an object"), &mut new).map(|()| Value::Object(new))
            };
            assert_eq!(put(1).expect(&name), kept, "{name}");
            assert_eq!(put(2).expect_err(&name).scim_type, Some(ScimType::Mutability), "{name}");
            let mut without = before.as_object().expect("an object").clone();
            muster_scim::carry_over(case.rt, kept.as_object().expect("an object"), &mut without).expect("left out is left as it is");
            assert_eq!(case.find(&Value::Object(without)), case.find(&kept), "{name}");
        }
    }
}

/// `returned: never` and `mutability: writeOnly`: it is accepted, never shown, and cannot be asked about.
pub fn never_leaves() {
    for case in cases().into_iter().filter(|case| case.leaf().is_hidden()) {
        let name = case.name();
        let kept = read(case.rt, case.body(case.value(1))).expect(&name);
        assert_eq!(case.find(&kept).is_some(), case.leaf().meaning != Meaning::Discarded, "{name}");
        let planted = case.body(case.value(1));
        for (attributes, excluded) in [(None, None), (Some(name.as_str()), None), (case.urn, None), (None, Some("id"))] {
            assert_eq!(case.find(&shown(case.rt, &planted, attributes, excluded)), None, "{name} {attributes:?} {excluded:?}");
        }
        for text in [format!("{name} pr"), format!("{name} sw \"V\"")] {
            let error = filter::parse(case.rt, &text, &Limits::default()).expect_err(&text);
            assert_eq!(error.scim_type, Some(ScimType::InvalidFilter), "{text}");
        }
        if case.sub.is_none() && case.leaf().meaning != Meaning::Discarded {
            let mut new = read(case.rt, least(case.rt)).expect("the least").as_object().expect("an object").clone();
            muster_scim::carry_over(case.rt, kept.as_object().expect("an object"), &mut new).expect("nothing immutable changes");
            assert!(case.find(&Value::Object(new)).is_some(), "a client cannot send back what it is not shown: {name}");
        }
    }
}

/// `returned: request`: shown to those who name it, and to nobody else.
pub fn request_is_shown_on_request() {
    for case in cases().into_iter().filter(|case| case.leaf().returned == Returned::Request && !case.leaf().is_hidden()) {
        let (name, resource) = (case.name(), case.body(case.value(1)));
        for (attributes, excluded) in [(None, None), (Some("id"), None), (None, Some("id")), (None, Some(name.as_str()))] {
            assert_eq!(case.find(&shown(case.rt, &resource, attributes, excluded)), None, "{name} {attributes:?} {excluded:?}");
        }
        assert!(case.find(&shown(case.rt, &resource, Some(&name), None)).is_some(), "{name}");
        let upper = name.to_uppercase();
        assert!(case.find(&shown(case.rt, &resource, Some(&upper), None)).is_some(), "{upper}");
    }
}

/// `returned: always`: shown whatever was asked for; a part of something, whenever the something is shown.
pub fn always_is_shown() {
    for case in cases().into_iter().filter(|case| case.leaf().returned == Returned::Always) {
        let (name, resource) = (case.name(), case.body(case.value(1)));
        assert!(case.find(&shown(case.rt, &resource, None, Some(&name))).is_some(), "{name}");
        match case.sub {
            None => assert!(case.find(&shown(case.rt, &resource, Some("id"), None)).is_some(), "{name}"),
            Some(sub) => {
                let sibling = case.attribute.sub_attributes.iter().find(|one| one.name != sub.name).expect("another part");
                let asked = Case { sub: Some(sibling), ..case }.name();
                assert!(case.find(&shown(case.rt, &resource, Some(&asked), None)).is_some(), "{name}");
            }
        }
    }
}

/// `returned: default`: shown unless others were asked for or it was excluded.
pub fn default_is_shown_by_default() {
    for case in cases().into_iter().filter(|case| {
        case.leaf().returned == Returned::Default && case.attribute.returned == Returned::Default && !case.leaf().is_hidden()
    }) {
        let (name, resource) = (case.name(), case.body(case.value(1)));
        let there = |attributes, excluded| case.find(&shown(case.rt, &resource, attributes, excluded)).is_some();
        assert!(there(None, None) && there(Some(&name), None), "{name}");
        assert!(!there(Some("id"), None) && !there(None, Some(&name)), "{name}");
    }
}

/// `caseExact`, `type`: what a filter finds.
pub fn filters_compare_as_the_table_says() {
    for case in cases().into_iter().filter(|case| !case.leaf().is_hidden() && case.leaf().kind != Kind::Complex) {
        let (name, leaf) = (case.name(), case.leaf());
        let mut full = rendered(case.rt, &case.body(case.value(1)));
        full.insert("id".to_owned(), json!("1"));
        let holds = |text: String| {
            let filter = filter::parse(case.rt, &text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
            filter.matches(case.rt, &full)
        };
        let value = scalar(leaf, 1);
        assert!(holds(format!("{name} eq {value}")) && !holds(format!("{name} ne {value}")) && holds(format!("{name} pr")), "{name}");
        match leaf.kind {
            Kind::String | Kind::Reference => {
                assert_eq!(holds(format!("{name} eq \"vALUE1\"")), !leaf.case_exact, "{name}");
                assert_eq!(holds(format!("{name} sw \"vAL\"")), !leaf.case_exact, "{name}");
            }
            Kind::Integer | Kind::Decimal => assert!(holds(format!("{name} lt 100")) && !holds(format!("{name} lt -1")), "{name}"),
            Kind::DateTime => assert!(holds(format!("{name} eq \"2026-01-02T10:00:00+01:00\"")), "{name}"),
            Kind::Boolean | Kind::Binary | Kind::Complex => {}
        }
    }
}

/// `type`, `multiValued`: a value of another type is refused with its place.
pub fn a_wrong_type_is_refused() {
    for case in cases()
        .into_iter()
        .filter(|case| case.attribute.is_writable() && case.leaf().is_writable() && case.attribute.meaning != Meaning::Members)
    {
        let wrong = match case.leaf().kind {
            Kind::Boolean => json!(7),
            Kind::Complex => json!(true),
            Kind::Integer => json!(1.5),
            Kind::Decimal => json!("1.5"),
            Kind::DateTime => json!("yesterday"),
            Kind::String | Kind::Reference | Kind::Binary => json!(7),
        };
        let mut whole = case.value(1);
        let place = if case.attribute.multi_valued { &mut whole[0] } else { &mut whole };
        match case.sub {
            Some(sub) => place[sub.name] = wrong,
            None => *place = wrong,
        }
        let error = read(case.rt, case.body(whole)).expect_err(&case.name());
        assert!(error.scim_type == Some(ScimType::InvalidValue) && error.detail.contains(case.leaf().name), "{}: {error}", case.name());
    }
}

/// The schema documents say what the table says, for every attribute that is documented.
pub fn documents_say_what_the_table_says() {
    fn compare(documents: &Value, attributes: &[Attribute]) {
        let documents = documents.as_array().expect("a list");
        assert_eq!(documents.len(), attributes.iter().filter(|attribute| !attribute.undocumented).count());
        for attribute in attributes.iter().filter(|attribute| !attribute.undocumented) {
            let document = documents.iter().find(|document| document["name"] == attribute.name).expect(attribute.name);
            assert_eq!(document["type"], attribute.kind.as_str());
            assert_eq!(document["multiValued"], attribute.multi_valued);
            assert_eq!(document["required"], attribute.required);
            assert_eq!(document["mutability"], attribute.mutability.as_str());
            assert_eq!(document["returned"], attribute.returned.as_str());
            assert_eq!(document["uniqueness"], attribute.uniqueness.as_str());
            assert_eq!(document.get("caseExact").map_or(Value::Bool(attribute.case_exact), Clone::clone), attribute.case_exact);
            let texts = |name: &str| document.get(name).cloned().unwrap_or_else(|| json!([]));
            assert_eq!(texts("canonicalValues"), json!(attribute.canonical_values));
            assert_eq!(texts("referenceTypes"), json!(attribute.reference_types));
            if attribute.kind == Kind::Complex {
                compare(&document["subAttributes"], attribute.sub_attributes);
            }
        }
    }
    for schema in Registry::global().schemas() {
        let document = discovery::schema_named(schema.urn, "https://x.test/scim").expect(schema.urn);
        compare(&document["attributes"], schema.attributes);
    }
}
