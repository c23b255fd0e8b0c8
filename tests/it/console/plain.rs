//! The same way without JavaScript: every action is a form, every live part has a link that loads it again.

use super::{PASSWORD, become_administrator, browser, chrome::Chrome};
use crate::harness::{Deployment, Scim, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_scim_without_javascript() {
    if !browser("setup_scim_without_javascript") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(false).await;
    become_administrator(&chrome, &deployment).await;
    assert!(!chrome.has("html.scripted").await, "scripts are off");
    chrome.fill("[action$=key] [name=password]", PASSWORD).await;
    chrome.click("[action$=key] button").await;
    let key = chrome.text("#secret-key").await;
    assert!(key.starts_with("muster_"), "{key}");
    chrome.click(".unscripted a").await;
    eventually("the key is not shown again", || async { (!chrome.has("#secret-key").await).then_some(()) }).await;
    assert!(chrome.text("#live-connection").await.contains("Waiting"));
    let client = Scim::new(deployment.gateways[0].address, &key);
    client.get("/Users?count=1").await.expect_status(200);
    eventually("Refresh shows the connection", || async {
        chrome.click(".unscripted a").await;
        chrome.text("#live-connection").await.contains("Connected").then_some(())
    })
    .await;
    chrome.shots("plain").await;
    chrome.click("[action='/sign-out'] button").await;
    chrome.until_text("h1", "Sign in").await;
    chrome.fill("[name=user_id]", "ada").await;
    chrome.fill("[name=password]", PASSWORD).await;
    chrome.click("button.primary").await;
    chrome.until_text("h1", "Home").await;
    chrome.content().await;
}
