//! Sign-in with an OpenID provider: one that is honest, and one that is not.

mod confirm;
mod console;
mod provider;
mod rate;

use crate::{
    described::fits,
    support::{Answer, Gateway},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_domain::{ApiToken, Role, UserId, sso as rules};
use muster_gateway::GatewaySettings;
use muster_scim::Resource;
use muster_store::{UserRow, accounts, api_tokens, now_ms, sso};
use provider::{Key, Provider};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

const CLIENT: &str = "muster-client";

struct World {
    gateway: Gateway,
    provider: Provider,
    key: Arc<Key>,
    token: String,
    jdoe: Uuid,
}

/// A sign-in that has begun: what the browser holds, and what the provider was told.
struct Begun {
    cookie: String,
    state: String,
    nonce: String,
    challenge: String,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(adjust: impl FnOnce(&mut GatewaySettings)) -> Self {
        let (gateway, key) = (Gateway::start_with(adjust).await, Key::new("k1"));
        let provider = Provider::start(&key).await;
        let settings = rules::Provider {
            issuer: provider.issuer.clone(),
            client_id: CLIENT.into(),
            secret_file: None,
            scopes: rules::SCOPES.into(),
            return_to: "https://app.example/in?from=muster".into(),
        };
        sso::set_provider(&gateway.store, gateway.account, &settings).await.unwrap();
        sso::add_domain(&gateway.store, gateway.account, &"acme.com".parse().unwrap()).await.unwrap();
        let jdoe = user(&gateway, "jdoe", "jdoe@acme.com", true).await;
        let token = ApiToken::generate();
        let owner = (gateway.administrator, Role::Administrator);
        api_tokens::create(&gateway.store, gateway.account, owner, "platform", &token, now_ms() + 60_000).await.unwrap();
        Self { gateway, provider, key, token: token.reveal().to_owned(), jdoe }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.gateway.raw(format!("GET {path} HTTP/1.1\r\nHost: muster.example\r\nCookie: {cookie}\r\n\r\n").as_bytes()).await
    }

    async fn begin(&self, query: &str) -> Begun {
        let answer = self.get(&format!("/sso/acme/login{query}"), "x=1").await;
        assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
        let location = answer.header("location").unwrap().to_owned();
        assert!(location.starts_with(&format!("{}/authorize?", self.provider.issuer)), "{location}");
        let set = answer.header("set-cookie").unwrap();
        for word in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/;", "Max-Age=600"] {
            assert!(set.contains(word), "{word}: {set}");
        }
        assert!(set.starts_with("__Host-muster_sso_"), "no neighbour under the same domain may set it: {set}");
        let value = |name: &str| parameter(&location, name).unwrap_or_else(|| panic!("{name} in {location}"));
        assert_eq!(
            (value("response_type"), value("client_id"), value("code_challenge_method")),
            ("code".into(), CLIENT.into(), "S256".into())
        );
        assert_eq!(value("redirect_uri"), "https://muster.example/sso/acme/callback");
        assert_eq!(value("scope"), "openid email profile");
        Begun {
            cookie: set.split(';').next().unwrap().to_owned(),
            state: value("state"),
            nonce: value("nonce"),
            challenge: value("code_challenge"),
        }
    }

    fn claims(&self, begun: &Begun) -> Value {
        let now = now_ms() / 1000;
        json!({"iss": self.provider.issuer, "aud": CLIENT, "sub": "1", "nonce": begun.nonce, "iat": now, "exp": now + 60, "email": "jdoe@acme.com"})
    }

    fn says(&self, claims: &Value) {
        let token = self.key.sign(&json!({"alg": "ES256", "kid": self.key.id}), claims);
        self.provider.set(|script| script.token = token);
    }

    async fn end(&self, begun: &Begun) -> Answer {
        self.get(&format!("/sso/acme/callback?code=c0de&state={}", begun.state), &begun.cookie).await
    }

    /// Signs in with these claims, changed.
    async fn sign_in(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let begun = self.begin("").await;
        let mut claims = self.claims(&begun);
        change(&mut claims);
        self.says(&claims);
        self.end(&begun).await
    }

    async fn redeem(&self, code: &str) -> (u16, Value) {
        let body = json!({"code": code}).to_string();
        let head = format!(
            "POST /api/v1/sso/redeem HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            self.token
        );
        let answer = self.gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        fits("POST", "/api/v1/sso/redeem", answer.status, &answer.json());
        (answer.status, answer.json())
    }
}

