//! The OpenAPI document against the running gateway: every address of the JSON API is there, and its answers are as described.

use crate::{
    api::{create, log, send, taken, token},
    support::Gateway,
};
use muster_domain::{
    Outcome, OutcomeCode,
    conversion::{Candidate, Phase, PlanOptions, judge},
};
use muster_gateway::{GatewaySettings, openapi};
use muster_store::conversion::{self, Advance, Lease, PlannedUser};
use serde_json::{Value, json};

fn document() -> Value {
    openapi(&GatewaySettings::new("127.0.0.1:1".parse().unwrap(), "https://muster.example", "1.2.3"))
}

/// What is wrong with a value by a schema, as far as the document uses JSON Schema.
fn wrong(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(target) = schema["$ref"].as_str() {
        return wrong(document, document.pointer(&target[1..]).unwrap(), value, place);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|one| wrong(document, one, value, place).is_empty());
        return if fits { Vec::new() } else { vec![format!("{place}: {value} fits none of {schema}")] };
    }
    let mut found = Vec::new();
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{place}: {value} is none of {words:?}"));
    }
    let of = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(of),
        kind => of(kind),
    };
    if !fits {
        found.push(format!("{place}: {value} is no {}", schema["type"]));
    }
    if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                found.push(format!("{place}: `{name}` is missing"));
            }
        }
        for (name, member) in members {
            match properties.get(name) {
                Some(schema) => found.extend(wrong(document, schema, member, &format!("{place}.{name}"))),
                None if schema["additionalProperties"] == json!(false) => found.push(format!("{place}: `{name}` is not described")),
                None => {}
            }
        }
    }
    if let Some(elements) = value.as_array() {
        elements.iter().for_each(|element| found.extend(wrong(document, &schema["items"], element, &format!("{place}[]"))));
    }
    found
}

/// That an answer is what the document says of this address.
#[track_caller]
pub fn fits(method: &str, path: &str, status: u16, body: &Value) {
    let document = document();
    let content = &document["paths"][path][method.to_lowercase()]["responses"][status.to_string()]["content"]["application/json"];
    assert!(content.is_object(), "{method} {path} is not described with {status}");
    assert_eq!(wrong(&document, &content["schema"], body, path), Vec::<String>::new());
}

