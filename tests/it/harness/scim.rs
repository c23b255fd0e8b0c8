//! A SCIM client with a key.

use super::client::{Answer, Connection, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The core schema of a user.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of a group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of an error.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// The schema of a PATCH request.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const PAGE: usize = 100;

/// A client of one gateway. Every request has a connection of its own.
#[derive(Clone)]
pub struct Scim {
    address: SocketAddr,
    key: String,
}

impl Scim {
    /// A client that presents this key.
    #[must_use]
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned() }
    }

    /// The gateway.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request with this client's key.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request<Full<Bytes>> {
        request(&self.key, method, path, body)
    }

    /// Sends a request that must be answered.
    #[track_caller]
    pub fn send(&self, request: Request<Full<Bytes>>) -> impl Future<Output = Response> + use<> {
        let place = std::panic::Location::caller();
        let what = format!("{} {}", request.method(), request.uri());
        let mut connection = Connection::to(self.address);
        async move {
            match connection.send(request).await {
                Answer::Response(response) => response,
                other => panic!("{what}: {other:?} ({place})"),
            }
        }
    }

    /// GET below the SCIM base.
    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Response> + use<> {
        self.send(self.request("GET", path, None))
    }

    /// POST below the SCIM base.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> impl Future<Output = Response> + use<> {
        self.send(self.request("POST", path, Some(body)))
    }

    /// PUT below the SCIM base.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> impl Future<Output = Response> + use<> {
        self.send(self.request("PUT", path, Some(body)))
    }

    /// PATCH below the SCIM base.
    #[track_caller]
    pub fn patch(&self, path: &str, operations: Value) -> impl Future<Output = Response> + use<> {
        self.send(self.request("PATCH", path, Some(&patch_body(operations))))
    }

    /// DELETE below the SCIM base.
    #[track_caller]
    pub fn delete(&self, path: &str) -> impl Future<Output = Response> + use<> {
        self.send(self.request("DELETE", path, None))
    }

    /// Creates a user that must be accepted: its id.
    pub async fn create_user(&self, user_name: &str) -> String {
        id_of(&self.post("/Users", &user(user_name)).await.expect_status(201).json())
    }

    /// Creates an empty group that must be accepted: its id.
    pub async fn create_group(&self, name: &str) -> String {
        id_of(&self.post("/Groups", &json!({ "schemas": [GROUP], "displayName": name })).await.expect_status(201).json())
    }

    /// Every resource of a list, page by page.
    pub async fn all(&self, endpoint: &str) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let path = format!("{endpoint}?startIndex={}&count={PAGE}", found.len() + 1);
            let page = self.get(&path).await.expect_status(200).json();
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            let done = resources.is_empty();
            found.extend(resources);
            if done || Some(found.len() as u64) >= page["totalResults"].as_u64() {
                return found;
            }
        }
    }

    /// The ids in a group.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{group}")).await.expect_status(200).json();
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().expect("a member has a value").to_owned()).collect()
    }
}

/// A request below the SCIM base.
#[must_use]
pub fn request(key: &str, method: &str, path: &str, body: Option<&Value>) -> Request<Full<Bytes>> {
    let method: Method = method.parse().expect("a method");
    let mut request = Request::builder().method(method).uri(format!("/scim{path}")).header("authorization", format!("Bearer {key}"));
    if body.is_some() {
        request = request.header("content-type", "application/scim+json; charset=utf-8");
    }
    let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    request.body(Full::new(bytes)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The smallest user.
#[must_use]
pub fn user(user_name: &str) -> Value {
    json!({ "schemas": [USER], "userName": user_name, "active": true, "displayName": user_name })
}

/// A PATCH body.
#[must_use]
pub fn patch_body(operations: Value) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// The id of a resource.
#[track_caller]
pub fn id_of(resource: &Value) -> String {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id in {resource}")).to_owned()
}
