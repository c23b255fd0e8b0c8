//! What every request shares.

use crate::{
    auth::{cache::KeyCache, wrong_keys::WrongKeys},
    console::{live::Streams, password::Passwords, sightings::Sightings, throttle::Throttle},
    failures::Failures,
    forms::Forms,
    health::Health,
    path::Base,
    refusal::Refusal,
    settings::GatewaySettings,
    sso::{oidc::Providers, rate::SignIns},
};
use muster_queue::{OperationClient, Queue};
use muster_store::{Store, StoreError, secrets};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// Keys remembered at once; about 2 MB.
const KEYS_MAX: usize = 10_000;
/// A read that takes longer is given up: the client's own patience ends soon after.
const READ_WAIT: Duration = Duration::from_secs(10);

/// The gateway, as its requests see it.
pub(crate) struct App {
    pub(crate) settings: GatewaySettings,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) operations: OperationClient,
    pub(crate) keys: KeyCache,
    pub(crate) wrong_keys: WrongKeys,
    cursor_key: OnceCell<[u8; 32]>,
    pub(crate) failures: Failures,
    pub(crate) forms: Forms,
    base_urls: [String; 2],
    pub(crate) providers: Providers,
    pub(crate) sign_ins: SignIns,
    pub(crate) health: Health,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) streams: Streams,
    pub(crate) sightings: Sightings,
    /// Cancelled when the gateway is asked to stop: what would go on for ever ends then.
    pub(crate) closing: CancellationToken,
}

impl App {
    pub(crate) fn new(settings: GatewaySettings, store: Store, queue: Queue, closing: CancellationToken) -> Self {
        let public_url = settings.public_url.trim_end_matches('/');
        let base_urls = [Base::Plain, Base::V2].map(|base| [public_url, base.as_str()].concat());
        Self {
            operations: queue.operation_client(settings.client.clone()),
            keys: KeyCache::new(settings.limits.key_age, KEYS_MAX),
            wrong_keys: WrongKeys::new(settings.limits.wrong_keys_per_minute),
            cursor_key: OnceCell::new(),
            failures: Failures::default(),
            forms: Forms::default(),
            base_urls,
            providers: Providers::default(),
            sign_ins: SignIns::new(settings.limits.sign_in_steps_per_peer, settings.limits.sign_in_steps_per_account),
            health: Health::default(),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            streams: Streams::default(),
            sightings: Sightings::default(),
            closing,
            settings,
            store,
            queue,
        }
    }

    /// The start of every address we hand out.
    pub(crate) fn base_url(&self, base: Base) -> &str {
        &self.base_urls[base as usize]
    }

    /// What cursors are signed with, the same in every gateway.
    ///
    /// # Errors
    /// When the database does not answer and the key is not known yet.
    pub(crate) async fn cursor_key(&self) -> Result<&[u8; 32], StoreError> {
        self.cursor_key.get_or_try_init(|| secrets::shared(&self.store, "cursor")).await
    }

    /// A read of the database, with an end.
    ///
    /// # Errors
    /// 503 when the database does not answer, 500 when it refuses.
    pub(crate) async fn read<T, E: Into<Refusal>>(&self, query: impl Future<Output = Result<T, E>>) -> Result<T, Refusal> {
        match tokio::time::timeout(READ_WAIT, query).await {
            Ok(read) => read.map_err(E::into),
            Err(_) => Err(Refusal::unavailable("a read of the database took too long")),
        }
    }
}
