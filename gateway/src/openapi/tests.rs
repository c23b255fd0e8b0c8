use super::*;
use crate::{
    discovery::Subject,
    route::Endpoint::{self, Collection, Discovery, DiscoveryItem, Item},
};
use std::collections::BTreeSet;

fn settings() -> GatewaySettings {
    GatewaySettings::new("127.0.0.1:1".parse().unwrap(), "https://x.test/", "1.2.3")
}

/// Where an endpoint is described; the compiler tells when there is a new one.
fn address(endpoint: Endpoint<'_>) -> Option<String> {
    Some(match endpoint {
        Endpoint::Root => "/".to_owned(),
        Endpoint::Search(None) => "/.search".to_owned(),
        Endpoint::Search(Some(rt)) => format!("{}/.search", rt.endpoint()),
        Collection(rt) => rt.endpoint().to_owned(),
        Item(rt, _) => format!("{}/{{id}}", rt.endpoint()),
        Discovery(Subject::ServiceProviderConfig) => "/ServiceProviderConfig".to_owned(),
        Discovery(Subject::ResourceTypes) => "/ResourceTypes".to_owned(),
        Discovery(Subject::Schemas) => "/Schemas".to_owned(),
        DiscoveryItem(Subject::ResourceTypes, _) => "/ResourceTypes/{name}".to_owned(),
        DiscoveryItem(Subject::Schemas, _) => "/Schemas/{name}".to_owned(),
        DiscoveryItem(Subject::ServiceProviderConfig, _) => return None,
        Endpoint::OpenApi => "/openapi.json".to_owned(),
        Endpoint::Me => "/Me".to_owned(),
        Endpoint::Bulk => "/Bulk".to_owned(),
        Endpoint::Event(_) => "/Events/{txn}".to_owned(),
    })
}

#[test]
fn every_address_takes_what_the_document_says_and_no_other_is_there() {
    let document = openapi(&settings());
    for (path, described) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.starts_with("/api/")) {
        let plain = path.replace("{id}", "1").replace("{name}", "x").replace("{txn}", "1");
        let segments: Vec<&str> = plain.split('/').filter(|segment| !segment.is_empty()).collect();
        let endpoint = Endpoint::find(&segments).unwrap_or_else(|| panic!("{path} is nowhere"));
        assert_eq!(address(endpoint).as_ref(), Some(path));
        let described: BTreeSet<String> =
            described.as_object().unwrap().keys().filter(|key| *key != "parameters").map(|method| method.to_uppercase()).collect();
        let taken: BTreeSet<String> = endpoint.allow().split(", ").map(str::to_owned).collect();
        assert_eq!(described, taken, "{path}");
        for method in &taken {
            let operation = &document["paths"][path][method.to_lowercase()];
            let takes = endpoint.takes_body(&method.parse().unwrap());
            assert_eq!(operation.get("requestBody").is_some(), takes, "{method} {path}");
        }
    }
    let mut endpoints = vec![Endpoint::OpenApi, Endpoint::Root, Endpoint::Search(None), Endpoint::Me, Endpoint::Bulk, Endpoint::Event("1")];
    endpoints.extend(ResourceType::all().iter().copied().flat_map(|rt| [Collection(rt), Item(rt, "1"), Endpoint::Search(Some(rt))]));
    for subject in [Subject::ServiceProviderConfig, Subject::ResourceTypes, Subject::Schemas] {
        endpoints.extend([Discovery(subject), DiscoveryItem(subject, "x")]);
    }
    for path in endpoints.into_iter().filter_map(address) {
        assert!(document["paths"].get(&path).is_some(), "{path} is not described");
    }
}

#[test]
fn every_address_of_the_json_api_is_described_as_it_is_taken_and_no_other() {
    let document = openapi(&settings());
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/")) {
        assert_eq!(item["servers"], json!([{ "url": "https://x.test" }]), "{path}");
        for (method, operation) in item.as_object().unwrap().iter().filter(|(key, _)| !matches!(key.as_str(), "servers" | "parameters")) {
            described.insert(format!("{} {path}", method.to_uppercase()));
            assert_eq!(operation["security"], json!([{ "apiToken": [] }]), "{method} {path}");
            assert!(operation["summary"].as_str().unwrap().len() > 8, "{method} {path}");
            assert!(method == "head" || operation["responses"].as_object().unwrap().keys().any(|status| status.starts_with('2')));
        }
        let named = path.matches('{').count();
        assert_eq!(item["parameters"].as_array().map_or(0, Vec::len), named, "{path}");
    }
    let taken = crate::api::ADDRESSES
        .iter()
        .flat_map(|address| address.allow.split(", ").map(move |method| format!("{method} {}{}", crate::api::BASE, address.path)));
    assert_eq!(described, taken.collect());
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
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let document = openapi(&settings());
    let mut names = BTreeSet::new();
    each(&document, &mut |value| {
        if let Some(Value::String(target)) = value.get("$ref") {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
        if let Some(Value::String(name)) = value.get("operationId")
            && value.get("responses").is_some()
        {
            assert!(names.insert(name.clone()), "{name} is there twice");
            for status in ["400", "401", "429", "500", "503"] {
                assert!(value["responses"].get(status).is_some(), "{name} {status}");
            }
        }
    });
    each(&document, &mut |value| {
        if let Some(Value::Object(links)) = value.get("links") {
            for link in links.values() {
                assert!(names.contains(link["operationId"].as_str().unwrap()), "{link}");
            }
        }
    });
}

#[test]
fn it_is_of_this_installation() {
    let document = openapi(&settings());
    assert_eq!((&document["openapi"], &document["info"]["version"]), (&json!("3.1.0"), &json!("1.2.3")));
    assert_eq!(document["servers"][0]["url"], "https://x.test/scim");
    assert_eq!(document["security"], json!([{ "secretKey": [] }]));
}
