//! What each address takes, and answers.

use super::{
    answers::{accepted, refused, with_body, without_body},
    parameters::{self, LIST, PROJECTION},
    reference,
};
use crate::route::Endpoint;
use muster_scim::{ResourceType, urn};
use serde_json::{Map, Value, json};

/// Refusals of a request with a body.
const BODY: [&str; 3] = ["408", "413", "415"];

/// Every address with its operations.
pub(super) fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for &rt in ResourceType::all() {
        let (collection, item) = (rt.endpoint().to_owned(), format!("{}/{{id}}", rt.endpoint()));
        paths.insert(format!("{collection}/.search"), path(Endpoint::Search(Some(rt)), &[("post", search(rt.name(), rt.name()))]));
        paths.insert(collection, path(Endpoint::Collection(rt), &collection_operations(rt)));
        let mut described = path(Endpoint::Item(rt, ""), &item_operations(rt));
        described["parameters"] = parameters::references(&["id"]).into();
        paths.insert(item, described);
    }
    let everything = operation(
        "Discovery",
        "listResources".to_owned(),
        "Resources of every type that satisfy a filter, a page at a time.",
        parameters::references(&LIST),
        responses(&[], &[("200", listed("Resource"))]),
    );
    paths.insert("/".to_owned(), path(Endpoint::Root, &[("get", everything)]));
    paths.insert("/.search".to_owned(), path(Endpoint::Search(None), &[("post", search("Discovery", "Resource"))]));
    paths.insert("/Me".to_owned(), path(Endpoint::Me, &me_operations()));
    paths.insert("/Bulk".to_owned(), path(Endpoint::Bulk, &[("post", bulk())]));
    paths.insert("/Events/{txn}".to_owned(), path(Endpoint::Event(""), &[("get", event())]));
    for (address, endpoint, operation) in discovery() {
        paths.insert(address.to_owned(), path(endpoint, &[("get", operation)]));
    }
    paths
}

/// The operations of an address; whoever can GET it can ask for its headers alone.
fn path(endpoint: Endpoint<'_>, operations: &[(&str, Value)]) -> Value {
    let mut described = Map::new();
    for (method, operation) in operations {
        if *method == "get" && endpoint.allow().contains("HEAD") {
            described.insert("head".to_owned(), head(operation));
        }
        described.insert((*method).to_owned(), operation.clone());
    }
    described.into()
}

/// The same without a body.
pub(super) fn head(get: &Value) -> Value {
    let mut head = get.clone();
    let id = get["operationId"].as_str().unwrap_or_default();
    head["operationId"] = format!("{id}Headers").into();
    head["summary"] = format!("{} Headers only.", get["summary"].as_str().unwrap_or_default()).into();
    let statuses: Vec<String> = get["responses"].as_object().map(|responses| responses.keys().cloned().collect()).unwrap_or_default();
    for status in statuses {
        let described = match get["responses"][&status].get("description") {
            Some(description) => description.clone(),
            None => format!("As the answer to GET with {status}, without its body.").into(),
        };
        head["responses"][&status] = json!({ "description": described });
    }
    head
}

fn operation(tag: &str, id: String, summary: &str, parameters: Vec<Value>, responses: Map<String, Value>) -> Value {
    json!({ "tags": [tag], "operationId": id, "summary": summary, "parameters": parameters, "responses": responses })
}

/// The refusals, and what is answered otherwise.
fn responses(refusals: &[&str], answers: &[(&str, Value)]) -> Map<String, Value> {
    let mut responses = refused(refusals);
    responses.extend(answers.iter().map(|(status, answer)| ((*status).to_owned(), answer.clone())));
    responses
}

fn body(schema: &str, example: Value) -> Value {
    let content = json!({ "schema": reference("schemas", schema), "example": example });
    json!({ "required": true, "content": { "application/scim+json": content, "application/json": content } })
}

fn example(rt: ResourceType) -> Value {
    match rt {
        ResourceType::User => json!({
            "schemas": [rt.schema()], "userName": "ada@example.com", "name": { "givenName": "Ada", "familyName": "Lovelace" },
            "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }], "active": true
        }),
        ResourceType::Group => json!({ "schemas": [rt.schema()], "displayName": "Analysts" }),
        // What its attributes mean is the installation's to say.
        ResourceType::Custom(_) => json!({ "schemas": [rt.schema()] }),
    }
}

