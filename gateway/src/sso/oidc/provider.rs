//! What is asked of a provider, and what of its answers is believed.

use super::{
    flow::Flow,
    http::{self, HttpError},
    page::Problem,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_domain::sso::Provider;
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm as Alg,
        CoreProviderMetadata,
    },
};
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long metadata and keys are used. A key nobody knows yet makes them be read again at once.
const METADATA_AGE: Duration = Duration::from_secs(600);
/// How long a provider that could not be spoken to is left alone.
const AWAY_AGE: Duration = Duration::from_secs(3);
/// An identity token that was issued longer ago is not one of this sign-in; nor is one from the future, but for clocks that differ.
const ISSUED_AGE_S: i64 = 600;
const CLOCKS_DIFFER_S: i64 = 60;
/// Signatures only the provider can make. Not `none`, and not HMAC with a secret that others have, too.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// Why there is no identity. For the log: what a browser sees is a [`Problem`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("the provider cannot be spoken to: {0}")]
    Away(String),
    #[error("the provider's code was not taken: {0}")]
    Exchange(String),
    #[error("the identity token is not believed: {0}")]
    Token(String),
    #[error("the provider was to ask again who it is, and does not say that it has: {0}")]
    NotAskedAgain(&'static str),
    #[error("the settings do not work: {0}")]
    Settings(String),
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Away(_) => Self::Away,
            Failed::NotAskedAgain(_) => Self::NotAskedAgain,
            Failed::Exchange(_) | Failed::Token(_) | Failed::Settings(_) => Self::NotBelieved,
        }
    }
}

/// What providers say about themselves, for a while.
#[derive(Debug, Default)]
pub(crate) struct Providers(Mutex<HashMap<String, Slot>>);

/// One reader at a time asks the provider; the others wait for what it finds.
type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

#[derive(Clone, Debug)]
struct Known {
    at: Instant,
    metadata: Result<Arc<CoreProviderMetadata>, String>,
}

impl Providers {
    /// Metadata and keys of a provider, not older than `newer_than` when that is given.
    async fn metadata(&self, issuer: &str, newer_than: Option<Instant>) -> Result<(Arc<CoreProviderMetadata>, Instant), Failed> {
        let slot = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(issuer.to_owned()).or_default());
        let mut slot = slot.lock().await;
        let usable = slot.as_ref().filter(|known| {
            let age = if known.metadata.is_ok() { METADATA_AGE } else { AWAY_AGE };
            known.at.elapsed() < age && newer_than.is_none_or(|moment| known.at > moment)
        });
        let known = match usable {
            Some(known) => known.clone(),
            None => {
                let at = Instant::now();
                let metadata = discover(issuer).await.map(Arc::new);
                slot.insert(Known { at, metadata }).clone()
            }
        };
        known.metadata.map(|metadata| (metadata, known.at)).map_err(Failed::Away)
    }
}

async fn discover(issuer: &str) -> Result<CoreProviderMetadata, String> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(chain)?;
    CoreProviderMetadata::discover_async(issuer, &send).await.map_err(chain)
}

fn send(request: HttpRequest) -> impl Future<Output = Result<openidconnect::HttpResponse, HttpError>> + Send {
    http::send(request)
}

