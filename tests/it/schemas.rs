//! Schemas an installation adds: gateway, queue, worker and database carry their values like any other.

use crate::harness::{Account, Deployment, Installation, Postgres, Redis, Scim, scim::USER, services};
use serde_json::{Value, json};

const HARBOUR: &str = "urn:example:params:scim:schemas:extension:harbour:2.0:User";
const DOCUMENTS: &str = include_str!("../../shared/scim/tests/fixtures/harbour.json");

/// An installation whose processes read the documents.
fn with_schemas(installation: Installation) -> Installation {
    std::fs::write(installation.path().join("harbour.json"), DOCUMENTS).expect("a file");
    installation.with("MUSTER_SCIM__SCHEMAS", "harbour.json")
}

async fn values_make_the_whole_way(scim: &Scim) {
    let harbour = json!({
        "badge": "B-1", "berth": "7a", "crew": 4, "pin": "1234", "biography": "long",
        "flags": ["Q", "H"], "boats": [{ "value": "Loop", "length": 7.5, "key": "k" }]
    });
    let body = json!({ "schemas": [USER, HARBOUR], "userName": "ada@harbour.test", HARBOUR: harbour });
    let made = scim.post("/Users", &body).await.expect_status(201).json();
    let seen = json!({ "badge": "B-1", "berth": "7a", "crew": 4, "flags": ["Q", "H"], "boats": [{ "value": "Loop", "length": 7.5 }] });
    assert_eq!((&made[HARBOUR], &made["schemas"]), (&seen, &json!([USER, HARBOUR])), "hidden values and those on request stay here");
    let ada = format!("/Users/{}", made["id"].as_str().expect("an id"));

    let filter = format!("{HARBOUR}:crew gt 3 and {HARBOUR}:boats[length gt 7 and value eq \"loop\"] and {HARBOUR}:flags eq \"q\"");
    let found = scim.get(&format!("/Users?filter={}&attributes={HARBOUR}:biography", encoded(&filter))).await.expect_status(200).json();
    assert_eq!((&found["totalResults"], &found["Resources"][0][HARBOUR]), (&json!(1), &json!({ "biography": "long" })));
    scim.get(&format!("/Users?filter={}", encoded(&format!("{HARBOUR}:pin eq \"1234\"")))).await.expect_status(400);

    let operations = json!([
        { "op": "Replace", "path": format!("{HARBOUR}:berth"), "value": "9" },
        { "op": "Remove", "path": format!("{HARBOUR}:flags"), "value": ["h"] },
        { "op": "Add", "path": format!("{HARBOUR}:boats[value eq \"Loop\"].type"), "value": "ketch" }
    ]);
    let patched = scim.patch(&ada, operations).await.expect_status(200).json();
    assert_eq!(patched[HARBOUR]["boats"], json!([{ "value": "Loop", "type": "ketch", "length": 7.5 }]));
    assert_eq!((&patched[HARBOUR]["berth"], &patched[HARBOUR]["flags"]), (&json!("9"), &json!(["Q"])));

    let change = json!([{ "op": "replace", "path": format!("{HARBOUR}:badge"), "value": "B-2" }]);
    assert_eq!(scim.patch(&ada, change).await.expect_status(400).json()["scimType"], "mutability");
    let put = |harbour: Value| json!({ "userName": "ada@harbour.test", HARBOUR: harbour });
    assert_eq!(scim.put(&ada, &put(json!({ "badge": "B-2" }))).await.expect_status(400).json()["scimType"], "mutability");
    let replaced = scim.put(&ada, &put(json!({ "badge": "B-1", "crew": 5 }))).await.expect_status(200).json();
    assert_eq!(replaced[HARBOUR], json!({ "badge": "B-1", "crew": 5 }));
    scim.post("/Users", &json!({ "userName": "bo@harbour.test", HARBOUR: { "berth": "1" } })).await.expect_status(400);

    let types = scim.get("/ResourceTypes/User").await.expect_status(200).json();
    let named = types["schemaExtensions"].as_array().expect("a list").iter().any(|one| one["schema"] == HARBOUR);
    assert!(named, "{types}");
    assert_eq!(scim.get(&format!("/Schemas/{HARBOUR}")).await.expect_status(200).json()["name"], "HarbourUser");
}

fn encoded(text: &str) -> String {
    text.replace(' ', "%20").replace('"', "%22").replace('[', "%5B").replace(']', "%5D")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_an_added_schema_make_the_whole_way() {
    let installation = with_schemas(Installation::new());
    let node = installation.serve("serve").await;
    let account = Account::create(&installation, "harbour").await;
    values_make_the_whole_way(&account.client(node.address)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_of_an_added_schema_make_the_whole_way_through_redis_and_postgres() {
    if !services("values of an added schema through Redis and Postgres") {
        return;
    }
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let installation = with_schemas(Installation::new()).on_database(&postgres.database().await).on_queue(&redis.url());
    installation.migrate().await;
    let deployment = Deployment {
        workers: vec![installation.worker("worker")],
        gateways: vec![installation.gateway("gateway").await],
        redis: Some(redis),
        postgres: Some(postgres),
        installation,
    };
    let account = deployment.account().await;
    values_make_the_whole_way(&account.client(deployment.gateways[0].address)).await;
}
