//! A resource type that an installation adds: its resources are made, changed, found, ordered, paged and removed like any other.

use crate::harness::{Account, Installation, Postgres, Redis, Scim, services};
use serde_json::{Value, json};

const BOAT: &str = "urn:example:params:scim:schemas:core:2.0:Boat";
const INSURANCE: &str = "urn:example:params:scim:schemas:extension:insurance:2.0:Boat";
const DOCUMENTS: &str = include_str!("../../shared/scim/tests/fixtures/boats.json");

fn with_boats(installation: Installation) -> Installation {
    std::fs::write(installation.path().join("boats.json"), DOCUMENTS).expect("a file");
    installation.with("MUSTER_SCIM__SCHEMAS", "boats.json")
}

async fn boats_live(scim: &Scim, elsewhere: &Scim) {
    let boat = |name: &str, more: Value| {
        let mut boat = json!({ "schemas": [BOAT], "name": name });
        boat.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        boat
    };
    let loop_ = json!({
        "externalId": "b-1", "mark": "PL 7", "number": 7, "hull": "H1", "keyCode": "1234", "log": "long", "afloat": "True", "members": ["x"],
        "owners": [{ "value": "ada", "share": 0.5 }], INSURANCE: { "policy": "P-1" }
    });
    let made = scim.post("/Boats", &boat("Loop", loop_)).await.expect_status(201);
    assert!(made.header("location").contains("/scim/Boats/") && made.header("etag") == "W/\"1\"");
    let made = made.json();
    assert_eq!((&made["schemas"], &made["meta"]["resourceType"]), (&json!([BOAT, INSURANCE]), &json!("Boat")));
    assert_eq!(
        (&made["afloat"], &made["members"], &made["owners"]),
        (&json!(true), &json!(["x"]), &json!([{ "value": "ada", "share": 0.5 }]))
    );
    assert!(made.get("keyCode").is_none() && made.get("log").is_none(), "{made}");
    let id = made["id"].as_str().expect("an id").to_owned();
    let path = format!("/Boats/{id}");
    assert_eq!(scim.get(&path).await.expect_status(200).json(), made);
    assert_eq!(scim.get(&format!("{path}?attributes=log")).await.expect_status(200).json()["log"], "long");

    // Unique within the account: without case and blanks where the schema says nothing else, and only there.
    let taken = scim.post("/Boats", &boat("Kite", json!({ "mark": " pl 7 " }))).await.expect_status(409).json();
    assert_eq!(taken["scimType"], "uniqueness");
    scim.post("/Boats", &boat("Kite", json!({ "number": 7 }))).await.expect_status(409);
    elsewhere.post("/Boats", &boat("Loop", json!({ "mark": "PL 7" }))).await.expect_status(201);
    let kite = scim.post("/Boats", &boat("Kite", json!({ "mark": "PL 8" }))).await.expect_status(201).json();
    let kite = format!("/Boats/{}", kite["id"].as_str().expect("an id"));

    let change = |op: &str, path: &str, value: Value| json!([{ "op": op, "path": path, "value": value }]);
    let patched = scim.patch(&path, change("replace", "owners[value eq \"ada\"].share", json!(0.25))).await.expect_status(200).json();
    assert_eq!((&patched["owners"][0]["share"], &patched["meta"]["version"]), (&json!(0.25), &json!("W/\"2\"")));
    assert_eq!(scim.patch(&path, change("replace", "hull", json!("H2"))).await.expect_status(400).json()["scimType"], "mutability");
    scim.patch(&kite, change("replace", "mark", json!("pl 7"))).await.expect_status(409);
    scim.patch(&path, change("replace", "mark", json!("PL 9"))).await.expect_status(200);
    scim.patch(&kite, change("replace", "mark", json!("pl 7"))).await.expect_status(200);
    scim.put(&path, &boat("", json!({}))).await.expect_status(400);
    let put = scim.put(&path, &boat("Loop II", json!({ "hull": "H1", "mark": "PL 9" }))).await.expect_status(200).json();
    assert!(put.get("number").is_none() && put["hull"] == "H1", "{put}");
    scim.post("/Boats", &boat("Third", json!({ "number": 7, "externalId": "b-3" }))).await.expect_status(201);
    scim.post("/Boats", &json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "name": "no boat" })).await.expect_status(400);

    let names = |page: &Value| {
        page["Resources"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["name"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let list = |query: String| async move { scim.get(&format!("/Boats?{query}")).await.expect_status(200).json() };
    let all = list("sortBy=name&sortOrder=descending".to_owned()).await;
    assert_eq!((&all["totalResults"], names(&all)), (&json!(3), vec!["Third".to_owned(), "Loop II".to_owned(), "Kite".to_owned()]));
    for (filter, found) in [
        ("name%20sw%20%22loop%22", 1),
        ("externalId%20eq%20%22b-3%22", 1),
        ("mark%20eq%20%22PL%207%20%22", 1),
        ("number%20ge%207", 1),
        ("number%20pr", 1),
        ("not%20(mark%20pr)", 1),
        ("meta.lastModified%20gt%20%222020-01-01T00:00:00Z%22", 3),
        ("meta.resourceType%20eq%20%22Boat%22%20and%20hull%20pr", 1),
    ] {
        assert_eq!(list(format!("filter={filter}")).await["totalResults"], found, "{filter}");
    }
    scim.get("/Boats?filter=keyCode%20eq%20%221234%22").await.expect_status(400);
    let first = list("cursor&count=2".to_owned()).await;
    let next = first["nextCursor"].as_str().expect("a second page");
    let second = list(format!("cursor={next}&count=2")).await;
    assert_eq!((names(&first).len(), names(&second).len()), (2, 1));
    let everything = scim.get("/?filter=meta.resourceType%20eq%20%22Boat%22").await.expect_status(200).json();
    assert_eq!(everything["totalResults"], 3);

    scim.get(&format!("/Users/{id}")).await.expect_status(404);
    elsewhere.get(&path).await.expect_status(404);
    elsewhere.delete(&path).await.expect_status(404);
    scim.delete(&path).await.expect_status(204);
    scim.delete(&path).await.expect_status(404);
    scim.post("/Boats", &boat("Again", json!({ "mark": "PL 9" }))).await.expect_status(201);

    let kind = scim.get("/ResourceTypes/Boat").await.expect_status(200).json();
    assert_eq!(
        (&kind["endpoint"], &kind["schema"], &kind["schemaExtensions"][0]["schema"]),
        (&json!("/Boats"), &json!(BOAT), &json!(INSURANCE))
    );
    let document = scim.get("/openapi.json").await.expect_status(200).json();
    assert!(document["paths"].get("/Boats/{id}").is_some() && document["components"]["schemas"].get("BoatRequest").is_some());
}

/// Two accounts of one installation.
async fn clients(installation: &Installation, address: std::net::SocketAddr) -> (Scim, Scim) {
    let (first, second) = (Account::create(installation, "harbour").await, Account::create(installation, "marina").await);
    (first.client(address), second.client(address))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resources_of_an_added_type_live_like_any_other() {
    let installation = with_boats(Installation::new());
    let node = installation.serve("serve").await;
    let (here, there) = clients(&installation, node.address).await;
    boats_live(&here, &there).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resources_of_an_added_type_live_like_any_other_on_redis_and_postgres() {
    if !services("resources of an added type on Redis and Postgres") {
        return;
    }
    let (postgres, redis) = (Postgres::shared().await, Redis::start().await);
    let installation = with_boats(Installation::new()).on_database(&postgres.database().await).on_queue(&redis.url());
    installation.migrate().await;
    let _worker = installation.worker("worker");
    let gateway = installation.gateway("gateway").await;
    let (here, there) = clients(&installation, gateway.address).await;
    boats_live(&here, &there).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_does_not_know_the_type_fails_that_operation_and_no_other() {
    if !services("a worker without the gateway's types") {
        return;
    }
    let redis = Redis::start().await;
    let postgres = Postgres::shared().await;
    let plain = Installation::new().on_database(&postgres.database().await).on_queue(&redis.url());
    plain.migrate().await;
    let _worker = plain.worker("worker");
    let gateway = with_boats(plain.clone()).gateway("gateway").await;
    let scim = Account::create(&plain, "harbour").await.client(gateway.address);
    let boat = json!({ "schemas": [BOAT], "name": "Loop" });
    let user = json!({ "userName": "ada@harbour.test" });
    let (boat, user) = tokio::join!(scim.post("/Boats", &boat), scim.post("/Users", &user));
    boat.expect_status(500);
    user.expect_status(201);
}
