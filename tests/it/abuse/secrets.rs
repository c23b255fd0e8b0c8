//! A secret key is seen once, by the one who asked for it, and one is active at a time.

use crate::harness::{Account, Deployment, Installation, Scim, eventually, scim::user};
use futures::future::join_all;
use std::path::{Path, PathBuf};

const AT_ONCE: usize = 20;

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the directory can be read").flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Whether these bytes stand in a file; database and log are read as they are.
fn holds(file: &Path, secret: &str) -> bool {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

async fn use_it(client: &Scim) -> String {
    let mut said = String::new();
    for path in ["/Users", "/Groups", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/Me", "/Users?filter=zz", "/Nothing"] {
        said.push_str(&format!("{:?}", client.get(path).await));
    }
    said.push_str(&format!("{:?}", client.post("/Users", &user("ada@abuse.test")).await));
    said.push_str(&format!("{:?}", client.post("/Users", &user("ada@abuse.test")).await));
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_in_no_answer_no_log_and_no_file() {
    let installation = Installation::new().with("MUSTER_LOG__LEVEL", "trace").with("RUST_LOG", "trace");
    let serve = installation.serve("serve").await;
    let first = Account::create(&installation, "keys").await;
    let mut said = use_it(&first.client(serve.address)).await;
    let second = Account::new_key(&installation, &first.slug, &first.administrator).await;
    let client = Scim::new(serve.address, &second);
    said.push_str(&use_it(&client).await);
    eventually("the first key is void", || async { (first.client(serve.address).get("/Users").await.status == 401).then_some(()) }).await;
    said.push_str(&format!("{:?}", first.client(serve.address).get("/Users").await));
    for command in [&["doctor"][..], &["config", "show"], &["account", "list"], &["queue", "status"]] {
        said.push_str(&format!("{:?}", installation.run(command).await));
    }
    let mut kept = Vec::new();
    files(installation.path(), &mut kept);
    assert!(
        kept.iter().any(|file| file.ends_with("serve.log")) && kept.iter().any(|file| file.extension().is_some_and(|end| end == "db")),
        "{kept:?}"
    );
    for key in [&first.key, &second] {
        // The part that is secret; the beginning is the same for all.
        let secret = &key[key.len() - 24..];
        assert!(!said.contains(secret), "a key is in an answer or in what a command prints");
        let file = kept.iter().find(|file| holds(file, secret));
        assert_eq!(file, None, "a key is kept in a file");
    }
    client.get("/Users").await.expect_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_keys_made_at_once_one_works() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let made = join_all((0..AT_ONCE).map(|_| async {
        let setup = ["scim", "setup", "--account", &account.slug, "--administrator", &account.administrator, "--json"];
        let output = deployment.installation.run(&setup).await;
        let printed: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
        printed.and_then(|printed| printed["secret_key"].as_str().map(str::to_owned))
    }))
    .await;
    let keys: Vec<String> = made.into_iter().flatten().collect();
    println!("{} of {AT_ONCE} commands made a key", keys.len());
    let address = deployment.gateways[0].address;
    eventually("one of them works", || async {
        let answers = join_all(keys.iter().map(|key| Scim::new(address, key).get("/Users?count=1"))).await;
        (answers.iter().filter(|answer| answer.status == 200).count() == 1).then_some(())
    })
    .await;
    assert_eq!(account.client(address).get("/Users?count=1").await.status, 401, "the one before is void");
}
