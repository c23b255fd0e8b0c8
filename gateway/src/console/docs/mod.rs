//! The API as a page: groups, operations, parameters, examples and schemas, from the very document programs are given.

mod read;
mod schema;

use super::{
    nav::Entry,
    page::Page,
    problem::{Answer, Problem},
    route::Route,
    viewer::Right,
    visit::Visit,
};
use crate::{openapi::openapi, refusal::Refusal, reply};
use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
};
use read::Group;
use schema::Schema;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/docs", Right::Look, |visit| Box::pin(show(visit))),
    Route::get("/docs/openapi.json", Right::Look, |visit| Box::pin(document(visit))),
];

#[derive(Template)]
#[template(path = "console/docs/docs.html")]
struct Docs {
    page: Page,
    version: &'static str,
    /// What it is, a paragraph each.
    about: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// `GET /docs`
async fn show(visit: &Visit<'_>) -> Answer {
    let settings = &visit.app.settings;
    let document = openapi(settings);
    let about = document["info"]["description"].as_str().unwrap_or_default();
    visit.html(&Docs {
        page: visit.page(Entry::Docs, "API"),
        version: settings.version,
        // Code stands between backticks there, which nobody draws here.
        about: about.split("\n\n").map(|text| text.replace('`', "")).collect(),
        groups: read::groups(&document),
        schemas: schema::all(&document),
    })
}

/// `GET /docs/openapi.json`: what `/scim/openapi.json` gives whoever has a secret key.
async fn document(visit: &Visit<'_>) -> Answer {
    let text = serde_json::to_string_pretty(&openapi(&visit.app.settings)).map_err(|error| Problem::from(Refusal::internal(error)))?;
    let mut response = reply::empty(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(text);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::GatewaySettings;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_of_the_document_is_read_once() {
        let address = "127.0.0.1:8080".parse().expect("an address");
        let document = openapi(&GatewaySettings::new(address, "https://muster.example", "1.2.3"));
        let groups = read::groups(&document);
        let read: Vec<(&str, &str)> =
            groups.iter().flat_map(|group| &group.operations).map(|one| (one.method.as_str(), one.path.as_str())).collect();
        let mut expected = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let methods =
                methods.as_object().expect("methods").keys().filter(|key| !["parameters", "servers", "head"].contains(&key.as_str()));
            expected.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
        }
        assert!(expected.len() > 40, "{expected:?}");
        assert_eq!(read.len(), expected.len());
        assert!(read.iter().all(|(method, path)| expected.contains(&((*method).to_owned(), (*path).to_owned()))), "{read:?}");
        assert!(groups.iter().all(|group| !group.about.is_empty() && !group.operations.is_empty()));
        for operation in groups.iter().flat_map(|group| &group.operations) {
            assert!(operation.curl.starts_with("curl ") && operation.curl.contains("$MUSTER_TOKEN"), "{}", operation.curl);
            assert!(!operation.answers.is_empty() && !operation.summary.is_empty(), "{} {}", operation.method, operation.path);
        }
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        assert_eq!(schema::all(&document).len(), schemas.len());
    }
}