/// An error with what is behind it.
fn chain(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Where to send a browser, and what to remember.
pub(super) struct AuthorizationRequest {
    pub address: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// The beginning of a sign-in. `again`: the person is asked, even if the provider remembers who it is.
pub(super) async fn authorization(
    providers: &Providers,
    provider: &Provider,
    callback: &str,
    again: bool,
) -> Result<AuthorizationRequest, Failed> {
    let (metadata, _) = providers.metadata(&provider.issuer, None).await?;
    let redirect = RedirectUrl::new(callback.to_owned()).map_err(settings)?;
    let client = CoreClient::from_provider_metadata((*metadata).clone(), ClientId::new(provider.client_id.clone()), None);
    let client = client.set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scopes = provider.scopes.split_whitespace().filter(|scope| *scope != "openid").map(|scope| Scope::new(scope.to_owned()));
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(scopes)
        .set_pkce_challenge(challenge);
    if again {
        // The first asks for it in the words of most; only the second makes a provider say when it was (OpenID Connect Core §2).
        request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
    }
    let (address, state, nonce) = request.url();
    Ok(AuthorizationRequest {
        address: address.into(),
        state: state.into_secret(),
        nonce: nonce.secret().clone(),
        verifier: verifier.into_secret(),
    })
}

/// The claims of whoever comes back with this code, checked.
pub(super) async fn identity(
    providers: &Providers,
    provider: &Provider,
    callback: &str,
    code: String,
    flow: &Flow,
) -> Result<Map<String, Value>, Failed> {
    let secret = match &provider.secret_file {
        Some(file) => Some(tokio::fs::read_to_string(file).await.map_err(|error| settings(format!("secret file `{file}`: {error}")))?),
        None => None,
    };
    let secret = secret.map(|secret| ClientSecret::new(secret.trim().to_owned()));
    let client_id = ClientId::new(provider.client_id.clone());
    let (metadata, read_at) = providers.metadata(&provider.issuer, None).await?;
    let redirect = RedirectUrl::new(callback.to_owned()).map_err(settings)?;
    let client = CoreClient::from_provider_metadata((*metadata).clone(), client_id.clone(), secret).set_redirect_uri(redirect);
    let client = client.set_auth_type(auth_type(&metadata));
    let request = client.exchange_code(AuthorizationCode::new(code)).map_err(settings)?;
    let request = request.set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()));
    let response = request.request_async(&send).await.map_err(|error| Failed::Exchange(chain(error)))?;
    let token = response.id_token().ok_or_else(|| Failed::Token("there is none".to_owned()))?;
    let nonce = Nonce::new(flow.nonce.clone());
    match check(token, &metadata, &client_id, &nonce) {
        Ok(()) => {}
        // The provider may have another key since its keys were read.
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
        )) => {
            let (metadata, _) = providers.metadata(&provider.issuer, Some(read_at)).await?;
            check(token, &metadata, &client_id, &nonce).map_err(|error| Failed::Token(chain(error)))?;
        }
        Err(error) => return Err(Failed::Token(chain(error))),
    }
    let claims = claims_of(token).ok_or_else(|| Failed::Token("its claims are no JSON object".to_owned()))?;
    if flow.purpose.asks_again() {
        asked_again(&claims, flow.began_ms() / 1000, muster_store::now_ms() / 1000).map_err(Failed::NotAskedAgain)?;
    }
    Ok(claims)
}

/// Whether the person was asked since this moment. A provider that only knows somebody from before is no proof of who sits there now.
fn asked_again(claims: &Map<String, Value>, since_s: i64, now_s: i64) -> Result<(), &'static str> {
    // Some write a fraction.
    let at = claims.get("auth_time").ok_or("there is no auth_time")?;
    let at = at.as_i64().or_else(|| at.as_f64().map(|at| at as i64)).ok_or("auth_time is no number")?;
    if at < since_s - CLOCKS_DIFFER_S {
        return Err("auth_time is before it was asked to");
    }
    if at > now_s + CLOCKS_DIFFER_S { Err("auth_time is to come") } else { Ok(()) }
}

fn settings(error: impl Display) -> Failed {
    Failed::Settings(error.to_string())
}

/// A secret goes into the header, unless the provider only takes it in the body.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let takes =
        |method: &CoreClientAuthMethod| metadata.token_endpoint_auth_methods_supported().is_none_or(|methods| methods.contains(method));
    if takes(&CoreClientAuthMethod::ClientSecretBasic) { AuthType::BasicAuth } else { AuthType::RequestBody }
}

/// Signature, issuer, audience, nonce and times.
fn check(token: &CoreIdToken, metadata: &CoreProviderMetadata, client_id: &ClientId, nonce: &Nonce) -> Result<(), ClaimsVerificationError> {
    let client = CoreClient::from_provider_metadata(metadata.clone(), client_id.clone(), None);
    let verifier =
        client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_other_audience_verifier_fn(|_| false).set_issue_time_verifier_fn(
            |issued| {
                let age_s = muster_store::now_ms() / 1000 - issued.timestamp();
                if (-CLOCKS_DIFFER_S..=ISSUED_AGE_S).contains(&age_s) { Ok(()) } else { Err(format!("issued {age_s} s ago")) }
            },
        );
    token.claims(&verifier, nonce).map(drop)
}

/// The claims as they stand in a token that has been checked.
fn claims_of(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_who_was_asked_since_is_there_now() {
        let asked = |claims: Value| asked_again(claims.as_object().expect("an object"), 10_000, 10_030);
        for good in [json!(10_000), json!(10_030), json!(10_000 - CLOCKS_DIFFER_S), json!(10_030 + CLOCKS_DIFFER_S), json!(10_005.75)] {
            assert_eq!(asked(json!({ "auth_time": good })), Ok(()), "{good}");
        }
        for bad in [json!(9_999 - CLOCKS_DIFFER_S), json!(10_031 + CLOCKS_DIFFER_S), json!(0), json!("10010"), json!(null), json!(true)] {
            assert!(asked(json!({ "auth_time": bad })).is_err(), "{bad}");
        }
        assert!(asked(json!({ "iat": 10_010 })).is_err(), "when the token was made says nothing");
    }
}
