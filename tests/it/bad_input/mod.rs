//! Bad input gets a SCIM error that names what is wrong, and changes nothing.

mod cuts;
mod filters;
mod json;
mod limits;
mod literal;
mod patches;
mod protocol;
mod rules;
mod values;
mod wire;

use crate::harness::{Deployment, Response, Scim, scim::ERROR, scim::GROUP};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use regex::Regex;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a table of bad requests runs against.
pub struct Ground {
    deployment: Deployment,
    /// The client.
    pub client: Scim,
    /// An existing user's id; its userName is `ada@bad.test`.
    pub user: String,
    /// An existing group's id, with the user in it.
    pub group: String,
    before: (Vec<Value>, Vec<Value>),
}

/// One bad request and the refusal it must get.
pub struct Case {
    /// What is wrong with it.
    pub what: &'static str,
    /// `METHOD /path`; `{user}` and `{group}` stand for the ids.
    pub request: &'static str,
    /// The body, as it goes out.
    pub body: Bytes,
    /// The status.
    pub status: u16,
    /// The `scimType`; empty for none.
    pub scim_type: &'static str,
    /// A pattern `detail` must match: what is wrong by its name.
    pub names: &'static str,
}

/// A case whose body is JSON.
pub fn case(what: &'static str, request: &'static str, body: &Value, status: u16, scim_type: &'static str, names: &'static str) -> Case {
    Case { what, request, body: Bytes::from(body.to_string()), status, scim_type, names }
}

/// A case whose body is given as bytes.
pub fn raw_case(
    what: &'static str,
    request: &'static str,
    body: impl Into<Bytes>,
    status: u16,
    scim_type: &'static str,
    names: &'static str,
) -> Case {
    Case { what, request, body: body.into(), status, scim_type, names }
}

impl Ground {
    /// A small deployment with one user and one group.
    pub async fn new() -> Self {
        let deployment = Deployment::small().await;
        let account = deployment.account().await;
        let client = account.client(deployment.gateways[0].address);
        let user = client.create_user("ada@bad.test").await;
        client.create_user("bo@bad.test").await;
        let group = json!({ "schemas": [GROUP], "displayName": "Ops", "members": [{ "value": user }] });
        let group = crate::harness::scim::id_of(&client.post("/Groups", &group).await.expect_status(201).json());
        client.create_group("Sales").await;
        let before = (client.all("/Users").await, client.all("/Groups").await);
        Self { deployment, client, user, group, before }
    }

    /// Sends every case; fails with all that were answered otherwise, and when anything changed.
    pub async fn check(mut self, cases: Vec<Case>) {
        let mut wrong = Vec::new();
        let mut slowest = (Duration::ZERO, "none");
        for case in &cases {
            let started = Instant::now();
            let response = self.client.send(self.request(case)).await;
            slowest = slowest.max((started.elapsed(), case.what));
            let complaints = complaints(case, &response);
            if !complaints.is_empty() {
                wrong.push(format!("{}: {}\n    {} {}", case.what, complaints.join("; "), response.status, shown(&response)));
            }
            let after = (self.client.all("/Users").await, self.client.all("/Groups").await);
            if after != self.before {
                wrong.push(format!("{}: it changed something\n    {after:?}", case.what));
                self.before = after;
            }
        }
        println!("{} cases; the slowest refusal, connection included: {} in {:?}", cases.len(), slowest.1, slowest.0);
        self.deployment.healthy(&self.client).await;
        assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    }

    fn request(&self, case: &Case) -> Request<Full<Bytes>> {
        let filled = case.request.replace("{user}", &self.user).replace("{group}", &self.group);
        let (method, path) = filled.split_once(' ').expect("METHOD /path");
        let mut request = self.client.request(method, path, None);
        if !matches!(method, "GET" | "DELETE") {
            let media = hyper::header::HeaderValue::from_static("application/scim+json");
            request.headers_mut().insert("content-type", media);
        }
        *request.body_mut() = Full::new(case.body.clone());
        request
    }
}

fn complaints(case: &Case, response: &Response) -> Vec<String> {
    let mut wrong = Vec::new();
    if response.status != case.status {
        wrong.push(format!("status {} instead of {}", response.status, case.status));
    }
    if !response.header("content-type").starts_with("application/scim+json") {
        wrong.push(format!("content type {:?}", response.header("content-type")));
    }
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    if body["schemas"] != json!([ERROR]) || body["status"] != json!(response.status.to_string()) {
        wrong.push("the body is no SCIM error".to_owned());
    }
    let scim_type = body["scimType"].as_str().unwrap_or_default();
    if !case.scim_type.split('|').any(|allowed| allowed == scim_type) {
        wrong.push(format!("scimType {scim_type:?} instead of {:?}", case.scim_type));
    }
    let detail = body["detail"].as_str().unwrap_or_default();
    if !Regex::new(case.names).expect("a pattern").is_match(detail) {
        wrong.push(format!("detail {detail:?} does not match /{}/", case.names));
    }
    wrong
}

fn shown(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).chars().take(300).collect()
}

#[test]
fn a_case_complains_about_each_thing_that_is_not_as_it_says() {
    let case = case("x", "GET /Users", &json!({}), 400, "invalidValue", "userName");
    let respond = |status: u16, media: &'static str, body: Value| {
        let headers = hyper::HeaderMap::from_iter([(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(media))]);
        complaints(&case, &Response { status, headers, body: Bytes::from(body.to_string()) }).len()
    };
    let good = json!({ "schemas": [ERROR], "status": "400", "scimType": "invalidValue", "detail": "userName is missing" });
    assert_eq!(respond(400, "application/scim+json", good.clone()), 0);
    assert_eq!(respond(400, "application/json", good), 1);
    assert_eq!(
        respond(
            409,
            "application/scim+json",
            json!({ "schemas": [ERROR], "status": "409", "scimType": "invalidValue", "detail": "userName" })
        ),
        1
    );
    assert_eq!(
        respond(
            400,
            "application/scim+json",
            json!({ "schemas": [ERROR], "status": 400, "scimType": "invalidValue", "detail": "userName" })
        ),
        1
    );
    assert_eq!(respond(400, "application/scim+json", json!({ "schemas": [ERROR], "status": "400", "detail": "userName" })), 1);
    assert_eq!(
        respond(400, "application/scim+json", json!({ "schemas": [ERROR], "status": "400", "scimType": "invalidValue", "detail": "bad" })),
        1
    );
}
