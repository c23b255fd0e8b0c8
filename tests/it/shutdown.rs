//! SIGTERM under load: what was acknowledged is there, and the process ends well.

use crate::{
    harness::{Deployment, scim::id_of, seed, services, sleep_ms},
    ledger::{Book, Client, Limits, audit, shared_group},
};
use fastrand::Rng;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

struct Load {
    clients: Vec<JoinHandle<Book>>,
    stop: Arc<AtomicBool>,
    key: String,
    group: String,
    administrator: String,
}

impl Load {
    async fn start(test: &str, deployment: &Deployment) -> Self {
        let seed = seed(test);
        let account = deployment.account().await;
        let gateways: Vec<SocketAddr> = deployment.gateways.iter().map(|gateway| gateway.address).collect();
        let client = account.client(gateways[0]);
        let group = id_of(&client.post("/Groups", &shared_group()).await.expect_status(201).json());
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (1..=16).map(|number| {
            let rng = Rng::with_seed(seed.wrapping_add(number as u64));
            let client = Client { number, gateways: gateways.clone(), key: account.key.clone(), group: group.clone(), rng };
            tokio::spawn(client.run(Limits { requests: 5_000, time: Duration::from_secs(120), stop: stop.clone() }))
        });
        let clients = clients.collect();
        sleep_ms(1_500).await;
        Self { clients, stop, key: account.key, group, administrator: account.administrator }
    }

    /// Ends the load and holds the ledger against what the first gateway shows.
    async fn audit(self, deployment: &Deployment) {
        self.stop.store(true, Ordering::Relaxed);
        let mut book = Book::default();
        for client in self.clients {
            book.merge(client.await.expect("a client ends"));
        }
        println!("{:?} {:?}", book.counts, book.reasons);
        assert!(book.counts[0] > 100, "too little was written to prove anything: {:?}", book.counts);
        let wrong = audit(&book, &deployment.clients(&self.key)[0], &self.group, &[self.administrator]).await;
        assert!(wrong.is_empty(), "{} broken promises\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_service_ends_well_under_load_on_sqlite() {
    let mut deployment = Deployment::small().await;
    let load = Load::start("the whole service ends well", &deployment).await;
    let status = deployment.gateways[0].process.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", deployment.gateways[0].process.tail());
    let address = deployment.gateways[0].address;
    deployment.gateways[0].process = deployment.installation.start_again("serve", "serve", address);
    deployment.gateways[0].ready().await;
    load.audit(&deployment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_gateways_end_well_under_load_one_after_the_other() {
    if !services("workers_and_gateways_end_well_under_load_one_after_the_other") {
        return;
    }
    let mut deployment = Deployment::full().await;
    let load = Load::start("workers and gateways end well", &deployment).await;
    for number in 0..2 {
        let status = deployment.workers[number].terminate().await;
        assert_eq!(status.code(), Some(0), "{}", deployment.workers[number].tail());
        deployment.workers[number] = deployment.installation.worker(&format!("worker-{}", number + 1));
        let status = deployment.gateways[number].process.terminate().await;
        assert_eq!(status.code(), Some(0), "{}", deployment.gateways[number].process.tail());
        let address = deployment.gateways[number].address;
        deployment.gateways[number].process = deployment.installation.start_again("gateway", &format!("gateway-{}", number + 1), address);
        deployment.gateways[number].ready().await;
        sleep_ms(500).await;
    }
    load.audit(&deployment).await;
}
