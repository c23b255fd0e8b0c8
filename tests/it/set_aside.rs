//! Messages that were set aside: listed, replayed and discarded by command, on a real queue.

use crate::harness::{Deployment, Postgres, eventually, services};
use serde_json::{Value, json};

const DEAD: &str = "{muster}:dead:operations";

/// Sets a message aside, as a worker does.
async fn set_aside(deployment: &Deployment, message: &str) -> String {
    let redis = deployment.redis.as_ref().expect("a queue");
    redis.command(&["XADD", DEAD, "*", "m", message, "reason", "it ended its worker", "deliveries", "3", "at", "1764374400000"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_set_aside_is_replayed_once_or_discarded_by_command() {
    if !services("set aside: by command") {
        return;
    }
    let mut deployment = Deployment::full_on(Postgres::shared().await).await;
    let account = deployment.account().await;
    let client = deployment.clients(&account.key)[0].clone();
    let installation = &deployment.installation;
    let accounts = installation.json(&["account", "list"]).await;
    let id =
        accounts.as_array().and_then(|all| all.iter().find(|one| one["slug"] == account.slug.as_str())).expect("the account")["id"].clone();
    let operation = uuid_like(1);
    let message = json!({
        "v": 2, "reply_to": null,
        "operations": [{
            "id": operation, "account": id, "actor": { "by": "command" }, "resource_type": "User", "resource_id": uuid_like(2),
            "change": { "do": "create", "resource": { "userName": "ada@aside.test", "active": true }, "role": "user" },
            "accepted_ms": 1, "deadline_ms": 2, "request_id": uuid_like(3)
        }]
    });
    // Twice the same, as after a crash between enqueueing it and forgetting it; and one nobody can read.
    let (first, second) = (set_aside(&deployment, &message.to_string()).await, set_aside(&deployment, &message.to_string()).await);
    let unreadable = set_aside(&deployment, "{").await;
    let listed = installation.json(&["queue", "list"]).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(3), "{listed}");
    assert_eq!(
        (&listed[2]["id"], &listed[2]["operations"][0]["id"], &listed[2]["deliveries"]),
        (&json!(first), &json!(operation), &json!(3))
    );
    assert!(!listed.to_string().contains("ada@"), "what is in them is not shown: {listed}");

    let run = async |arguments: &[&str]| installation.run(arguments).await.status.code();
    assert_eq!(run(&["queue", "replay", &first]).await, Some(0));
    let users = async || client.get("/Users?filter=userName%20eq%20%22ada%40aside.test%22").await.expect_status(200).json();
    eventually("it is applied, long after its deadline", || async { (users().await["totalResults"] == 1).then_some(()) }).await;
    assert_eq!(run(&["queue", "replay", &second]).await, Some(6), "it has an outcome, and replaying would do nothing");
    assert_eq!(run(&["queue", "discard", &second, "--reason", "it was applied"]).await, Some(0));
    eventually("the queue is empty", || async {
        let status = installation.json(&["queue", "status"]).await;
        (status["queues"][0]["depth"] == 0).then_some(())
    })
    .await;
    let user = users().await;
    assert_eq!((&user["totalResults"], &user["Resources"][0]["meta"]["version"]), (&json!(1), &json!("W/\"1\"")), "one effect");
    let log = installation.json(&["ops", "list", "--account", &account.slug]).await;
    let applied: Vec<&Value> = log["operations"].as_array().expect("a list").iter().filter(|one| one["id"] == json!(operation)).collect();
    assert_eq!(applied.len(), 1, "{log}");

    assert_eq!(run(&["queue", "replay", &unreadable]).await, Some(6));
    assert_eq!(run(&["queue", "discard", &unreadable, "--reason", ""]).await, Some(2), "not without a reason");
    assert_eq!(run(&["queue", "discard", &unreadable, "--reason", "nobody can read it"]).await, Some(0));
    for gone in [first.as_str(), &unreadable, "+", "nonsense"] {
        assert_eq!(run(&["queue", "replay", gone]).await, Some(5), "{gone}");
    }
    assert_eq!(installation.json(&["queue", "list"]).await, json!([]));
    let audit = installation.json(&["audit", "list", "--account", &account.slug]).await.to_string();
    assert_eq!(audit.matches("message.replayed").count(), 1, "{audit}");
    deployment.all_alive();
}

/// An id nobody else has in this installation.
fn uuid_like(number: u32) -> String {
    format!("019ab1c2-5d3e-7f00-8000-{number:012x}")
}
