//! The whole story with a real OpenID provider: people known by mailbox name sign in, are converted while they sign in, are found by a
//! directory, and one of them leaves.
//!
//! `MUSTER_TEST_OIDC` names a folder with the provider (tests/oidc) and what it needs installed. With `MUSTER_TEST_BROWSER=1`, two of them sit
//! in front of the console the whole time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod browser;
mod desk;

use crate::{
    console,
    harness::{Answer, Connection, Installation, Node, eventually, ports::free_port, process::Process},
};
use browser::{Browser, End};
use bytes::Bytes;
use desk::Desk;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
};

/// Nobody listens there.
const PLATFORM: &str = "http://127.0.0.1:9/in";
const SECRET: &str = "a secret of the client, 0123456789";
const USERS: usize = 12;

struct Story {
    installation: Installation,
    node: Node,
    token: String,
}

impl Story {
    async fn new(issuer_port: u16) -> Self {
        let installation = Installation::new();
        let node = installation.serve("serve").await;
        let account = |words: &[&str]| [words, &["--account", "acme"]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
        installation.json(&["account", "create", "--slug", "acme"]).await;
        let mut csv = String::from("user_id,email,role\nboss,boss@acme.test,administrator\n");
        csv.push_str("u1,u1@acme.test,viewer\n");
        (2..=USERS).for_each(|n| csv.push_str(&format!("u{n},u{n}@acme.test,user\n")));
        let (users, secret) = (installation.path().join("users.csv"), installation.path().join("secret"));
        std::fs::write(&users, csv).unwrap();
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let (users, secret) = (users.display().to_string(), secret.display().to_string());
        let issuer = format!("http://127.0.0.1:{issuer_port}");
        let run = async |words: &[&str]| {
            let words = account(words);
            installation.json(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
        };
        run(&["user", "import", "--csv", &users]).await;
        run(&["sso", "domain", "add", "acme.test"]).await;
        let provider = ["--issuer", &issuer, "--client-id", "muster", "--secret-file", &secret, "--return-to", PLATFORM];
        run(&[&["sso", "provider", "set"], &provider[..]].concat()).await;
        let token = run(&["token", "create", "--user", "boss", "--name", "platform"]).await;
        Self { installation, node, token: token["token"].as_str().unwrap().to_owned() }
    }

    async fn run(&self, words: &[&str]) -> Value {
        self.installation.json(&[words, &["--account", "acme"]].concat()).await
    }

    fn callback(&self) -> String {
        format!("http://{}/sso/acme/callback", self.node.address)
    }

    /// In a browser nobody has used before.
    async fn sign_in(&self, name: &str) -> End {
        let address = format!("http://{}/sso/acme/login?state=s%20{name}", self.node.address);
        Browser::new(PLATFORM).sign_in(&address, name).await
    }

    /// Who the platform is told that it was.
    async fn signed_in(&self, name: &str) -> Value {
        let End::Platform(address) = self.sign_in(name).await else { panic!("{name} is not let in") };
        let query: HashMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!(query["state"], format!("s {name}"));
        let body = json!({"code": query["code"]});
        let answer = self.ask("POST", "/api/v1/sso/redeem", &self.token, Some(body)).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1["user"].clone()
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let kind = if path.starts_with("/scim") { "application/scim+json" } else { "application/json" };
        let request = request.header("content-type", kind).body(Full::new(Bytes::from(body))).unwrap();
        match Connection::to(self.node.address).send(request).await {
            Answer::Response(response) => (response.status, response.json()),
            lost => panic!("{lost:?}"),
        }
    }
}

fn provider(folder: &Path, port: u16, story: &Story) -> Process {
    let mut command = Command::new("node");
    command.current_dir(folder).args(["provider.mjs", &port.to_string(), &story.callback(), SECRET]);
    Process::start("provider", story.installation.path(), &mut command)
}

async fn listening(port: u16) {
    eventually("the provider listens", || async move {
        let request = Request::get("/.well-known/openid-configuration").body(Full::default()).unwrap();
        let socket = ([127, 0, 0, 1], port).into();
        matches!(Connection::to(socket).send(request).await, Answer::Response(response) if response.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_mailbox_names_to_a_directory_everybody_signs_in_as_who_they_are() {
    let Ok(folder) = std::env::var("MUSTER_TEST_OIDC").map(PathBuf::from) else {
        println!("left out: sign-in with a real OpenID provider needs node and npm (run tests/run)");
        return;
    };
    let port = free_port();
    let story = Story::new(port).await;
    let mut process = provider(&folder, port, &story);
    listening(port).await;

    // By mailbox name, as the platform made them.
    let mut people = HashMap::new();
    for n in 1..=USERS {
        let user = story.signed_in(&format!("u{n}")).await;
        assert_eq!(user["user_id"], format!("u{n}"));
        people.insert(format!("u{n}"), user["id"].clone());
    }
    let End::Page(stranger) = story.sign_in("stranger").await else { panic!("a stranger is let in") };
    assert_eq!(stranger.status, 403, "{}", String::from_utf8_lossy(&stranger.body));

    // Two of them use the console, and have no password there.
    let desks = match console::browser("the console, signed in to with a real OpenID provider,") {
        true => Some((Desk::of("boss", story.node.address, port).await, Desk::of("u1", story.node.address, port).await)),
        false => None,
    };
    if let Some((boss, u1)) = &desks {
        boss.sign_in().await;
        boss.is("boss").await;
        u1.sign_in().await;
        u1.is("u1").await;
    }

    // Everybody is converted, and goes on signing in.
    let setup = story.run(&["scim", "setup", "--administrator", "boss"]).await;
    assert_eq!(setup["preflight"]["colliding_users"], USERS + 1);
    let key = match &desks {
        // The same from the console, which voids that one.
        Some((boss, _)) => boss.secret_key(USERS + 1).await,
        None => setup["secret_key"].as_str().unwrap().to_owned(),
    };
    let key = key.as_str();
    let sent = |name: &str| json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("{name}@acme.test"), "emails": [{"value": format!("{name}@acme.test"), "type": "work", "primary": true}]});
    let (status, refused) = story.ask("POST", "/scim/Users", key, Some(sent("u1"))).await;
    assert!(status == 409 && refused["detail"].as_str().unwrap().contains("muster convert plan"), "{refused}");
    story.run(&["convert", "plan"]).await;
    story.run(&["convert", "start"]).await;
    let mut n = 0;
    while story.run(&["convert", "status"]).await["state"] != "finished" {
        n = n % USERS + 1;
        let name = format!("u{n}");
        assert_eq!(story.signed_in(&name).await["id"], people[&name], "{name}, while it runs");
    }

    // The provider has new keys after a restart; who it speaks of are the same people, under new user ids.
    process.kill();
    let mut process = provider(&folder, port, &story);
    listening(port).await;
    for (name, id) in &people {
        let user = story.signed_in(name).await;
        assert_eq!((&user["id"], user["user_id"].as_str()), (id, Some(&*format!("{name}@acme.test"))));
    }

    if let Some((boss, u1)) = &desks {
        boss.is("boss@acme.test").await;
        u1.is("u1@acme.test").await;
        u1.watches().await;
    }

    // The directory finds everybody where they are, makes nobody twice, and cuts off who leaves.
    for (name, id) in &people {
        let (status, found) = story.ask("GET", &format!("/scim/Users?filter=userName%20eq%20%22{name}%40acme.test%22"), key, None).await;
        assert_eq!((status, &found["totalResults"], &found["Resources"][0]["id"]), (200, &json!(1), id));
        assert_eq!(story.ask("POST", "/scim/Users", key, Some(sent(name))).await.0, 409);
    }
    let leaves = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
    let path = format!("/scim/Users/{}", people["u1"].as_str().unwrap());
    assert_eq!(story.ask("PATCH", &path, key, Some(leaves)).await.0, 200);
    let End::Page(gone) = story.sign_in("u1").await else { panic!("who has left is let in") };
    assert!(gone.status == 403 && String::from_utf8_lossy(&gone.body).contains("disabled"));
    assert_eq!(story.signed_in("u2").await["id"], people["u2"], "and nobody else is");
    if let Some((boss, u1)) = &desks {
        u1.is_out("Your user is disabled").await;
        boss.is("boss@acme.test").await;
    }
    process.kill();
}