async fn user(gateway: &Gateway, user_id: &str, email: &str, active: bool) -> Uuid {
    let mut resource = Resource::from_iter([("userName".to_owned(), user_id.into()), ("active".to_owned(), active.into())]);
    resource.insert("emails".into(), json!([{"value": email, "type": "work", "primary": true}]));
    let row =
        UserRow { account: gateway.account, id: UserId::new().0, role: Role::User, resource, version: 1, created_ms: 0, modified_ms: 0 };
    let transaction = gateway.store.begin().await.unwrap();
    transaction.insert_users(&mut [&row]).await.unwrap();
    transaction.commit().await.unwrap();
    row.id
}

fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// That nobody was let in, and a person can read why.
#[track_caller]
fn kept_out(answer: &Answer, status: u16, says: &str) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{body}");
    assert!(body.contains(says) && answer.header("location").is_none(), "{says}: {body}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
}

#[tokio::test]
async fn somebody_signs_in_and_the_platform_learns_who_it_is_once() {
    let world = World::new().await;
    let begun = world.begin("?state=of%20the%20platform").await;
    world.says(&world.claims(&begun));
    let answer = world.end(&begun).await;
    assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.body));
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("https://app.example/in?from=muster&code=mustersso_"), "{location}");
    assert_eq!(parameter(location, "state").as_deref(), Some("of the platform"));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    // PKCE: the verifier that was sent is the one that was promised.
    let asked = world.provider.script.lock().unwrap().asked.clone();
    let body = &asked.iter().find(|(_, path, _)| path == "/token").unwrap().2;
    let verifier = parameter(&format!("?{body}"), "code_verifier").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())), begun.challenge);

    let code = parameter(location, "code").unwrap();
    let (status, body) = world.redeem(&code).await;
    assert_eq!((status, &body["user"]), (200, &json!({"id": world.jdoe, "user_id": "jdoe", "active": true})));
    assert_eq!(world.redeem(&code).await.0, 404, "once");
    assert_eq!(world.redeem("mustersso_x").await.1["reason"], "unknown_code");
    // The last address again, with the cookie a browser would have thrown away: the sign-in has had its code.
    kept_out(&world.end(&begun).await, 400, "used already");
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_lets_nobody_in() {
    let world = World::new().await;
    let now = now_ms() / 1000;
    type Change = fn(&mut Value, i64);
    let wrong: [(&str, Change); 11] = [
        ("issuer", |claims, _| claims["iss"] = "https://evil.test".into()),
        ("no issuer", |claims, _| drop(claims.as_object_mut().unwrap().remove("iss"))),
        ("audience", |claims, _| claims["aud"] = "another-client".into()),
        ("one audience more", |claims, _| claims["aud"] = json!([CLIENT, "another-client"])),
        ("no audience", |claims, _| claims["aud"] = json!([])),
        ("nonce", |claims, _| claims["nonce"] = "another".into()),
        ("no nonce", |claims, _| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("expired", |claims, now| (claims["iat"], claims["exp"]) = ((now - 120).into(), (now - 60).into())),
        ("issued long ago", |claims, now| claims["iat"] = (now - 3_600).into()),
        ("issued tomorrow", |claims, now| (claims["iat"], claims["exp"]) = ((now + 86_400).into(), (now + 90_000).into())),
        ("no expiry", |claims, _| drop(claims.as_object_mut().unwrap().remove("exp"))),
    ];
    for (what, change) in wrong {
        let answer = world.sign_in(|claims| change(claims, now)).await;
        assert_eq!(answer.status, 403, "{what}: {}", String::from_utf8_lossy(&answer.body));
        kept_out(&answer, 403, "could not be checked");
    }
    assert_eq!(world.sign_in(|_| ()).await.status, 303, "and one that is right does");
}

#[tokio::test]
async fn a_signature_that_anybody_could_make_is_none() {
    let world = World::new().await;
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let begun = world.begin("").await;
    let claims = world.claims(&begun);
    let honest = world.key.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims);
    let signature = honest.rsplit_once('.').unwrap().1;
    let other = Key::new("k1");
    let boss = {
        let mut boss = claims.clone();
        boss["email"] = "boss@acme.com".into();
        boss
    };
    for (what, token) in [
        ("alg none", format!("{}.{}.", text(&json!({"alg": "none"})), text(&claims))),
        ("alg None", format!("{}.{}.", text(&json!({"alg": "None", "kid": "k1"})), text(&claims))),
        ("no signature", format!("{}.{}.", text(&json!({"alg": "ES256", "kid": "k1"})), text(&claims))),
        ("hmac with the client id", world.key.sign(&json!({"alg": "HS256"}), &claims)),
        ("another key of that name", other.sign(&json!({"alg": "ES256", "kid": "k1"}), &claims)),
        ("a key of its own", other.sign(&json!({"alg": "ES256", "jwk": {"kty": "EC"}}), &claims)),
        ("other claims under it", format!("{}.{}.{signature}", text(&json!({"alg": "ES256", "kid": "k1"})), text(&boss))),
        ("no token", String::new()),
        ("no JSON", "a.b.c".to_owned()),
    ] {
        let begun = world.begin("").await;
        world.provider.set(|script| script.token = token);
        let answer = world.end(&begun).await;
        assert_eq!(answer.status, 403, "{what}");
        kept_out(&answer, 403, "could not be checked");
    }
}

