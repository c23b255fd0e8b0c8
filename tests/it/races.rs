//! Many clients at once: nothing they were promised is lost, and what may exist once exists once.

use crate::harness::{
    Account, Deployment, Response, Scim, eventually,
    scim::{ENTERPRISE, user},
    services,
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLIENTS: usize = 16;
const MEMBERS: usize = 160;

/// Runs `work` for every item, spread over `CLIENTS` clients that go through theirs one after the other.
async fn spread<T: Clone>(clients: &[Scim], items: &[T], work: impl AsyncFn(Scim, T)) {
    let work = &work;
    let lanes = (0..CLIENTS).map(|lane| {
        let client = clients[lane % clients.len()].clone();
        let own: Vec<T> = items.iter().skip(lane).step_by(CLIENTS).cloned().collect();
        async move {
            for item in own {
                work(client.clone(), item).await;
            }
        }
    });
    join_all(lanes).await;
}

async fn users(clients: &[Scim], count: usize) -> Vec<String> {
    let numbers: Vec<usize> = (0..count).collect();
    let ids = std::sync::Mutex::new(Vec::new());
    spread(clients, &numbers, async |client: Scim, number| {
        let id = client.create_user(&format!("member-{number}@race.test")).await;
        ids.lock().expect("nobody panicked here").push(id);
    })
    .await;
    ids.into_inner().expect("nobody panicked here")
}

fn add(id: &str) -> Value {
    json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }])
}

fn remove(id: &str) -> Value {
    json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }])
}

#[track_caller]
fn accepted(response: &Response) {
    assert!([200, 204].contains(&response.status), "{} {}", response.status, String::from_utf8_lossy(&response.body));
}

async fn members_added_in_parallel_are_all_there(deployment: Deployment) {
    let account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let ids = users(&clients, MEMBERS).await;
    let group = clients[0].create_group("Everybody").await;
    spread(&clients, &ids, async |client: Scim, id: String| accepted(&client.patch(&format!("/Groups/{group}"), add(&id)).await)).await;
    for client in &clients {
        let found = client.members(&group).await;
        assert_eq!(found.len(), MEMBERS);
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), ids.iter().cloned().collect());
    }
}

async fn members_added_and_removed_in_parallel_all_count(deployment: Deployment) {
    let account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let ids = users(&clients, MEMBERS).await;
    let (going, coming) = ids.split_at(MEMBERS / 2);
    let group = clients[0].create_group("Come and go").await;
    let all_going: Vec<Value> = going.iter().map(|id| json!({ "value": id })).collect();
    accepted(&clients[0].patch(&format!("/Groups/{group}"), json!([{ "op": "Add", "path": "members", "value": all_going }])).await);
    let changes: Vec<Value> = going.iter().map(|id| remove(id)).zip(coming.iter().map(|id| add(id))).flat_map(|(a, b)| [a, b]).collect();
    spread(&clients, &changes, async |client: Scim, change| accepted(&client.patch(&format!("/Groups/{group}"), change).await)).await;
    let found: BTreeSet<String> = clients[0].members(&group).await.into_iter().collect();
    assert_eq!(found, coming.iter().cloned().collect());
}

async fn one_user_name_in_sixteen_spellings_becomes_one_user(deployment: Deployment) {
    let account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let spelling = |number: usize| -> String {
        let cased = |(place, letter): (usize, char)| {
            if number >> (place % 4) & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        };
        "only.one@race.test".chars().enumerate().map(cased).collect()
    };
    let posts = (0..CLIENTS).map(|number| {
        let client = clients[number % clients.len()].clone();
        async move { client.post("/Users", &user(&spelling(number))).await }
    });
    let answers = join_all(posts).await;
    let created: Vec<&Response> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(created.len(), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.status, refused.json()["scimType"].as_str()), (409, Some("uniqueness")), "{refused:?}");
    }
    let found = clients[0].get("/Users?filter=userName+eq+%22ONLY.ONE%40race.test%22").await.expect_status(200).json();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(found["Resources"][0]["id"], created[0].json()["id"]);
    assert_eq!(clients[0].all("/Users").await.len(), 2, "the administrator and the one");
}

