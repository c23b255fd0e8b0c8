//! A running deployment: the smallest (one process, SQLite), and one as in production (gateways, workers, Postgres, Redis).

use super::{Account, Installation, Node, Postgres, Redis, Scim, process::Process};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Running processes on one database and one queue. Dropped in this order: processes first, then what they stand on.
pub struct Deployment {
    /// The processes with a port.
    pub gateways: Vec<Node>,
    /// The workers that have a process of their own.
    pub workers: Vec<Process>,
    /// The queue's server; none with the in-process queue.
    pub redis: Option<Redis>,
    /// The database's server; none with SQLite.
    pub postgres: Option<Arc<Postgres>>,
    /// Database, queue and settings.
    pub installation: Installation,
}

impl Deployment {
    /// One process on SQLite.
    pub async fn small() -> Self {
        let installation = Installation::new();
        let gateways = vec![installation.serve("serve").await];
        Self { gateways, workers: Vec::new(), redis: None, postgres: None, installation }
    }

    /// One process on SQLite, and a client of a new account.
    pub async fn small_with_client() -> (Self, Scim) {
        let deployment = Self::small().await;
        let account = deployment.account().await;
        let client = account.client(deployment.gateways[0].address);
        (deployment, client)
    }

    /// Two gateways and two workers on the shared Postgres and a Redis of their own.
    pub async fn full() -> Self {
        Self::full_on(Postgres::shared().await).await
    }

    /// The same on this cluster.
    pub async fn full_on(postgres: Arc<Postgres>) -> Self {
        Self::full_with(postgres, &[]).await
    }

    /// The same with more settings.
    pub async fn full_with(postgres: Arc<Postgres>, settings: &[(&str, &str)]) -> Self {
        let redis = Redis::start().await;
        let installation = Installation::new().on_database(&postgres.database().await).on_queue(&redis.url());
        let installation = settings.iter().fold(installation, |installation, (key, value)| installation.with(key, value));
        installation.migrate().await;
        let workers = (1..=2).map(|number| installation.worker(&format!("worker-{number}"))).collect();
        let mut gateways = Vec::new();
        for number in 1..=2 {
            gateways.push(installation.gateway(&format!("gateway-{number}")).await);
        }
        Self { gateways, workers, redis: Some(redis), postgres: Some(postgres), installation }
    }

    /// A new account.
    pub async fn account(&self) -> Account {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Account::create(&self.installation, &format!("account-{}", COUNT.fetch_add(1, Ordering::Relaxed))).await
    }

    /// A client of each gateway with this key.
    #[must_use]
    pub fn clients(&self, key: &str) -> Vec<Scim> {
        self.gateways.iter().map(|gateway| Scim::new(gateway.address, key)).collect()
    }

    /// Fails unless every process lives and every gateway says so, and a good request is answered.
    pub async fn healthy(&mut self, client: &Scim) {
        self.all_alive();
        for gateway in &self.gateways {
            let live = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            let (status, text) = super::raw::raw(gateway.address, live).await;
            assert_eq!(status, Some(200), "{text}");
        }
        client.get("/Users?count=1").await.expect_status(200);
    }

    /// Fails when a process ended that nobody killed.
    #[track_caller]
    pub fn all_alive(&mut self) {
        for gateway in &mut self.gateways {
            assert_eq!(gateway.process.exited(), None, "a gateway ended");
        }
        for worker in &mut self.workers {
            assert_eq!(worker.exited(), None, "a worker ended");
        }
    }
}
