//! What each role finds on the pages, and a failure that is put right.

use super::{PASSWORD, become_administrator, browser, chrome::Chrome, crawl::crawl, populate};
use crate::harness::{Account, Deployment, Scim, account::create_user, eventually, scim::user};
use serde_json::Value;

/// Forms that change something, apart from those of one's own: colours, signing out, one's own password and sessions.
const FORMS: &str = "return [...document.querySelectorAll('form')].filter(form => form.method === 'post')\
    .map(form => new URL(form.action).pathname).filter(path => !/^\\/(sign-out|theme|profile)/.test(path))";

/// Signs somebody in who never had a password.
async fn sign_in(chrome: &Chrome, deployment: &Deployment, user_id: &str) {
    let link = deployment.installation.json(&["console", "link", "--account", "default", "--user", user_id]).await;
    // The command does not know the port this service was given.
    let (_, token) = link["link"].as_str().and_then(|link| link.split_once("/welcome/")).expect("a link");
    chrome.open(&format!("http://{}/welcome/{token}", deployment.gateways[0].address)).await;
    chrome.fill("[name=new_password]", PASSWORD).await;
    chrome.fill("[name=new_password_again]", PASSWORD).await;
    chrome.click("button.primary").await;
    chrome.wait_for("form[action='/sign-out']").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_finds_what_it_may_do_and_nothing_else() {
    if !browser("each_role_finds_what_it_may_do_and_nothing_else") {
        return;
    }
    let deployment = Deployment::small().await;
    {
        let chrome = Chrome::start(false).await;
        become_administrator(&chrome, &deployment).await;
    }
    populate(&deployment).await;
    create_user(&deployment.installation, "default", "vera", "viewer").await;
    create_user(&deployment.installation, "default", "max", "user_manager").await;
    let base = format!("http://{}", deployment.gateways[0].address);
    for (user_id, of_failures, barred) in [("vera", false, ["/audit", "/system/doctor"]), ("max", true, ["/audit", "/system/doctor"])] {
        let chrome = Chrome::start(true).await;
        sign_in(&chrome, &deployment, user_id).await;
        let mut forms: Vec<String> = Vec::new();
        let pages = crawl(&chrome, &base, async |path| {
            let Value::Array(found) = chrome.run(FORMS).await else { panic!("no forms on {path}") };
            forms.extend(found.iter().filter_map(Value::as_str).map(str::to_owned));
            assert_ne!(chrome.text("h1").await, "Not for you", "a link leads {user_id} to {path}");
        })
        .await;
        assert!(pages.contains_key("/provisioning/failures/{}") && pages.contains_key("/users/{}"), "{user_id}: {pages:?}");
        let failures = |form: &String| form.starts_with("/provisioning/failures/");
        assert_eq!(forms.iter().any(failures), of_failures, "{user_id}: {forms:?}");
        let others: Vec<&String> = forms.iter().filter(|form| !failures(form)).collect();
        let managed = |form: &&&String| form.starts_with("/system/queue/");
        assert!(others.iter().all(|form| of_failures && managed(&form)), "{user_id}: {others:?}");
        for path in barred {
            assert!(!pages.contains_key(path), "{user_id} is shown the way to {path}");
            chrome.open(&format!("{base}{path}")).await;
            chrome.until_text("h1", "Not for you").await;
        }
        let _ = chrome.complaints().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_found_put_right_and_retried() {
    if !browser("a_failure_is_found_put_right_and_retried") {
        return;
    }
    let deployment = Deployment::small().await;
    let chrome = Chrome::start(true).await;
    become_administrator(&chrome, &deployment).await;
    let key = Account::new_key(&deployment.installation, "default", "ada").await;
    let client = Scim::new(deployment.gateways[0].address, &key);
    let in_the_way = client.create_user("grace@acme.test").await;
    client.post("/Users", &user("grace@acme.test")).await.expect_status(409);
    // Home says so by itself.
    chrome.click("nav a[href='/']").await;
    chrome.until_text("main", "1 kind of failure needs somebody").await;
    chrome.click("main table a").await;
    chrome.until_text("main", "What to do").await;
    chrome.shots("failure").await;
    // In vain, as long as nothing has changed.
    chrome.click("form[action$=retry] button").await;
    chrome.until_text(".flash", "0 carried out, 1 failed again").await;
    client.delete(&format!("/Users/{in_the_way}")).await.expect_status(204);
    chrome.click("form[action$=retry] button").await;
    chrome.until_text(".flash", "1 carried out, 0 failed again").await;
    chrome.shots("failure-retried").await;
    let found = client.all("/Users").await;
    assert_eq!(found.iter().filter(|user| user["userName"] == "grace@acme.test").count(), 1, "{found:?}");
    eventually("the failure is over", || async {
        chrome.reload().await;
        chrome.text(".lead").await.contains("Resolved").then_some(())
    })
    .await;
    chrome.click("nav a[href='/audit']").await;
    chrome.until_text("main", "incident.retry").await;
    chrome.content().await;
}
