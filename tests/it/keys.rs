//! The life of a secret key: it works from the moment it is shown to the moment it is voided or its administrator may no longer
//! hold one, on every gateway alike.

use crate::harness::{
    Account, Deployment, Installation, Response, Scim, eventually,
    raw::raw,
    scim::{ERROR, id_of, user},
    services, sleep_ms,
};
use serde_json::json;

const PROBE: &str = "/Users?count=1";

/// Every client's key works, so that a gateway that remembers keys remembers this one.
async fn works(clients: &[Scim]) {
    for client in clients {
        client.get(PROBE).await.expect_status(200);
    }
}

/// Waits until the key is dead on every gateway, and checks that it stays dead: a gateway that has once refused it must not
/// find it good again.
async fn dies(clients: &[Scim]) {
    for client in clients {
        eventually("the key is dead", || async {
            let status = client.get(PROBE).await.status;
            if status == 200 {
                sleep_ms(50).await;
            }
            (status == 401).then_some(())
        })
        .await;
    }
    for client in clients {
        client.get(PROBE).await.expect_status(401);
        let refused = client.post("/Users", &user("too-late@key.test")).await;
        refused.expect_status(401);
    }
}

async fn a_new_key_voids_the_old_one(deployment: Deployment) {
    let account = deployment.account().await;
    let old = deployment.clients(&account.key);
    works(&old).await;
    let key = Account::new_key(&deployment.installation, &account.slug, &account.administrator).await;
    let new = deployment.clients(&key);
    works(&new).await;
    dies(&old).await;
    works(&new).await;
    assert!(new[0].all("/Users").await.iter().all(|user| user["userName"] != "too-late@key.test"), "a dead key changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_voids_the_old_one_on_sqlite() {
    a_new_key_voids_the_old_one(Deployment::small().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_voids_the_old_one_on_every_gateway() {
    if services("a_new_key_voids_the_old_one_on_every_gateway") {
        a_new_key_voids_the_old_one(Deployment::full().await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_dies_with_its_administrator_on_every_gateway() {
    if !services("a_key_dies_with_its_administrator_on_every_gateway") {
        return;
    }
    let deployment = Deployment::full().await;
    let postgres = deployment.postgres.clone().expect("there is a Postgres");
    let url = deployment.installation.database_url();
    for (what, change) in [
        ("disabled", "UPDATE users SET active = false"),
        ("demoted", "UPDATE users SET role = 'user'"),
        ("deleted", "DELETE FROM users"),
        ("voided", "UPDATE secret_key SET voided_ms = 1"),
    ] {
        let account = deployment.account().await;
        let bystander = deployment.account().await;
        let clients = deployment.clients(&account.key);
        works(&clients).await;
        let sql = format!("{change} WHERE account_id = (SELECT id FROM account WHERE slug = '{}') RETURNING 1", account.slug);
        let changed = postgres.run(&url, &sql).await;
        assert!(changed.starts_with('1'), "the administrator is {what}: {changed}");
        dies(&clients).await;
        works(&deployment.clients(&bystander.key)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_manager_may_hold_a_key_and_an_ordinary_user_may_not() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    crate::harness::account::create_user(&deployment.installation, &account.slug, "manager", "user_manager").await;
    crate::harness::account::create_user(&deployment.installation, &account.slug, "ordinary", "user").await;
    let setup = ["scim", "setup", "--account", &account.slug, "--administrator", "ordinary", "--json"];
    let refused = deployment.installation.run(&setup).await;
    assert!(!refused.status.success(), "{refused:?}");
    assert!(refused.stdout.is_empty(), "no key is printed: {refused:?}");
    works(&deployment.clients(&account.key)).await;
    let key = Account::new_key(&deployment.installation, &account.slug, "manager").await;
    works(&deployment.clients(&key)).await;
}

/// Whatever the platform thinks of a directory that disables its own SCIM administrator: either it is refused, or the key is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_not_outlive_the_administrator_it_disables_itself() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let list = clients[0].get("/Users?filter=userName+eq+%22scim-admin%22").await.expect_status(200).json();
    let id = id_of(&list["Resources"][0]);
    let answer = clients[0].patch(&format!("/Users/{id}"), json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
    if answer.status < 300 {
        dies(&clients).await;
    } else {
        assert!([400, 403, 409].contains(&answer.status), "{answer:?}");
        let unchanged = clients[0].get(&format!("/Users/{id}")).await.expect_status(200).json();
        assert_eq!(unchanged["active"], true);
    }
}

async fn with_authorization(client: &Scim, value: Option<&str>) -> Response {
    let mut request = client.request("GET", PROBE, None);
    request.headers_mut().remove("authorization");
    if let Some(value) = value {
        request.headers_mut().insert("authorization", value.parse().expect("a header value"));
    }
    client.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voided_unknown_malformed_and_missing_keys_get_the_same_answer_to_the_byte() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let stranger = Installation::new();
    stranger.migrate().await;
    let unknown = Account::create(&stranger, "elsewhere").await.key;
    let key = Account::new_key(&deployment.installation, &account.slug, &account.administrator).await;
    let client = &deployment.clients(&key)[0];
    eventually("the old key is void", || async {
        (with_authorization(client, Some(&format!("Bearer {}", account.key))).await.status == 401).then_some(())
    })
    .await;
    let voided = with_authorization(client, Some(&format!("Bearer {}", account.key))).await;
    assert!(voided.header("www-authenticate").starts_with("Bearer"), "{voided:?}");
    assert!(voided.header("content-type").starts_with("application/scim+json"), "{voided:?}");
    assert_eq!((voided.status, voided.json()["schemas"][0].as_str(), voided.json()["status"].as_str()), (401, Some(ERROR), Some("401")));
    let cut = &key[..key.len() - 1];
    let values = [
        format!("Bearer {unknown}"),
        format!("Bearer {cut}"),
        "Bearer ".to_owned(),
        "Bearer x y".to_owned(),
        format!("Basic {key}"),
        key.clone(),
    ];
    for value in values.iter().map(|value| Some(value.as_str())).chain([None]) {
        let answer = with_authorization(client, value).await;
        assert_eq!(answer.status, 401, "{value:?}");
        assert_eq!(answer.body, voided.body, "{value:?}");
        for header in ["www-authenticate", "content-type", "content-length", "cache-control"] {
            assert_eq!(answer.header(header), voided.header(header), "{value:?}: {header}");
        }
    }
    let lower = with_authorization(client, Some(&format!("bearer {key}"))).await;
    assert_eq!(lower.status, 200, "the scheme is case-insensitive");
    let query = Scim::new(client.address(), "nothing").get(&format!("{PROBE}&access_token={key}")).await;
    assert_eq!(query.status, 401, "a key in the address is no key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_key_works_while_the_same_address_shows_many_wrong_ones() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    for number in 0..60 {
        let wrong = Scim::new(client.address(), &format!("muster_{number:049}")).get(PROBE).await;
        assert!([401, 429].contains(&wrong.status), "{wrong:?}");
        assert!(wrong.status == 401 || !wrong.header("retry-after").is_empty(), "{wrong:?}");
    }
    client.get(PROBE).await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_of_a_path_reads_anything_without_a_key() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let address = deployment.gateways[0].address;
    account.client(address).create_user("secret-person@key.test").await;
    let spellings = [
        "/scim/Users",
        "/scim/Users/",
        "/scim//Users",
        "//scim/Users",
        "/scim/v2/Users",
        "/SCIM/Users",
        "/scim/users",
        "/scim/USERS",
        "/scim%2FUsers",
        "/scim/%55sers",
        "/%73cim/Users",
        "/scim/Users%2F",
        "/scim/Users%00",
        "/scim/Users;x=1",
        "/scim;x=1/Users",
        "/scim/./Users",
        "/scim/../scim/Users",
        "/scim/v2/../Users",
        "/readyz/../scim/Users",
        "/livez/..%2Fscim/Users",
        "/version;/scim/Users",
        "/scim/Users?access_token=x",
        "/scim/Users#x",
        "/scim/Users/.search",
        "/scim/Me",
        "/scim/Bulk",
        "/scim/Groups",
        "/scim/.search",
        "/scim/Users%252F",
        "/scim/%c0%afUsers",
        "/scim/\\Users",
        "/scim\\Users",
        "/scim/v2//Users//",
        "/scim/Users/..;/Users",
        "http://localhost/scim/Users",
        "http://elsewhere.test/scim/Users",
        "*",
        "scim/Users",
        "/scim/v1/Users",
        "/v2/Users",
        "/Users",
    ];
    for spelling in spellings {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let request = format!("{method} {spelling} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let (status, text) = raw(address, request.as_bytes()).await;
            assert!(!text.contains("secret-person"), "{method} {spelling}: {text}");
            if let Some(status) = status {
                assert!((400..500).contains(&status) || status == 501, "{method} {spelling}: {text}");
            }
        }
    }
}
