//! What keeps people from using a page: each page, looked at by axe-core (WCAG 2.2 AA and its best practices), light and dark, wide and narrow.

use super::{become_administrator, browser, chrome::Chrome, crawl::crawl, populate};
use crate::harness::Deployment;
use serde_json::Value;
use std::path::PathBuf;

/// Pages this must have found; there may be more.
const PAGES: [&str; 16] = [
    "/",
    "/audit",
    "/configuration/auth/scim",
    "/configuration/groups",
    "/configuration/groups/{}",
    "/configuration/notifications",
    "/profile",
    "/provisioning/cycles",
    "/provisioning/failures",
    "/provisioning/failures/{}",
    "/provisioning/operations",
    "/provisioning/operations/{}",
    "/system/doctor",
    "/system/queue",
    "/users",
    "/users/{}",
];

/// Looks, and calls back with what it found: rule, why, where.
const LOOK: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, { resultTypes: ['violations'], \
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
    .then(found => done(found.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html + ' ' + n.failureSummary).join('\\n')])), \
      error => done([['axe', String(error), '']]));";

/// The script, if it was installed.
fn axe(test: &str) -> Option<String> {
    let Ok(folder) = std::env::var("MUSTER_TEST_AXE").map(PathBuf::from) else {
        println!("left out: {test} needs axe-core (npm; run tests/run)");
        return None;
    };
    Some(std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).expect("axe-core is where MUSTER_TEST_AXE says"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_has_a_barrier_in_either_theme() {
    let test = "no_page_has_a_barrier_in_either_theme";
    if !browser(test) {
        return;
    }
    let Some(axe) = axe(test) else { return };
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    populate(&deployment).await;
    let mut barriers = Vec::new();
    let pages = crawl(&chrome, &format!("http://{}", deployment.gateways[0].address), async |path| {
        chrome.run(&axe).await;
        for (wide, theme) in [(true, "light"), (true, "dark"), (false, "light"), (false, "dark")] {
            chrome.look_like(wide, theme).await;
            let Value::Array(found) = chrome.run_async(LOOK).await else { panic!("axe-core does not answer on {path}") };
            barriers.extend(found.iter().map(|barrier| format!("{path} ({theme}, wide: {wide}): {barrier:#}")));
            // What is wider than the page has to be scrolled sideways (WCAG 1.4.10).
            let over = chrome.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
            if over.as_i64().is_none_or(|over| over > 0) {
                barriers.push(format!("{path} ({theme}, wide: {wide}) is {over} px too wide"));
            }
        }
        chrome.look_as_usual().await;
        chrome.content().await;
    })
    .await;
    for page in PAGES {
        assert!(pages.contains_key(page), "{page} is not reached by links: {:?}", pages.keys());
    }
    assert!(barriers.is_empty(), "{} on {} pages:\n{}", barriers.len(), pages.len(), barriers.join("\n"));
    println!("{} pages have no barrier", pages.len());
}

/// That the look-out sees anything: a page with barriers has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barrier_is_seen() {
    let test = "a_barrier_is_seen";
    if !browser(test) {
        return;
    }
    let Some(axe) = axe(test) else { return };
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    chrome.run("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/icon\"><button></button>')").await;
    chrome.run(&axe).await;
    let found = chrome.run_async(LOOK).await.to_string();
    assert!(found.contains("image-alt") && found.contains("button-name"), "{found}");
}
