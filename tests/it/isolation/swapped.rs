//! Two accounts and two thousand requests, half of them with an id of the other account. Whatever is asked, nothing of one account
//! shows in an answer to the other, and in the end each holds exactly what its own acknowledged requests made of it.

use super::UNKNOWN;
use crate::harness::{
    Connection, Deployment, Response, Scim,
    client::Answer,
    scim::{GROUP, id_of, user},
    seed,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const REQUESTS: usize = 2_000;
/// Every name and title in one account holds the one, in the other the other.
const WORDS: [&str; 2] = ["aardvark", "buzzard"];

/// What one account should hold: users by id with their titles, groups by id with their members.
#[derive(Default)]
struct Model {
    users: BTreeMap<String, String>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

/// An account, the word every name of its own holds, and what it should hold.
struct Side {
    client: Scim,
    word: &'static str,
    connection: Connection,
    model: Model,
}

impl Side {
    fn new(client: Scim, word: &'static str) -> Self {
        let connection = Connection::to(client.address());
        Self { client, word, connection, model: Model::default() }
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Response {
        match self.connection.send(self.client.request(method, path, body)).await {
            Answer::Response(response) => {
                let text = String::from_utf8_lossy(&response.body);
                let foreign = WORDS.iter().find(|word| **word != self.word && text.contains(**word));
                assert_eq!(foreign, None, "{method} {path}: {text}");
                response
            }
            other => panic!("{method} {path}: {other:?}"),
        }
    }
}

fn pick<'a, T>(lot: &mut fastrand::Rng, mut from: impl ExactSizeIterator<Item = &'a T>) -> Option<&'a T> {
    let count = from.len();
    (count > 0).then(|| from.nth(lot.usize(..count))).flatten()
}

fn patch(operations: Value) -> Value {
    crate::harness::scim::patch_body(operations)
}

/// One request of `own`; `foreign` says whether the id in it is the other account's.
async fn step(lot: &mut fastrand::Rng, own: &mut Side, other: &Model, number: usize) {
    let foreign = lot.bool();
    let users = if foreign { &other.users } else { &own.model.users };
    let groups = if foreign { &other.groups } else { &own.model.groups };
    let user_id = pick(lot, users.keys()).cloned();
    let group_id = pick(lot, groups.keys()).cloned();
    match lot.u32(..12) {
        0 | 1 => create_user(own, number).await,
        2 => create_group(own, number, user_id, foreign).await,
        3 | 4 => {
            if let Some(id) = user_id {
                change_user(lot, own, id, foreign, number).await;
            }
        }
        5 => {
            if let Some(id) = user_id {
                delete(own, "/Users", &id, foreign).await;
            }
        }
        6 => {
            if let Some(id) = group_id.filter(|_| lot.u32(..3) == 0) {
                delete(own, "/Groups", &id, foreign).await;
            }
        }
        7 | 8 => {
            // Own or foreign group, own or foreign member: only both own has an effect.
            let member_foreign = lot.bool();
            let member = pick(lot, if member_foreign { other.users.keys() } else { own.model.users.keys() }).cloned();
            if let (Some(group), Some(member)) = (group_id, member) {
                change_members(lot, own, &group, foreign, &member, member_foreign).await;
            }
        }
        9 => {
            for (endpoint, id) in [("/Users", user_id), ("/Groups", group_id)] {
                let Some(id) = id else { continue };
                let answer = own.send("GET", &format!("{endpoint}/{id}"), None).await;
                expect(own, &answer, &id, foreign);
            }
        }
        10 => filter(lot, own, user_id.as_deref().unwrap_or(UNKNOWN), other).await,
        _ => {
            let endpoint = if lot.bool() { "/Users" } else { "/Groups" };
            let answer = own.send("GET", &format!("{endpoint}?startIndex={}&count=50", lot.u32(1..20)), None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
}

/// A foreign id is answered like one that never was; an own one is not.
#[track_caller]
fn expect(own: &Side, answer: &Response, id: &str, foreign: bool) {
    let text = String::from_utf8_lossy(&answer.body);
    if foreign {
        assert_eq!(answer.status, 404, "{}: {id}: {text}", own.word);
        assert!(WORDS.iter().all(|word| !text.contains(word)), "{}: {text}", own.word);
    } else {
        assert!(matches!(answer.status, 200 | 204), "{}: {id}: {text}", own.word);
    }
}

async fn create_user(own: &mut Side, number: usize) {
    let mut body = user(&format!("{}-{number}@isolation.test", own.word));
    // The same in both accounts, and no reason to confuse them.
    body["externalId"] = json!(format!("shared-{}", number % 7));
    body["title"] = json!(own.word);
    let made = own.send("POST", "/Users", Some(&body)).await.expect_status(201).json();
    own.model.users.insert(id_of(&made), own.word.to_owned());
}

async fn create_group(own: &mut Side, number: usize, member: Option<String>, foreign: bool) {
    let members: Vec<Value> = member.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({ "schemas": [GROUP], "displayName": format!("{} {number}", own.word), "members": members });
    let answer = own.send("POST", "/Groups", Some(&body)).await;
    assert!(answer.status == 201 || (foreign && answer.status == 400), "{answer:?}");
    if answer.status == 201 {
        let members = member.filter(|_| !foreign).into_iter().collect();
        own.model.groups.insert(id_of(&answer.json()), members);
    }
}

async fn change_user(lot: &mut fastrand::Rng, own: &mut Side, id: String, foreign: bool, number: usize) {
    let (title, path) = (format!("{} {number}", own.word), format!("/Users/{id}"));
    let answer = if lot.bool() {
        let body = patch(json!([{ "op": "Replace", "path": "title", "value": title }]));
        own.send("PATCH", &path, Some(&body)).await
    } else {
        let mut body = user(&format!("{}-replaced-{number}@isolation.test", own.word));
        body["title"] = json!(title);
        own.send("PUT", &path, Some(&body)).await
    };
    expect(own, &answer, &id, foreign);
    if !foreign {
        own.model.users.insert(id, title);
    }
}

async fn delete(own: &mut Side, endpoint: &str, id: &str, foreign: bool) {
    let answer = own.send("DELETE", &format!("{endpoint}/{id}"), None).await;
    expect(own, &answer, id, foreign);
    if !foreign {
        own.model.users.remove(id);
        own.model.groups.remove(id);
        own.model.groups.values_mut().for_each(|members| {
            members.remove(id);
        });
    }
}

async fn change_members(lot: &mut fastrand::Rng, own: &mut Side, group: &str, foreign: bool, member: &str, member_foreign: bool) {
    let add = lot.u32(..3) > 0;
    let operation = if add {
        json!({ "op": "Add", "path": "members", "value": [{ "value": member }] })
    } else {
        json!({ "op": "Remove", "path": format!("members[value eq \"{member}\"]") })
    };
    let answer = own.send("PATCH", &format!("/Groups/{group}"), Some(&patch(json!([operation])))).await;
    if foreign {
        return expect(own, &answer, group, true);
    }
    assert!(matches!(answer.status, 200 | 204) || (member_foreign && answer.status == 400), "{answer:?}");
    if !member_foreign {
        let members = own.model.groups.get_mut(group).expect("an own group");
        if add {
            members.insert(member.to_owned())
        } else {
            members.remove(member)
        };
    }
}

async fn filter(lot: &mut fastrand::Rng, own: &mut Side, id: &str, other: &Model) {
    let filters = [
        format!("id eq \"{id}\""),
        format!("id eq \"{id}\" or userName pr"),
        format!("not (id eq \"{id}\")"),
        "externalId eq \"shared-3\"".to_owned(),
        "title co \"a\" or title pr or id pr".to_owned(),
        format!("id eq \"{id}\" or externalId eq \"shared-1\" or userName sw \"a\" or userName sw \"b\""),
    ];
    let text = &filters[lot.usize(..filters.len())];
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = own.send("GET", &format!("/Users?count=200&filter={encoded}"), None).await.expect_status(200).json();
    for found in answer["Resources"].as_array().into_iter().flatten() {
        assert!(!other.users.contains_key(&id_of(found)), "{text}: {found}");
    }
}

/// Reads all an account holds, and compares.
async fn audit(side: &Side, other: &Side) {
    let users: BTreeMap<String, String> =
        side.client.all("/Users").await.iter().filter(|user| user["userName"] != "scim-admin").map(titled).collect();
    assert_eq!(users, side.model.users, "the users of {}", side.word);
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in side.client.all("/Groups").await {
        assert!(!group.to_string().contains(other.word), "{group}");
        groups.insert(id_of(&group), side.client.members(&id_of(&group)).await.into_iter().collect());
    }
    assert_eq!(groups, side.model.groups, "the groups of {}", side.word);
}

fn titled(user: &Value) -> (String, String) {
    (id_of(user), user["title"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_requests_with_ids_swapped_cross_no_border() {
    let mut lot = fastrand::Rng::with_seed(seed("two_thousand_requests_with_ids_swapped_cross_no_border"));
    let mut deployment = Deployment::small().await;
    let address = deployment.gateways[0].address;
    let (first, second) = (deployment.account().await, deployment.account().await);
    let mut sides = [Side::new(first.client(address), WORDS[0]), Side::new(second.client(address), WORDS[1])];
    for number in 0..REQUESTS {
        let (left, right) = sides.split_at_mut(1);
        let (own, other) = if lot.bool() { (&mut left[0], &right[0]) } else { (&mut right[0], &left[0]) };
        step(&mut lot, own, &other.model, number).await;
    }
    let [first, second] = &sides;
    println!(
        "{} and {} users, {} and {} groups",
        first.model.users.len(),
        second.model.users.len(),
        first.model.groups.len(),
        second.model.groups.len()
    );
    audit(first, second).await;
    audit(second, first).await;
    deployment.healthy(&first.client).await;
}
