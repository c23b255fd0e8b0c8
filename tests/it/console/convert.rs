//! A conversion on its pages, from the plan to the undo, in a browser: live, and without JavaScript.

use super::{PASSWORD, become_administrator, browser, chrome::Chrome};
use crate::harness::{Deployment, Installation, account::create_user, eventually};
use serde_json::Value;

const PAGE: &str = "/configuration/ad/convert";

/// Users with mailbox names and addresses; two of them share one, and one has none.
async fn import(installation: &Installation, users: usize) {
    let mut csv = String::from("user_id,email\ntwin1,twin@acme.test\ntwin2,twin@acme.test\nnobody,\n");
    (0..users).for_each(|n| csv.push_str(&format!("u{n:06},User.{n:06}@acme.test\n")));
    let file = installation.path().join("users.csv");
    std::fs::write(&file, csv).expect("written");
    installation.json(&["user", "import", "--account", "default", "--csv", &file.display().to_string()]).await;
}

async fn status(installation: &Installation) -> Value {
    installation.json(&["convert", "status", "--account", "default"]).await
}

fn page(deployment: &Deployment) -> String {
    format!("http://{}{PAGE}", deployment.gateways[0].address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_is_planned_started_watched_and_taken_back() {
    if !browser("a_conversion_is_planned_started_watched_and_taken_back") {
        return;
    }
    let deployment = Deployment::small().await;
    let installation = &deployment.installation;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    chrome.click("nav a[href='/configuration/ad/convert']").await;
    chrome.until_text("h1", "Convert All UserIDs").await;
    chrome.shots("convert-empty").await;
    import(installation, 2_000).await;

    // The plan appears by itself.
    chrome.click("form[action$='/plan'] button").await;
    chrome.until_text(".now", "Planned, not started").await;
    chrome.until_text("#rest table", "Duplicate e-mail").await;
    let verdicts = chrome.text("#rest table").await;
    for words in ["u000000 → User.000000@acme.test", "No e-mail", "twin1 (twin@acme.test)", "Give each an address of its own"] {
        assert!(verdicts.contains(words), "{words} is missing in {verdicts}");
    }
    chrome.shots("convert-plan").await;

    // Slowly first, to see it move, be paused, and go on.
    chrome.click("[name=preset][value=gentle]").await;
    chrome.fill("[name=max_rate]", "200").await;
    chrome.fill("[action$='/start'] [name=password]", PASSWORD).await;
    chrome.click("[action$='/start'] button").await;
    chrome.until_text("h1", "Conversion").await;
    chrome.until_text(".flash", "Started.").await;
    chrome.until_text("#live-convert", "Keeping old user ids as aliases").await;
    chrome.run("window.notLoadedAgain = true").await;
    // A point every two seconds: with three there is a line.
    chrome.wait_for(".plot .uplot canvas").await;
    eventually("the chart grows", || async { points(&chrome).await.filter(|points| *points > 2) }).await;
    chrome.shots("convert-running").await;
    assert_eq!(chrome.run("return window.notLoadedAgain").await, Value::Bool(true), "the page was loaded again");
    chrome.fill("[action$='/pause'] [name=reason]", "lunch").await;
    // Enter, in the field.
    chrome.press("\u{e007}").await;
    chrome.until_text(".now", "Paused").await;
    assert_eq!(chrome.text(".because").await, "lunch.");
    chrome.shots("convert-paused").await;
    chrome.click("[action$='/resume'] summary").await;
    chrome.click("[name=preset][value=fast]").await;
    chrome.fill("[name=max_rate]", "").await;
    chrome.click("[action$='/resume'] button.primary").await;
    chrome.until_text(".flash", "It goes on: fast").await;
    chrome.run("window.notLoadedAgain = true").await;
    chrome.until_text(".now", "Done").await;
    // What can be done now is there by itself, too.
    chrome.until_text("#rest", "Take it back").await;
    assert_eq!(chrome.run("return window.notLoadedAgain").await, Value::Bool(true), "the page was loaded again");
    // Ada, too.
    assert_eq!(status(installation).await["converted"], 2_001);
    assert!(points(&chrome).await > Some(2));
    chrome.click("figure details summary").await;
    assert!(chrome.text("figure table").await.contains("Rows a second"));
    assert!(!chrome.has("figure[data-chart='live-convert-canary']").await, "on SQLite nothing measures what others feel");
    chrome.shots("convert-done").await;
    chrome.content().await;

    // Somebody still signs in with an old user id for a while, and no longer than an administrator says.
    let run = chrome.run("return location.href").await;
    chrome.click("#rest a[href*='/configuration/ad/aliases?conversion=']").await;
    chrome.until_text("h1", "Old user IDs").await;
    chrome.fill("[name=old_id]", "U000007").await;
    chrome.click("form.filters button").await;
    chrome.until_text("table", "User.000007@acme.test").await;
    chrome.click("main details:last-of-type summary").await;
    chrome.click("[action$='/release'] [value=old_id]").await;
    chrome.fill("[action$='/release'] [name=whose]", "u000007").await;
    if chrome.has("[action$='/release'] [name=password]").await {
        chrome.fill("[action$='/release'] [name=password]", PASSWORD).await;
    }
    chrome.shots("old-user-ids").await;
    chrome.click("[action$='/release'] button.danger").await;
    chrome.until_text(".flash", "1 old user id is free.").await;
    assert!(!chrome.text("table").await.contains("u000007"));
    chrome.content().await;
    chrome.open(run.as_str().expect("an address")).await;

    // An undo is a run of its own.
    chrome.click("#rest details summary").await;
    chrome.click("[action$='/undo'] [name=preset][value=fast]").await;
    if chrome.has("[action$='/undo'] [name=password]").await {
        // On a slow machine the password was entered too long ago.
        chrome.fill("[action$='/undo'] [name=password]", PASSWORD).await;
    }
    chrome.click("[action$='/undo'] button.danger").await;
    chrome.until_text("h1", "Undo of a conversion").await;
    chrome.until_text(".now", "Taken back").await;
    chrome.open(&page(&deployment)).await;
    let earlier = chrome.text("table").await;
    assert!(earlier.contains("Undo") && earlier.contains("Undone"), "{earlier}");
    chrome.shots("convert-earlier").await;
    chrome.content().await;
}

/// How many points the chart has, as it says itself.
async fn points(chrome: &Chrome) -> Option<u64> {
    chrome.run("return document.querySelector('.plot').dataset.points").await.as_str()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_a_conversion_and_has_no_button() {
    if !browser("a_viewer_sees_a_conversion_and_has_no_button") {
        return;
    }
    let deployment = Deployment::small().await;
    let installation = &deployment.installation;
    import(installation, 50).await;
    create_user(installation, "default", "vera", "viewer").await;
    installation.json(&["convert", "plan", "--account", "default"]).await;
    let link = installation.json(&["console", "link", "--account", "default", "--user", "vera"]).await;
    let link = link["link"].as_str().expect("a link");
    let chrome = Chrome::start(true).await;
    chrome.open(&format!("http://{}{}", deployment.gateways[0].address, &link[link.find("/welcome/").expect("a path")..])).await;
    chrome.fill("[name=new_password]", PASSWORD).await;
    chrome.fill("[name=new_password_again]", PASSWORD).await;
    chrome.click("button.primary").await;
    chrome.wait_for("[action='/sign-out']").await;
    chrome.open(&page(&deployment)).await;
    chrome.until_text("#rest table", "Duplicate e-mail").await;
    assert!(!chrome.has("main button").await && !chrome.has("main form").await);
    assert!(chrome.text("main").await.contains("Administrators start, pause, cancel and undo conversions."));
    chrome.shots("convert-viewer").await;
    chrome.content().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_without_javascript() {
    if !browser("a_conversion_without_javascript") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(false).await;
    become_administrator(&chrome, &deployment).await;
    import(&deployment.installation, 300).await;
    chrome.open(&page(&deployment)).await;
    chrome.click("form[action$='/plan'] button").await;
    let refreshed = async |words: &'static str| {
        eventually(words, || async {
            chrome.click("main .unscripted a").await;
            chrome.text(".now").await.contains(words).then_some(())
        })
        .await;
    };
    refreshed("Planned, not started").await;
    chrome.click("[name=preset][value=fast]").await;
    chrome.fill("[action$='/start'] [name=password]", PASSWORD).await;
    chrome.click("[action$='/start'] button").await;
    chrome.until_text(".flash", "Started.").await;
    assert!(!chrome.has(".drawn").await, "scripts are off");
    refreshed("Done").await;
    chrome.click("figure details summary").await;
    assert!(chrome.text("figure table").await.contains("Rows a second"), "the numbers are there without a chart");
    chrome.click("#rest details summary").await;
    chrome.fill("[action$='/undo'] [name=max_rate]", "100000").await;
    chrome.shots("convert-plain").await;
    chrome.click("[action$='/undo'] button.danger").await;
    chrome.until_text("h1", "Undo of a conversion").await;
    refreshed("Taken back").await;
    chrome.content().await;
}
