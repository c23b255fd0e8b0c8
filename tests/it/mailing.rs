//! From failures over the wire to mails at a mail server, through the running binary.

mod killed;

use crate::harness::{
    Account, Answer, Connection, Deployment, Installation, Postgres, Smtp, eventually, ports::free_port, scim, services, sleep_ms,
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    net::SocketAddr,
    time::Duration,
};

const LANES: usize = 16;
/// Of three kinds, each an operation that reaches a worker: their cause, and what their client is told.
const KINDS: [(&str, u16); 3] = [("duplicate_user", 409), ("unknown_resource", 404), ("duplicate_group", 409)];

/// An installation as in production that sends its mail here.
async fn deployment(mail_server: SocketAddr) -> Deployment {
    let url = format!("smtp://{mail_server}?tls=none");
    Deployment::full_with(Postgres::shared().await, &[("MUSTER_MAIL__URL", &url)]).await
}

async fn recipient(installation: &Installation, account: &str, address: &str) {
    installation.json(&["notify", "add", "--account", account, address]).await;
}

async fn mails(installation: &Installation, account: &str) -> Vec<Value> {
    let mails = installation.json(&["notify", "mails", "--account", account, "--limit", "1000"]).await;
    mails.as_array().expect("a list").clone()
}

/// Sends requests that fail, of each kind in turn, and one that has to succeed after each tenth. Each is answered as it should be.
async fn burst(deployment: &Deployment, account: &Account, failures: usize) {
    let client = &deployment.clients(&account.key)[0];
    client.create_user("taken@mail.test").await;
    client.create_group("taken").await;
    let lanes = (0..LANES).map(|lane| {
        let mut connection = Connection::to(deployment.gateways[lane % deployment.gateways.len()].address);
        let key = account.key.clone();
        async move {
            let mut send = async |method: &str, path: &str, body: &Value, expected: u16| {
                let answer = connection.send(scim::request(&key, method, path, Some(body))).await;
                let Answer::Response(response) = answer else { panic!("{method} {path}: {answer:?}") };
                response.expect_status(expected);
            };
            for number in (lane..failures).step_by(LANES) {
                match number % KINDS.len() {
                    0 => send("POST", "/Users", &scim::user("taken@mail.test"), 409).await,
                    1 => {
                        let path = format!("/Users/019ab1c2-5d3e-7f00-8000-{number:012x}");
                        send("PATCH", &path, &scim::patch_body(json!([{ "op": "replace", "path": "active", "value": false }])), 404).await;
                    }
                    _ => send("POST", "/Groups", &json!({ "schemas": [scim::GROUP], "displayName": "Taken" }), 409).await,
                }
                if number % 10 == 0 {
                    send("POST", "/Users", &scim::user(&format!("new-{number}@mail.test")), 201).await;
                }
            }
        }
    });
    join_all(lanes).await;
}

/// Every page of a list, by the cursor each page ends with.
async fn pages(items: &str, page: impl AsyncFn(Option<&str>) -> Value) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = page(after.as_deref()).await;
        all.extend(page[items].as_array().expect("a list").iter().cloned());
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            return all;
        }
    }
}

fn ids(listed: &[Value], name: &str) -> BTreeSet<String> {
    let ids: BTreeSet<String> = listed.iter().map(|item| item[name].as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids.len(), listed.len(), "nothing is on two pages");
    ids
}

