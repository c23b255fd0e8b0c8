//! A database, a mailer, and a clock that is a number.

use muster_domain::{
    AccountId,
    incident::{Cause, Fingerprint},
    notify::{Content, MailKey, TestMail},
};
use muster_store::{
    Store, StoreSettings, accounts,
    incidents::{self, Failure},
    outbox::{self, MailStatus, NewMail, NewRecipient, SentMail},
};
use muster_worker::mail::{MailSettings, Mailer};
use sea_orm::{ConnectionTrait, Database};
use std::{
    future::Future,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const MINUTE: i64 = 60_000;

#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub account: AccountId,
    now_ms: Arc<AtomicI64>,
    dir: PathBuf,
}

/// Runs a test on every engine there is.
pub async fn on_each<F, T>(test: F)
where
    F: Fn(World) -> T,
    T: Future<Output = ()>,
{
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("muster.db").display());
    test(world(&url, dir.path().to_owned()).await).await;
    match std::env::var("MUSTER_TEST_POSTGRES") {
        Ok(admin) => {
            let dir = tempfile::tempdir().unwrap();
            test(world(&new_database(&admin).await, dir.path().to_owned()).await).await;
        }
        Err(_) => println!("left out: needs postgresql (run tests/run)"),
    }
}

async fn new_database(admin: &str) -> String {
    let name = format!("muster_{}", Uuid::now_v7().simple());
    let db = Database::connect(admin).await.unwrap();
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn world(url: &str, dir: PathBuf) -> World {
    let store = Store::connect(&StoreSettings { url: url.to_owned(), ..Default::default() }).await.unwrap();
    store.migrate().await.unwrap();
    let account = accounts::create(&store, "acme", "Acme Ltd").await.unwrap().id;
    let world = World { store, account, now_ms: Arc::new(AtomicI64::new(1_000)), dir };
    world.recipient("ops@acme.test").await;
    world
}

pub type TestMailer = Mailer<Box<dyn Fn() -> i64 + Send + Sync>>;

impl World {
    pub fn settings(&self, url: impl Into<String>) -> MailSettings {
        MailSettings {
            url: url.into(),
            dir: self.dir.join("mail"),
            from: "muster@acme.test".to_owned(),
            public_url: "https://scim.acme.test".to_owned(),
            ca_file: None,
        }
    }

    pub fn mailer(&self, settings: MailSettings) -> TestMailer {
        let now_ms = Arc::clone(&self.now_ms);
        let clock: Box<dyn Fn() -> i64 + Send + Sync> = Box::new(move || now_ms.load(Ordering::Relaxed));
        Mailer::new(settings, self.store.clone(), clock).unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn now(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Lets time pass.
    pub fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub async fn recipient(&self, address: &str) {
        let new = NewRecipient { address: address.parse().unwrap(), time_zone: "Europe/Berlin".to_owned(), quiet_hours: None };
        outbox::add(&self.store, self.account, &new, 0).await.unwrap();
    }

    /// Writes mails that are due at once.
    pub async fn write(&self, mails: usize) {
        for _ in 0..mails {
            let mail = NewMail {
                key: MailKey::test(Uuid::now_v7()),
                thread: None,
                content: Content::Test(TestMail { at_ms: self.now() }),
                attachment: None,
                immediate: false,
                trace: None,
            };
            outbox::write(&self.store, self.account, &mail, self.now()).await.unwrap();
        }
    }

    /// Failures of one kind, counted.
    pub async fn fail(&self, cause: Cause, failures: i64) {
        let fingerprint = Fingerprint { cause, scim_type: None, attribute: None, action: "create", resource_type: Some("User") };
        self.fail_like(fingerprint, failures).await;
    }

    /// Failures with this fingerprint, counted.
    pub async fn fail_like(&self, fingerprint: Fingerprint, failures: i64) {
        incidents::record(&self.store, &[Failure::refused(self.account, fingerprint, failures, self.now())]).await.unwrap();
        while incidents::fold(&self.store, self.now()).await.unwrap() > 0 {}
    }

    /// Mails, oldest first.
    pub async fn mails(&self) -> Vec<SentMail> {
        let mut mails = outbox::recent(&self.store, self.account, 1_000).await.unwrap();
        mails.reverse();
        mails
    }

    pub async fn statuses(&self) -> Vec<MailStatus> {
        self.mails().await.iter().map(|mail| mail.status).collect()
    }
}

/// Plans and sends until nothing is due any more.
pub async fn look(mailer: &mut TestMailer) {
    while mailer.look(&CancellationToken::new()).await.unwrap() {}
}
