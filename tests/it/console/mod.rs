//! The console in a real browser.
//!
//! What needs no browser always runs (`link`). The others run when `MUSTER_TEST_BROWSER=1` (set by `tests/run`), with the `chromium` and `chromedriver` they find. Each page's complaints are
//! read: whatever the content security policy had to stop fails the test. With `MUSTER_TEST_SHOTS` naming a directory, pages are
//! photographed there, wide and narrow, light and dark. `MUSTER_TEST_AXE` names a folder with axe-core (tests/axe) installed.

mod barriers;
pub mod chrome;
mod convert;
mod crawl;
mod link;
mod plain;
mod rights;
mod walk;

use crate::harness::{Account, Deployment, Scim, eventually, scim::user};
use chrome::Chrome;
use serde_json::json;

const PASSWORD: &str = "correct horse battery staple";

/// Whether the tests that need a browser run; says so when they do not.
pub fn browser(test: &str) -> bool {
    let on = std::env::var("MUSTER_TEST_BROWSER").is_ok_and(|value| value == "1");
    if !on {
        println!("left out: {test} needs chromium and chromium-driver (run tests/run)");
    }
    on
}

/// The link a bare start prints.
async fn first_link(deployment: &Deployment) -> String {
    let process = &deployment.gateways[0].process;
    let link = eventually("a link for the first administrator", || async {
        let output = process.output();
        output.split_whitespace().find(|word| word.contains("/welcome/")).map(str::to_owned)
    });
    link.await
}

/// The first administrator, signed in, on the page Setup SCIM.
async fn become_administrator(chrome: &Chrome, deployment: &Deployment) {
    chrome.open(&first_link(deployment).await).await;
    assert_eq!(chrome.text("h1").await, "Welcome to Muster");
    chrome.fill("[name=user_id]", "ada").await;
    chrome.fill("[name=email]", "ada@acme.test").await;
    chrome.fill("[name=display_name]", "Ada Lovelace").await;
    chrome.fill("[name=new_password]", PASSWORD).await;
    chrome.fill("[name=new_password_again]", PASSWORD).await;
    chrome.shots("welcome").await;
    chrome.click("button.primary").await;
    chrome.until_text("h1", "Setup SCIM").await;
}

/// Something to look at on every page of the account `default`, whose administrator is ada: users, a group, a disabled user, an old user id,
/// operations, a failure, somebody who gets mail about it.
async fn populate(deployment: &Deployment) {
    let installation = &deployment.installation;
    let notify = ["notify", "add", "--account", "default", "ops@acme.test"];
    let added = installation.run(&notify).await;
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let key = Account::new_key(installation, "default", "ada").await;
    let client = Scim::new(deployment.gateways[0].address, &key);
    let mut members = Vec::new();
    for name in ["grace", "linus", "radia"] {
        members.push(client.create_user(&format!("{name}@acme.test")).await);
    }
    let rename = json!([
        { "op": "replace", "path": "userName", "value": "radia.perlman@acme.test" },
        { "op": "replace", "path": "active", "value": false },
    ]);
    client.patch(&format!("/Users/{}", members[2]), rename).await.expect_status(200);
    let group = client.create_group("Engineering").await;
    let add = json!([{ "op": "add", "path": "members", "value": members.iter().map(|id| json!({ "value": id })).collect::<Vec<_>>() }]);
    client.patch(&format!("/Groups/{group}"), add).await.expect_status(204);
    client.post("/Users", &user("grace@acme.test")).await.expect_status(409);
    eventually("the failure has a number", || async {
        let incidents = installation.json(&["incidents", "list", "--account", "default"]).await;
        (incidents["incidents"].as_array().is_some_and(|list| !list.is_empty())).then_some(())
    })
    .await;
    let planned = installation.run(&["convert", "plan", "--account", "default"]).await;
    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
}