#[test]
fn the_examples_are_what_their_schemas_say() {
    let document = document();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/")) {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, operation)| operation["responses"].is_object()) {
            let answers = operation["responses"].as_object().unwrap().values();
            for content in answers.chain([&operation["requestBody"]]).map(|one| &one["content"]["application/json"]) {
                if let Some(example) = content.get("example") {
                    seen += 1;
                    assert_eq!(wrong(&document, &content["schema"], example, path), Vec::<String>::new(), "{method} {path}");
                }
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn every_described_address_is_there_and_no_other_method_is() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/api/")) {
        let plain = path.replace("{number}", "7").replace("{address}", "ops%40acme.test").replace("{", "").replace("}", "");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = send(&gateway, &token, method, &plain, "").await;
            if item.get(method.to_lowercase()).is_none() {
                assert_eq!(answer.status, 405, "{method} {path}");
                continue;
            }
            assert_ne!(answer.status, 405, "{method} {path}");
            let described = &item[method.to_lowercase()]["responses"];
            assert!(described.get(answer.status.to_string()).is_some(), "{method} {path}: {} is not described", answer.status);
            if answer.status == 404 && method != "HEAD" {
                assert_ne!(answer.detail(), "there is nothing at this address", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn answers_are_as_described() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    log(&gateway, &[create(gateway.account, "ada"), create(gateway.account, "taken")], &taken()).await;
    log(&gateway, &[create(gateway.account, "bea")], &Outcome::done(OutcomeCode::Applied, 201, Some(1), None)).await;
    let look = async |path: &str, plain: &str| {
        let answer = send(&gateway, &token, "GET", plain, "").await;
        fits("GET", path, answer.status, &answer.json());
        answer.json()
    };
    let page = look("/api/v1/operations", "/api/v1/operations?limit=2").await;
    assert!(page["next"].is_string());
    let one = &page["operations"][0];
    look("/api/v1/operations/{id}", &format!("/api/v1/operations/{}", one["id"].as_str().unwrap())).await;
    look("/api/v1/users/{id}/operations", &format!("/api/v1/users/{}/operations", one["resource_id"].as_str().unwrap())).await;
    look("/api/v1/cycles", "/api/v1/cycles").await;
    assert_eq!(look("/api/v1/incidents/{number}", "/api/v1/incidents/1").await["affected"].as_array().unwrap().len(), 2);
    look("/api/v1/incidents", "/api/v1/incidents").await;
    look("/api/v1/incidents/{number}/failures", "/api/v1/incidents/1/failures?limit=1").await;
    look("/api/v1/notifications/mails", "/api/v1/notifications/mails").await;
    for (action, body) in [("acknowledge", ""), ("snooze", r#"{"until": "2101-01-31T09:00:00Z"}"#), ("retry", ""), ("resolve", "")] {
        let answer = send(&gateway, &token, "POST", &format!("/api/v1/incidents/1/{action}"), body).await;
        fits("POST", &format!("/api/v1/incidents/{{number}}/{action}"), answer.status, &answer.json());
    }
    let put = send(&gateway, &token, "PUT", "/api/v1/notifications/recipients/ops%40acme.test", r#"{"time_zone": "Europe/Berlin"}"#).await;
    fits("PUT", "/api/v1/notifications/recipients/{address}", put.status, &put.json());
    look("/api/v1/notifications/recipients", "/api/v1/notifications/recipients").await;
}

/// What a worker would do about a plan, as far as the API sees it.
async fn make_plan(gateway: &Gateway, lease: &Lease) {
    let users = conversion::read_users(&gateway.store, gateway.account, None, 1_000).await.unwrap();
    let planned: Vec<PlannedUser> = users
        .into_iter()
        .map(|user| {
            let candidate = Candidate { user_id: &user.user_id, email: user.email.as_deref(), user_type: None };
            let verdict = judge(&candidate, &PlanOptions::default());
            let state = if verdict.code.converts() { "todo" } else { "left" }.parse().unwrap();
            let new_key = verdict.new_key().map(|key| key.into_string());
            PlannedUser { new_key, state, code: verdict.code, new_id: verdict.new_id, user }
        })
        .collect();
    let total = i64::try_from(planned.len()).unwrap();
    conversion::insert_items(&gateway.store, lease, 0, &planned, &Advance::default()).await.unwrap();
    let ready = Advance { total: Some(total), planned: Some(1), ..Advance::to(Phase::Ready) };
    conversion::advance(&gateway.store, lease, &ready).await.unwrap();
    conversion::release(&gateway.store, lease, 0, 0).await.unwrap();
}

#[tokio::test]
async fn a_run_and_its_users_are_shown_as_described() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let bea = muster_store::UserRow {
        account: gateway.account,
        id: uuid::Uuid::now_v7(),
        role: muster_domain::Role::User,
        resource: muster_scim::Resource::from_iter([
            ("userName".to_owned(), "=bea".into()),
            ("active".to_owned(), true.into()),
            ("emails".to_owned(), json!([{ "value": "bea@acme.test", "primary": true }])),
        ]),
        version: 1,
        created_ms: 0,
        modified_ms: 0,
    };
    let tx = gateway.store.begin().await.unwrap();
    tx.insert_users(&mut [&bea]).await.unwrap();
    tx.commit().await.unwrap();
    let call = async |method: &str, action: &str, status: u16, body: &str| {
        let place = if action.is_empty() { String::new() } else { format!("/latest/{}", action.trim_start_matches('/')) };
        let answer = send(&gateway, &token, method, &format!("/api/v1/conversions{place}"), body).await;
        assert_eq!(answer.status, status, "{action}: {}", String::from_utf8_lossy(&answer.body));
        let path = format!("/api/v1/conversions{}", place.replace("latest", "{id}"));
        fits(method, path.split('?').next().unwrap(), status, &answer.json());
        answer.json()
    };
    let id = call("POST", "", 201, r#"{"alias_days": 30}"#).await["id"].as_str().unwrap().to_owned();
    let lease = async || conversion::take(&gateway.store, gateway.account, id.parse().unwrap(), "test").await.unwrap().unwrap();
    make_plan(&gateway, &lease().await).await;
    call("POST", "start", 200, r#"{"max_rate": 40}"#).await;
    let lease = lease().await;
    conversion::advance(&gateway.store, &lease, &Advance::to(Phase::Users)).await.unwrap();
    conversion::convert_chunk(&gateway.store, &lease, 0, 10).await.unwrap();
    let held = call("POST", "pause", 200, r#"{"reason": "lunch"}"#).await;
    assert_eq!((&held["reason"], &held["eta"]["kind"]), (&json!("lunch"), &json!("done")));
    assert_eq!(call("POST", "resume", 200, r#"{"preset": "fast"}"#).await["pace"]["preset"], "fast");
    let page = call("GET", "items?state=done", 200, "").await;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["items"][0]["new_id"]), (1, &json!("bea@acme.test")));
    let report = call("GET", "report", 200, "").await;
    assert_eq!(report["examples"]["convert"][0]["old_id"], "=bea");
    let csv = send(&gateway, &token, "GET", "/api/v1/conversions/latest/items?format=csv&state=done", "").await;
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.contains(",'=bea,bea@acme.test,bea@acme.test,done,convert,"), "{text}");
    call("POST", "cancel", 200, "").await;
    assert_eq!(call("POST", "undo", 200, "").await["kind"], "undo");
}
