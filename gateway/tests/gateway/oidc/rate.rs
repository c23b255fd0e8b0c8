//! Sign-ins that come too fast.

use super::{World, kept_out};

#[tokio::test]
async fn sign_ins_that_come_too_fast_wait_and_cost_the_provider_nothing() {
    let world = World::with(|settings| settings.limits.sign_in_steps_per_account = 6).await;
    assert_eq!(world.sign_in(|_| ()).await.status, 303);
    let begun = world.begin("").await;
    for nowhere in ["/sso/nobody/login", "/sso/acme/nowhere"] {
        world.get(nowhere, "").await;
    }
    world.begin("").await;
    assert_eq!(world.get("/sso/nobody/login", "").await.status, 404, "what leads nowhere counts for its address");
    let asked = world.provider.script.lock().unwrap().asked.len();
    for path in
        [format!("/sso/acme/callback?code=c0de&state={}", begun.state), "/sso/acme/login".to_owned(), "/sso/nobody/login".to_owned()]
    {
        let answer = world.get(&path, &begun.cookie).await;
        kept_out(&answer, 429, "too many sign-ins");
        assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok_and(|wait| (1..=60).contains(&wait))));
    }
    assert_eq!(world.provider.script.lock().unwrap().asked.len(), asked);
    assert_eq!(world.gateway.get("/scim/Users?count=1").await.status, 200, "directories are not held up by it");
}