fn listed(name: &str) -> Value {
    with_body("One page of the resources.", &reference("schemas", &format!("{name}List")), &[])
}

/// A query that comes as a body (RFC 7644 §3.4.3).
fn search(tag: &str, name: &str) -> Value {
    let id = format!("search{name}s");
    let summary = "The same as a list, with its parameters in the body, where no log keeps them.";
    let mut search = operation(tag, id, summary, Vec::new(), responses(&BODY, &[("200", listed(name))]));
    search["requestBody"] = body("SearchRequest", json!({ "schemas": [urn::SEARCH_REQUEST], "count": 10 }));
    search
}

fn collection_operations(rt: ResourceType) -> Vec<(&'static str, Value)> {
    let name = rt.name();
    let list = operation(
        name,
        format!("list{name}s"),
        "Resources that satisfy a filter, a page at a time.",
        parameters::references(&LIST),
        responses(&[], &[("200", listed(name))]),
    );
    let mut made = with_body("The new resource.", &reference("schemas", name), &["ETag", "Location"]);
    let itself = |operation: &str| json!({ "operationId": format!("{operation}{name}"), "parameters": { "id": "$response.body#/id" } });
    made["links"] = json!({ "get": itself("get"), "replace": itself("replace"), "patch": itself("patch"), "delete": itself("delete") });
    let mut create = operation(
        name,
        format!("create{name}"),
        "Makes a resource.",
        parameters::references(&[&PROJECTION[..], &["Prefer"]].concat()),
        responses(&[&BODY[..], &["403", "409"]].concat(), &[("201", made), ("202", accepted())]),
    );
    create["requestBody"] = body(&format!("{name}Request"), example(rt));
    vec![("get", list), ("post", create)]
}

fn item_operations(rt: ResourceType) -> Vec<(&'static str, Value)> {
    let name = rt.name();
    let resource = |description: &str| with_body(description, &reference("schemas", name), &["ETag"]);
    let with = |more: &[&str]| parameters::references(&[&PROJECTION[..], more].concat());
    let get = operation(
        name,
        format!("get{name}"),
        "One resource.",
        with(&["If-None-Match"]),
        responses(&["404"], &[("200", resource("The resource.")), ("304", without_body("The client has this version.", &["ETag"]))]),
    );
    let refusals = [&BODY[..], &["403", "404", "409", "412"]].concat();
    let mut replace = operation(
        name,
        format!("replace{name}"),
        "Puts a resource in the place of the one that is there.",
        with(&["If-Match", "Prefer"]),
        responses(&refusals, &[("200", resource("The resource as it is now.")), ("202", accepted())]),
    );
    replace["requestBody"] = body(&format!("{name}Request"), example(rt));
    let mut answers = vec![("200", resource("The resource as it is now.")), ("202", accepted())];
    if rt == ResourceType::Group {
        answers.push(("204", without_body("It is changed. A client that names the form of its answers gets 200.", &["ETag"])));
    }
    let mut patch = operation(
        name,
        format!("patch{name}"),
        "Changes parts of a resource, all or none.",
        with(&["If-Match", "Prefer"]),
        responses(&refusals, &answers),
    );
    let change = json!({ "op": "replace", "path": "displayName", "value": "Ada" });
    patch["requestBody"] = body("PatchOp", json!({ "schemas": [urn::PATCH_OP], "Operations": [change] }));
    let delete = operation(
        name,
        format!("delete{name}"),
        "Removes a resource.",
        parameters::references(&["If-Match", "Prefer"]),
        responses(&["403", "404", "409", "412"], &[("204", without_body("It is gone.", &[])), ("202", accepted())]),
    );
    vec![("get", get), ("put", replace), ("patch", patch), ("delete", delete)]
}

