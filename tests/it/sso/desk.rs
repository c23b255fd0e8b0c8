//! Somebody at a desk: a real browser, the console, and the provider between them.

use crate::{console::chrome::Chrome, harness::eventually};
use std::net::SocketAddr;

/// The button of a page of the provider; pages of ours have others.
const SUBMIT: &str = "form[action*='/interaction/'] [type=submit]";
/// More pages of the provider are a circle.
const STEPS: usize = 12;

/// One person's browser.
pub struct Desk {
    chrome: Chrome,
    console: SocketAddr,
    provider: String,
    name: String,
}

impl Desk {
    /// Of somebody who is `name` for the provider, which has not seen this browser before.
    pub async fn of(name: &str, console: SocketAddr, issuer_port: u16) -> Self {
        let provider = format!("127.0.0.1:{issuer_port}");
        Self { chrome: Chrome::start(true).await, console, provider, name: name.to_owned() }
    }

    pub async fn open(&self, path: &str) {
        self.chrome.open(&format!("http://{}{path}", self.console)).await;
    }

    /// Chooses to sign in with the provider, and does.
    pub async fn sign_in(&self) {
        self.open("/sign-in").await;
        self.choose_provider().await;
    }

    /// On the sign-in page of a service with two accounts.
    async fn choose_provider(&self) {
        self.chrome.click("details summary").await;
        self.chrome.fill("details [name=account]", "acme").await;
        self.chrome.click("details button").await;
        self.chrome.until_text("a.primary", &format!("Sign in with {}", self.provider)).await;
        self.chrome.shots("sign-in-provider").await;
        self.chrome.click("a.primary").await;
        self.at_the_provider().await;
    }

    /// Says who it is as often as the provider asks, and comes back. How often it was asked.
    async fn at_the_provider(&self) -> usize {
        let mut asked = 0;
        for _ in 0..STEPS {
            let page = self.chrome.url().await;
            if !page.contains(&self.provider) {
                // What the provider's own pages complain of is not ours.
                self.chrome.complaints().await;
                return asked;
            }
            self.chrome.wait_for(SUBMIT).await;
            if self.chrome.has("[name=login]").await {
                asked += 1;
                self.chrome.fill("[name=login]", &self.name).await;
                self.chrome.fill("[name=password]", "x").await;
            }
            self.chrome.click(SUBMIT).await;
            // Each page of it has an address of its own.
            eventually("the next page", || async { (self.chrome.url().await != page).then_some(()) }).await;
        }
        panic!("it goes in a circle: {}", self.chrome.url().await);
    }

    /// Makes a secret key on the page Setup SCIM, for which it has to say again who it is.
    pub async fn secret_key(&self, colliding: usize) -> String {
        self.open("/configuration/auth/scim").await;
        self.chrome.until_text("#preflight", &format!("{colliding} users are known by mailbox name")).await;
        assert!(!self.chrome.has("[name=password]").await, "there is no password to ask for");
        self.chrome.shots("setup-preflight").await;
        self.chrome.click("[action$=key] button").await;
        self.chrome.until_text(".flash", "confirm first who you are").await;
        assert!(!self.chrome.has("#secret-key").await);
        self.chrome.click("[action$=key] .confirm a").await;
        assert_eq!(self.at_the_provider().await, 1, "the provider remembers who it is, and asks all the same");
        self.chrome.until_text(".flash", "You have confirmed who you are").await;
        self.chrome.click("[action$=key] button").await;
        let key = self.chrome.text("#secret-key").await;
        assert!(key.starts_with("muster_"), "{key}");
        self.chrome.content().await;
        key
    }

    /// What the console calls whoever sits here.
    pub async fn is(&self, user_id: &str) {
        self.open("/profile").await;
        self.chrome.until_text("dl.facts", user_id).await;
        self.chrome.content().await;
    }

    /// A page with live parts, while nobody touches anything.
    pub async fn watches(&self) {
        self.open("/configuration/auth/scim").await;
        self.chrome.until_text("#live-connection", "").await;
    }

    /// That the page has given way by itself, and signing in again leads nowhere.
    pub async fn is_out(&self, why: &str) {
        self.chrome.until_text("h1", "Sign in").await;
        self.chrome.content().await;
        self.choose_provider().await;
        self.chrome.until_text("h1", "Not signed in").await;
        self.chrome.until_text("main", why).await;
        self.chrome.shots("sign-in-refused").await;
        self.open("/").await;
        self.chrome.until_text("h1", "Sign in").await;
    }
}