#[tokio::test]
async fn only_the_browser_that_began_a_sign_in_ends_it() {
    let world = World::new().await;
    let (mine, theirs) = (world.begin("").await, world.begin("").await);
    world.says(&world.claims(&mine));
    let asked = world.provider.asked("/token");
    let end = async |state: &str, cookie: &str| world.get(&format!("/sso/acme/callback?code=c0de&state={state}"), cookie).await;
    kept_out(&end(&mine.state, "").await, 400, "begin again");
    kept_out(&end(&mine.state, &theirs.cookie).await, 400, "begin again");
    let renamed = format!("{}={}", mine.cookie.split_once('=').unwrap().0, theirs.cookie.split_once('=').unwrap().1);
    kept_out(&end(&mine.state, &renamed).await, 400, "begin again");
    kept_out(&end("", &mine.cookie).await, 400, "begin again");
    kept_out(&world.get("/sso/acme/callback?code=c0de", &mine.cookie).await, 400, "begin again");
    let twice = format!("/sso/acme/callback?code=c0de&state={0}&state={0}", mine.state);
    kept_out(&world.get(&twice, &mine.cookie).await, 400, "begin again");
    assert_eq!(world.provider.asked("/token"), asked, "the provider hears nothing of it");
    let mixed = format!("/sso/acme/callback?code=c0de&state={}&iss=https%3A%2F%2Fevil.test", mine.state);
    kept_out(&world.get(&mixed, &mine.cookie).await, 403, "could not be checked");
    let denied = format!("/sso/acme/callback?error=access_denied&error_description=%3Cscript%3E&state={}", mine.state);
    let answer = world.get(&denied, &mine.cookie).await;
    kept_out(&answer, 403, "ended where you were to say");
    assert!(!String::from_utf8_lossy(&answer.body).contains("script"));
    assert_eq!(world.end(&mine).await.status, 303);
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_found_and_an_old_one_is_forgotten() {
    let world = World::new().await;
    assert_eq!(world.sign_in(|_| ()).await.status, 303);
    let next = Key::new("k2");
    let signed = async |key: &Arc<Key>| {
        let begun = world.begin("").await;
        let token = key.sign(&json!({"alg": "ES256", "kid": key.id}), &world.claims(&begun));
        world.provider.set(|script| script.token = token);
        world.end(&begun).await.status
    };
    // Signed by a key that is not published is signed by nobody.
    assert_eq!(signed(&next).await, 403);
    world.provider.set(|script| script.published = vec![Arc::clone(&next)]);
    assert_eq!(signed(&next).await, 303, "found at once");
    assert_eq!(signed(&world.key).await, 403, "and what was taken back does not count");
    let read = world.provider.asked("/jwks");
    assert_eq!(signed(&next).await, 303);
    assert_eq!(world.provider.asked("/jwks"), read, "keys are not read for every sign-in");
}

#[tokio::test]
async fn a_provider_that_leads_astray_or_never_ends_is_left() {
    let body = |text: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
    };
    for (what, bytes) in [
        ("a redirect", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("too much", body(&format!("{{\"x\": \"{}\"}}", "x".repeat(300_000)))),
        ("half of it", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()),
        ("no JSON", body("<html>")),
        ("an error", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("no HTTP", b"hello\r\n\r\n".to_vec()),
    ] {
        let world = World::new().await;
        world.provider.set(|script| script.instead = Some(("/.well-known/openid-configuration", bytes.clone())));
        let answer = world.get("/sso/acme/login", "").await;
        assert_eq!(answer.status, 502, "{what}");
        kept_out(&answer, 502, "does not answer");
        // The same from where tokens come.
        let world = World::new().await;
        let begun = world.begin("").await;
        world.provider.set(|script| script.instead = Some(("/token", bytes)));
        assert_eq!(world.end(&begun).await.status, 403, "{what}");
    }
    // Metadata that speak for another issuer are none.
    let world = World::new().await;
    world.provider.set(|script| script.issuer = "https://evil.test".into());
    assert_eq!(world.get("/sso/acme/login", "").await.status, 502);
}

#[tokio::test]
async fn who_is_meant_is_decided_by_the_accounts_rules() {
    let world = World::new().await;
    user(&world.gateway, "gone", "gone@acme.com", false).await;
    user(&world.gateway, "ada", "ada@acme.test", true).await;
    let email = |email: &'static str| move |claims: &mut Value| claims["email"] = email.into();
    kept_out(&world.sign_in(email("nobody@acme.com")).await, 403, "no user for you");
    kept_out(&world.sign_in(email("jdoe@evil.test")).await, 403, "no user for you");
    kept_out(&world.sign_in(email("gone@acme.com")).await, 403, "is disabled");
    kept_out(&world.sign_in(email("ada@acme.com")).await, 403, "can settle it");
    kept_out(&world.sign_in(|claims| drop(claims.as_object_mut().unwrap().remove("email"))).await, 403, "nothing says who you are");
    kept_out(&world.sign_in(|claims| claims["email_verified"] = false.into()).await, 403, "not been verified");
    // A provider's own ids are nobody's, whatever they are.
    kept_out(&world.sign_in(|claims| (claims["sub"], claims["email"]) = ("jdoe".into(), Value::Null)).await, 403, "");
}

#[tokio::test]
async fn one_account_cannot_end_what_another_began_and_none_without_a_provider_begins() {
    let world = World::new().await;
    let other = accounts::create(&world.gateway.store, "other", "Other").await.unwrap().id;
    for path in ["/sso/other/login", "/sso/nobody/login", "/sso/acme", "/sso/acme/logout", "/sso/ACME/login", "/sso/a%2fb/login"] {
        kept_out(&world.get(path, "").await, 404, "no sign-in at this address");
    }
    let settings = sso::provider(&world.gateway.store, world.gateway.account).await.unwrap().unwrap();
    sso::set_provider(&world.gateway.store, other, &settings).await.unwrap();
    let begun = world.begin("").await;
    world.says(&world.claims(&begun));
    let path = format!("/sso/other/callback?code=c0de&state={}", begun.state);
    kept_out(&world.get(&path, &begun.cookie).await, 400, "begin again");
    // The code of one account is nobody's for the token of another.
    let answer = world.end(&begun).await;
    let code = parameter(answer.header("location").unwrap(), "code").unwrap();
    assert_eq!(sso::redeem_code(&world.gateway.store, other, &rules::SignInCode::parse(&code).unwrap()).await.unwrap(), None);
    assert_eq!(world.redeem(&code).await.0, 200);
}

#[tokio::test]
async fn who_is_disabled_between_sign_in_and_question_is_kept_out() {
    let world = World::new().await;
    let answer = world.sign_in(|_| ()).await;
    let code = parameter(answer.header("location").unwrap(), "code").unwrap();
    let mut resource = Resource::from_iter([("userName".to_owned(), "jdoe".into()), ("active".to_owned(), false.into())]);
    resource.insert("emails".into(), json!([{"value": "jdoe@acme.com"}]));
    let row =
        UserRow { account: world.gateway.account, id: world.jdoe, role: Role::User, resource, version: 2, created_ms: 0, modified_ms: 0 };
    let transaction = world.gateway.store.begin().await.unwrap();
    transaction.update_users(&mut [(1, &row)]).await.unwrap();
    transaction.commit().await.unwrap();
    let (status, body) = world.redeem(&code).await;
    assert_eq!((status, &body["reason"]), (403, &json!("disabled")));
}
