//! The console in a real browser.
//!
//! What needs no browser always runs (`link`). The others run when `MUSTER_TEST_BROWSER=1` (set by `tests/run`), with the `chromium` and `chromedriver` they find. Each page's complaints are
//! read: whatever the content security policy had to stop fails the test. With `MUSTER_TEST_SHOTS` naming a directory, pages are
//! photographed there, wide and narrow, light and dark.

mod chrome;
mod convert;
pub mod chrome;
mod link;
mod plain;
mod walk;

use crate::harness::{Deployment, eventually};
use chrome::Chrome;

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