/// The operations on the SCIM administrator's own user: those on any user, at an address without an id.
fn me_operations() -> Vec<(&'static str, Value)> {
    let mut operations = item_operations(ResourceType::User);
    for (method, operation) in &mut operations {
        operation["operationId"] = format!("{method}Me").into();
        operation["summary"] = "The same for the SCIM administrator's own user (RFC 7644 section 3.11).".into();
    }
    operations
}

/// Many writes in one request (RFC 7644 §3.7).
fn bulk() -> Value {
    let done = with_body("What became of each operation that was tried.", &reference("schemas", "BulkResponse"), &[]);
    let mut bulk = operation(
        "Bulk",
        "bulk".to_owned(),
        "Many writes in one request.",
        parameters::references(&["Prefer"]),
        responses(&BODY, &[("200", done), ("202", accepted())]),
    );
    let user = json!({ "schemas": [urn::CORE_USER], "userName": "bo@example.com" });
    let one = json!({ "method": "POST", "path": "/Users", "bulkId": "bo", "data": user });
    bulk["requestBody"] = body("BulkRequest", json!({ "schemas": [urn::BULK_REQUEST], "Operations": [one] }));
    bulk
}

/// How an asynchronous request ended (RFC 9967).
fn event() -> Value {
    let schema = json!({ "anyOf": [reference("schemas", "SecurityEvent"), reference("schemas", "SecurityEventList")] });
    let mut ended = with_body("How it ended; of a bulk request, how each operation did.", &schema, &[]);
    ended["content"]["application/secevent+jwt"] = json!({ "schema": { "type": "string" } });
    let txn = json!({
        "name": "txn", "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 },
        "description": "The identifier of the request, from Set-Txn; with a colon and an index, one operation of a bulk request."
    });
    operation(
        "Bulk",
        "getEvent".to_owned(),
        "How an asynchronous request ended.",
        vec![txn],
        responses(&["404"], &[("200", ended), ("202", without_body("It has not ended yet.", &["Set-Txn", "Retry-After"]))]),
    )
}

/// The documents about the service: address, endpoint, operation.
fn discovery() -> Vec<(&'static str, Endpoint<'static>, Value)> {
    use crate::discovery::Subject;
    let one = |id: &str, summary: &str, answer: Value, refusals: &[&str], parameters: Vec<Value>| {
        operation("Discovery", id.to_owned(), summary, parameters, responses(refusals, &[("200", answer)]))
    };
    let document = |schema: &str| with_body("The document.", &reference("schemas", schema), &[]);
    let filter = || parameters::references(&["filter"]);
    let named = |description: &str, example: &str| {
        vec![json!({
            "name": "name", "in": "path", "required": true, "description": description, "example": example,
            "schema": { "type": "string", "minLength": 1 }
        })]
    };
    let this = json!({ "schema": { "type": "object", "required": ["openapi", "info", "paths"] } });
    // It is no SCIM message.
    let mut own = document("Error");
    own["content"] = json!({ "application/json": this });
    vec![
        (
            "/ServiceProviderConfig",
            Endpoint::Discovery(Subject::ServiceProviderConfig),
            one("getServiceProviderConfig", "What the service supports.", document("ServiceProviderConfig"), &["403"], filter()),
        ),
        (
            "/ResourceTypes",
            Endpoint::Discovery(Subject::ResourceTypes),
            one("listResourceTypes", "The types of resource.", document("ResourceTypeList"), &["403"], filter()),
        ),
        (
            "/ResourceTypes/{name}",
            Endpoint::DiscoveryItem(Subject::ResourceTypes, ""),
            one("getResourceType", "One type of resource.", document("ResourceType"), &["404"], named("The name of the type.", "User")),
        ),
        ("/Schemas", Endpoint::Discovery(Subject::Schemas), one("listSchemas", "The schemas.", document("SchemaList"), &["403"], filter())),
        (
            "/Schemas/{name}",
            Endpoint::DiscoveryItem(Subject::Schemas, ""),
            one("getSchema", "One schema.", document("Schema"), &["404"], named("The URN of the schema.", urn::CORE_USER)),
        ),
        ("/openapi.json", Endpoint::OpenApi, one("getOpenApi", "This document.", own, &[], Vec::new())),
    ]
}
