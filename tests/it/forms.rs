//! A plan of a conversion says in which form the directory asks for users, whatever gateway it asks.

use crate::harness::{Deployment, eventually, services};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_warns_of_a_directory_that_sends_mailbox_names() {
    warned(Deployment::small().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_count_together_what_a_directory_sends() {
    if services("forms::gateways_count_together") {
        warned(Deployment::full().await).await;
    }
}

async fn warned(deployment: Deployment) {
    let account = deployment.account().await;
    let (installation, slug) = (&deployment.installation, account.slug.as_str());
    let convert = async |what: &str| installation.json(&["convert", what, "--account", slug]).await;
    let clients: Vec<_> = deployment.gateways.iter().map(|gateway| account.client(gateway.address)).collect();
    let plan = convert("plan").await;
    assert_eq!(plan["forms"]["warnings"], json!([]), "nobody has asked for anybody");

    for client in &clients {
        client.get("/Users?filter=userName%20eq%20%22jdoe%22").await.expect_status(200);
    }
    clients[0].create_user("jdoe").await;
    clients[0].create_user("ada@acme.test").await;
    let counted = json!({ "mailbox": clients.len() + 1, "email": 1 });
    let status = eventually("what was asked for is counted", || async {
        let status = convert("status").await;
        (status["forms"]["scim"] == counted).then_some(status)
    })
    .await;
    assert_eq!(status["forms"]["sso"], json!({ "mailbox": 0, "email": 0 }));
    let warned =
        |document: &Value| document["forms"]["warnings"][0].as_str().is_some_and(|text| text.contains("change the attribute mapping"));
    assert!(warned(&status), "{status}");
    let (plan, report) = (convert("plan").await, convert("report").await);
    assert!(warned(&plan) && warned(&report), "{plan}\n{report}");
    let text = installation.run(&["convert", "plan", "--account", slug]).await;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("your directory still sends user ids such as scim-admin, not scim-admin@"), "{text}");
}