/// The incidents, once they count this many failures: by their number, how many each has.
async fn incidents(installation: &Installation, account: &str, failures: usize) -> BTreeMap<i64, usize> {
    eventually("every failure is counted", || async {
        let listed = installation.json(&["incidents", "list", "--account", account]).await;
        let listed = listed["incidents"].as_array().expect("a list").clone();
        let causes: Vec<&str> = listed.iter().map(|incident| incident["cause"].as_str().expect("a cause")).collect();
        assert!(causes.iter().all(|cause| KINDS.iter().any(|(known, _)| known == cause)), "{causes:?}");
        assert!(causes.len() <= KINDS.len(), "{causes:?}");
        let number = |incident: &Value, name: &str| incident[name].as_i64().expect("a number");
        let counts = listed
            .iter()
            .map(|incident| (number(incident, "number"), usize::try_from(number(incident, "failures")).expect("not that many")));
        let counts: BTreeMap<i64, usize> = counts.collect();
        (counts.values().sum::<usize>() == failures).then_some(counts)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_failures_are_three_incidents_three_mails_and_all_reachable() {
    const FAILURES: usize = 10_000;
    if !services("mailing: ten thousand failures") {
        return;
    }
    let smtp = Smtp::start(Duration::ZERO);
    let mut deployment = deployment(smtp.address).await;
    let account = deployment.account().await;
    recipient(&deployment.installation, &account.slug, "ops@mail.test").await;
    burst(&deployment, &account, FAILURES).await;
    deployment.all_alive();
    let installation = &deployment.installation;
    let incidents = incidents(installation, &account.slug, FAILURES).await;
    assert_eq!(incidents.len(), KINDS.len());

    let made = ["token", "create", "--account", &account.slug, "--user", &account.administrator, "--name", "test"];
    let token = installation.json(&made).await["token"].as_str().expect("a token").to_owned();
    let client = &deployment.clients(&account.key)[0];
    let api = async |path: String| {
        let request = hyper::Request::builder().uri(format!("/api/v1{path}")).header("authorization", format!("Bearer {token}"));
        client.send(request.body(http_body_util::Full::default()).expect("a request")).await.expect_status(200).json()
    };
    let mut reached = 0;
    for (number, failures) in &incidents {
        let number = number.to_string();
        let by_command = pages("operations", async |after| {
            let list = ["ops", "list", "--account", &account.slug, "--incident", &number, "--limit", "1000"];
            match after {
                Some(after) => installation.json(&[&list[..], &["--after", after]].concat()).await,
                None => installation.json(&list).await,
            }
        });
        let by_command = ids(&by_command.await, "id");
        let after = |after: Option<&str>| after.map(|after| format!("&after={after}")).unwrap_or_default();
        let by_api = pages("operations", async |next| api(format!("/operations?incident={number}&limit=700{}", after(next))).await);
        assert_eq!(ids(&by_api.await, "id"), by_command);
        let by_failure = pages("items", async |next| api(format!("/incidents/{number}/failures?limit=900{}", after(next))).await);
        assert_eq!(ids(&by_failure.await, "operation"), by_command);
        assert_eq!(by_command.len(), *failures);
        reached += by_command.len();
    }
    assert_eq!(reached, FAILURES);

    let about = |smtp: &Smtp| -> Vec<String> { smtp.got().iter().map(|got| got.header("X-Muster-Incident")).collect() };
    eventually("a mail about each incident", || async {
        (about(&smtp).into_iter().collect::<HashSet<_>>().len() == KINDS.len()).then_some(())
    })
    .await;
    // `inc-ID.failed.0`: an incident's mails by state and window.
    let keys: Vec<String> = smtp.got().iter().map(|got| got.header("X-Muster-Mail")).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "two mails about an incident in one window: {keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("inc-")), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_everything_is_provisioned_and_one_digest_follows() {
    const FAILURES: usize = 1_500;
    if !services("mailing: without a mail server") {
        return;
    }
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut deployment = deployment(address).await;
    let account = deployment.account().await;
    for recipient in ["ops@mail.test", "second@mail.test"] {
        self::recipient(&deployment.installation, &account.slug, recipient).await;
    }
    burst(&deployment, &account, FAILURES).await;
    deployment.all_alive();
    let installation = &deployment.installation;
    assert_eq!(incidents(installation, &account.slug, FAILURES).await.len(), KINDS.len());
    eventually("every mail has met a server that is away", || async {
        sleep_ms(300).await;
        let mails = mails(installation, &account.slug).await;
        assert!(mails.iter().all(|mail| mail["status"] == "pending"), "{mails:?}");
        let refused = mails.iter().filter(|mail| mail["reply"].as_str().is_some_and(|reply| reply.contains("refused")));
        (refused.count() == 2 * KINDS.len()).then_some(())
    })
    .await;

    let smtp = Smtp::start_on(address, Duration::ZERO);
    eventually("nothing waits any more", || async {
        sleep_ms(300).await;
        mails(installation, &account.slug).await.iter().all(|mail| mail["status"] != "pending").then_some(())
    })
    .await;
    let mut got: Vec<(String, String)> = smtp.got().iter().map(|got| (got.to.clone(), got.header("Subject"))).collect();
    got.sort_unstable();
    let subject = format!("[Muster][{}] 3 mails that could not be sent earlier", account.slug);
    assert_eq!(got, [("ops@mail.test".to_owned(), subject.clone()), ("second@mail.test".to_owned(), subject)]);
}