async fn of_keys_made_at_once_exactly_one_works(deployment: Deployment) {
    let account = deployment.account().await;
    let made = join_all((0..CLIENTS).map(|_| async {
        let arguments = ["scim", "setup", "--account", &account.slug, "--administrator", &account.administrator, "--json"];
        let output = deployment.installation.run(&arguments).await;
        // Busy neighbours may make one give up (6: conflict); it must then not have printed a key.
        assert!([Some(0), Some(6)].contains(&output.status.code()), "{output:?}");
        let printed: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        let key = printed.and_then(|printed| printed["secret_key"].as_str().map(str::to_owned));
        assert_eq!(key.is_some(), output.status.success(), "{output:?}");
        key
    }));
    let mut keys: Vec<String> = made.await.into_iter().flatten().collect();
    assert!(!keys.is_empty(), "one of them works");
    keys.push(account.key.clone());
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "no key is given out twice");
    for client in deployment.clients("") {
        // A voided key is dead within a second, not within a moment; 429 is for an address that shows many wrong keys.
        eventually("exactly one key works", || async {
            let mut working = 0;
            for key in &keys {
                let status = Scim::new(client.address(), key).get("/Users?count=1").await.status;
                assert!([200, 401, 429].contains(&status), "{status}");
                working += u32::from(status == 200);
            }
            assert!(working > 0, "none of {} keys works", keys.len());
            (working == 1).then_some(())
        })
        .await;
    }
}

/// 64 different attributes of a user: a PATCH of each, and where to look for it.
fn attributes() -> Vec<(Value, String)> {
    let simple = ["displayName", "nickName", "title", "userType", "preferredLanguage", "locale", "timezone", "externalId"];
    let name = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];
    let enterprise = ["employeeNumber", "costCenter", "organization", "division", "department"];
    let mut all: Vec<(String, String)> = Vec::new();
    all.extend(simple.map(|attribute| (attribute.to_owned(), format!("/{attribute}"))));
    all.extend(name.map(|sub| (format!("name.{sub}"), format!("/name/{sub}"))));
    all.extend(enterprise.map(|attribute| (format!("{ENTERPRISE}:{attribute}"), format!("/{ENTERPRISE}/{attribute}"))));
    let typed = (all.len()..64).map(|number| (format!("emails[type eq \"t{number}\"].value"), format!("emails:t{number}")));
    let all: Vec<(String, String)> = all.into_iter().chain(typed).collect();
    let with_value = all
        .into_iter()
        .enumerate()
        .map(|(number, (path, place))| (json!([{ "op": "Replace", "path": path, "value": format!("value-{number}") }]), place));
    with_value.collect()
}

async fn patches_of_different_attributes_of_one_user_all_count(deployment: Deployment) {
    let account: Account = deployment.account().await;
    let clients = deployment.clients(&account.key);
    let id = clients[0].create_user("patched@race.test").await;
    let path = format!("/Users/{id}");
    let attributes = attributes();
    assert_eq!(attributes.len(), 64);
    let sent = attributes.iter().enumerate().map(|(number, (change, _))| clients[number % clients.len()].patch(&path, change.clone()));
    for answer in join_all(sent).await {
        accepted(&answer);
    }
    let user = clients[0].get(&path).await.expect_status(200).json();
    for (number, (_, place)) in attributes.iter().enumerate() {
        let found = match place.strip_prefix("emails:") {
            Some(kind) => {
                user["emails"].as_array().and_then(|emails| emails.iter().find(|email| email["type"] == kind)).map(|email| &email["value"])
            }
            None => user.pointer(place),
        };
        assert_eq!(found, Some(&json!(format!("value-{number}"))), "{place} in {user}");
    }
}

/// Each race on the smallest deployment, and as in production.
macro_rules! on_both {
    ($($race:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $race() {
                super::$race(crate::harness::Deployment::small().await).await;
            })+
        }
        mod on_postgres_with_two_gateways_and_two_workers {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $race() {
                if super::services(concat!("races::", stringify!($race))) {
                    super::$race(crate::harness::Deployment::full().await).await;
                }
            })+
        }
    };
}

on_both!(
    members_added_in_parallel_are_all_there,
    members_added_and_removed_in_parallel_all_count,
    one_user_name_in_sixteen_spellings_becomes_one_user,
    of_keys_made_at_once_exactly_one_works,
    patches_of_different_attributes_of_one_user_all_count,
);
