//! The whole way of an administrator: from a bare start to a directory that gets through.

use super::{PASSWORD, become_administrator, browser, chrome::Chrome};
use crate::harness::{Deployment, Scim, scim::user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_scim_from_a_bare_start_to_a_green_light() {
    if !browser("setup_scim_from_a_bare_start_to_a_green_light") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    chrome.until_text("#live-connection", "Not set up").await;
    chrome.content().await;

    // A user of its own for the directory, made on the page.
    chrome.click("details.create summary").await;
    chrome.fill("[action$=administrator] [name=user_id]", "entra").await;
    chrome.fill("[action$=administrator] [name=display_name]", "Entra ID").await;
    chrome.fill("[action$=administrator] [name=password]", PASSWORD).await;
    chrome.click("[action$=administrator] button").await;
    chrome.until_text(".flash", "entra is there").await;
    chrome.click("select[name=administrator]").await;
    let offered = chrome.text("select[name=administrator]").await;
    assert!(offered.contains("ada – Ada Lovelace (Administrator)") && offered.contains("entra – Entra ID (User Manager)"), "{offered}");
    chrome.shots("setup-new").await;

    // The password was entered a moment ago and is not asked for again.
    assert!(!chrome.has("[action$=key] [name=password]").await);
    chrome.click("[action$=key] option:nth-of-type(2)").await;
    chrome.click("[action$=key] button").await;
    let key = chrome.text("#secret-key").await;
    assert!(key.starts_with("muster_") && key.len() == 56, "{key}");
    assert!(!chrome.url().await.contains(&key), "no key in an address");
    chrome.until_text("#live-connection", "Waiting").await;
    chrome.shots("setup-key").await;

    // Entra's Test Connection, while the page is open: it changes by itself.
    let entra = Scim::new(deployment.gateways[0].address, &key);
    entra.get("/Users?filter=userName%20eq%20%22019ab1c2%22").await.expect_status(200);
    chrome.until_text("#live-connection", "Connected").await;
    assert_eq!(chrome.text("#secret-key").await, key, "the page was not loaded again");
    entra.post("/Users", &user("grace@acme.test")).await.expect_status(201);
    chrome.shots("setup-connected").await;

    // Reloading shows no key, and makes no other one.
    chrome.reload().await;
    chrome.until_text("#live-connection", "Connected").await;
    assert!(!chrome.has("#secret-key").await && !chrome.source().await.contains(&key));
    entra.get("/Users?count=1").await.expect_status(200);

    // A new key: the directory with the old one is told what is wrong.
    chrome.click("[action$=key] button").await;
    let new = chrome.text("#secret-key").await;
    assert_ne!(new, key);
    chrome.until_text("#live-connection", "Waiting").await;
    crate::harness::eventually("the old key is dead", || async { (entra.get("/Users?count=1").await.status == 401).then_some(()) }).await;
    chrome.until_text("#live-connection", "replaced by a newer one").await;
    chrome.shots("setup-wrong-key").await;
    chrome.content().await;

    chrome.open(&format!("http://{}/", deployment.gateways[0].address)).await;
    chrome.until_text("h1", "Home").await;
    chrome.shots("home").await;
    chrome.open(&format!("http://{}/profile", deployment.gateways[0].address)).await;
    chrome.until_text("h1", "Your profile").await;
    chrome.shots("profile").await;
    chrome.click("nav a[href='/audit']").await;
    chrome.until_text("h1", "Audit log").await;
    let log = chrome.text("table").await;
    assert!(log.contains("secret_key.generated") && log.contains("user.created") && log.contains("administrator.created"), "{log}");
    chrome.shots("audit").await;
    chrome.click("[action='/sign-out'] button").await;
    chrome.until_text("h1", "Sign in").await;
    chrome.shots("sign-in").await;
    chrome.content().await;
    let log = deployment.gateways[0].process.output();
    assert!(!log.contains(&key) && !log.contains(&new) && !log.contains(PASSWORD), "a secret in a log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colours_stay_as_chosen_and_the_keyboard_finds_the_page() {
    if !browser("colours_stay_as_chosen_and_the_keyboard_finds_the_page") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    chrome.click("[name=theme][value=dark]").await;
    chrome.wait_for("html[data-theme=dark]").await;
    assert!(chrome.url().await.ends_with("/configuration/auth/scim"), "back where it was chosen");
    chrome.click("nav a[href='/']").await;
    chrome.until_text("h1", "Home").await;
    assert!(chrome.has("html[data-theme=dark]").await && chrome.has("a[href='/'][aria-current=page]").await);
    // Tab
    chrome.press("\u{e004}").await;
    assert_eq!(chrome.focused().await, "Skip to the page");
    chrome.content().await;
    // Whatever is not ours is stopped, and these tests would hear of it.
    for script in [
        "document.body.setAttribute('style', 'color: red')",
        "document.body.append(Object.assign(new Image(), { src: 'http://192.0.2.1/' }))",
    ] {
        chrome.run(script).await;
        let complaints = chrome.complaints().await;
        assert!(complaints.iter().any(|complaint| complaint.contains("Content Security Policy")), "{complaints:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_go_to_pages_and_rows_unless_somebody_types_or_turned_them_off() {
    if !browser("keys_go_to_pages_and_rows_unless_somebody_types_or_turned_them_off") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    chrome.press("gu").await;
    chrome.until_text("h1", "Users").await;
    chrome.press("j").await;
    assert_eq!(chrome.focused().await, "ada", "the first row");
    chrome.press("/").await;
    // Somebody types now: these are letters.
    chrome.press("gh?j").await;
    chrome.until_text("h1", "Users").await;
    assert_eq!(chrome.run("return document.querySelector('[name=q]').value").await, "gh?j");
    assert!(!chrome.has("dialog[open]").await);
    chrome.run("document.activeElement.blur()").await;
    chrome.press("?").await;
    chrome.wait_for("dialog#keys[open]").await;
    chrome.shots("keys").await;
    chrome.content().await;
    // Escape closes it, and the page has its keys back.
    chrome.press("\u{e00c}").await;
    chrome.press("j").await;
    // Enter opens what is focused.
    chrome.press("\u{e007}").await;
    chrome.until_text("h1", "Ada Lovelace").await;
    chrome.press("gq").await;
    chrome.until_text("h1", "Queue & workers").await;

    chrome.open(&format!("http://{}/profile", deployment.gateways[0].address)).await;
    chrome.click("[name=keys][value=off]").await;
    chrome.until_text(".flash", "Single keys do nothing").await;
    chrome.press("gu?").await;
    chrome.until_text("h1", "Your profile").await;
    assert!(!chrome.has("dialog").await);
    chrome.click("[name=keys][value=on]").await;
    chrome.until_text(".flash", "Single keys do something again").await;
    chrome.press("gu").await;
    chrome.until_text("h1", "Users").await;
}
