//! The conversion's pages, as a browser without scripts sees them. What a run does is shown by tests/it, where there is a worker.

use super::browser::{Browser, PASSWORD};
use crate::{pages::signed_in, support::Gateway};
use muster_domain::{
    AccountId, Role,
    conversion::{Code, ItemState, Phase, State},
};
use muster_store::{
    accounts,
    conversion::{self, Advance, Conversion, PlannedUser, UserSlice},
};
use uuid::Uuid;

const PATH: &str = "/configuration/ad/convert";

/// What a worker makes of a plan: these users, with these verdicts.
async fn planned(gateway: &Gateway, run: &Conversion, users: &[(&str, &str, Code)]) {
    let lease = conversion::take(&gateway.store, run.account, run.id, "test").await.unwrap().unwrap();
    let users: Vec<PlannedUser> = users
        .iter()
        .map(|(user_id, email, code)| PlannedUser {
            user: UserSlice {
                id: Uuid::now_v7(),
                user_id: (*user_id).to_owned(),
                login_key: (*user_id).to_owned(),
                email: Some((*email).to_owned()),
                active: true,
                user_type: None,
            },
            new_id: Some((*email).to_owned()),
            new_key: Some((*email).to_owned()),
            state: if code.converts() { ItemState::Todo } else { ItemState::Left },
            code: *code,
        })
        .collect();
    let total = i64::try_from(users.len()).unwrap();
    let converts = i64::try_from(users.iter().filter(|one| one.code.converts()).count()).unwrap();
    let ready = Advance { total: Some(total), planned: Some(converts), ..Advance::to(Phase::Ready) };
    conversion::insert_items(&gateway.store, &lease, 0, &users, &ready).await.unwrap();
    conversion::release(&gateway.store, &lease, 1_000, 0).await.unwrap();
}

async fn latest(gateway: &Gateway) -> Conversion {
    conversion::latest(&gateway.store, gateway.account).await.unwrap().unwrap()
}

async fn a_plan(gateway: &Gateway) -> Conversion {
    let run = conversion::create(&gateway.store, gateway.account, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    let users = [
        ("jdoe", "jdoe@acme.test", Code::Convert),
        ("<b>", "b@acme.test", Code::Convert),
        ("twin1", "twin@acme.test", Code::DupEmail),
        ("twin2", "twin@acme.test", Code::DupEmail),
        ("eve@acme.test", "eve@acme.test", Code::Already),
    ];
    planned(gateway, &run, &users).await;
    latest(gateway).await
}

#[tokio::test]
async fn a_plan_is_asked_for_and_shows_what_becomes_of_whom() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    browser.get(PATH).await.is_page(200, "Make a plan");
    let refused = browser.post(&format!("{PATH}/plan"), &[("only_own_domains", "on")]).await;
    browser.follow(&refused).await.is_page(200, "Name the domains");
    let made = browser.post(&format!("{PATH}/plan"), &[("domains", "@Acme.test"), ("alias_days", "30")]).await;
    browser.follow(&made).await.is_page(200, "Being planned");
    let run = latest(&gateway).await;
    assert_eq!((run.state, run.options["alias_days"].as_i64()), (State::Planning, Some(30)));

    let run = a_plan(&gateway).await;
    for address in [PATH.to_owned(), format!("{PATH}/runs/{}", run.id)] {
        let page = browser.get(&address).await.is_page(200, "Planned, not started").text();
        for words in ["jdoe → jdoe@acme.test", "Duplicate e-mail", "Already converted", "twin1 (twin@acme.test)", "Start the conversion"]
        {
            assert!(page.contains(words), "{words} is missing in {page}");
        }
        assert!(page.contains("&#60;b&#62;") && !page.contains("<b>"), "a name is text");
    }
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let file = viewer.get(&format!("{PATH}/runs/{}/items.csv?state=left&reason=dup_email", run.id)).await;
    let left = file.text.lines().filter(|line| line.contains(",left,dup_email,")).count();
    assert!(file.status == 200 && left == 2 && !file.text.contains("jdoe"), "{}", file.text);
    let report = browser.get(&format!("{PATH}/runs/{}/report.json", run.id)).await;
    assert_eq!(report.json()["counts"].as_array().map(Vec::len), Some(3), "{}", report.text());
    browser.get(&format!("{PATH}/runs/{}/items.csv?reason=none", run.id)).await.is_page(400, "reason");
}

#[tokio::test]
async fn a_run_is_started_with_the_password_paused_resumed_and_cancelled() {
    let gateway = Gateway::start().await;
    let mut browser = Browser::administrator(&gateway).await;
    let run = a_plan(&gateway).await;
    let page = format!("{PATH}/runs/{}", run.id);
    let address = |action: &str| format!("{page}/{action}");
    browser.get(&page).await;
    for password in ["", "wrong"] {
        browser.post(&address("start"), &[("preset", "fast"), ("password", password)]).await.goes_to(&page);
        assert_eq!(latest(&gateway).await.state, State::Planned, "{password:?}");
    }
    let odd = [("password", PASSWORD), ("when", "window"), ("days", "mon"), ("from", "25:00"), ("to", "05:00")];
    let answer = browser.post(&address("start"), &odd).await;
    browser.follow(&answer).await.is_page(200, "25:00");
    assert_eq!(latest(&gateway).await.state, State::Planned);
    let night = [
        ("preset", "normal"),
        ("max_rate", "300"),
        ("when", "window"),
        ("days", "mon"),
        ("from", "22:00"),
        ("to", "05:00"),
        ("zone", "Europe/Berlin"),
        ("blackout", "2099-12-24"),
    ];
    // The right password was entered a moment ago.
    let answer = browser.post(&address("start"), &night).await;
    let text = browser.follow(&answer).await.is_page(200, "Started.").text();
    assert!(text.contains("mon 22:00 to 05:00 (Europe/Berlin), but not on 2099-12-24") && text.contains("Rows a second"), "{text}");
    let started = latest(&gateway).await;
    assert_eq!((started.state, started.pace["rows_per_second"].as_i64()), (State::Running, Some(300)));
    browser.get(PATH).await.is_page(200, "under way");
    let second = browser.post(&format!("{PATH}/plan"), &[]).await;
    browser.follow(&second).await.is_page(200, "under way");

    let answer = browser.post(&address("pause"), &[("reason", "lunch")]).await;
    let text = browser.follow(&answer).await.is_page(200, "lunch.").text();
    assert!(text.contains("Let it go on") && !text.contains("/pause\""), "{text}");
    let answer = browser.post(&address("resume"), &[("preset", "fast"), ("when", "any")]).await;
    browser.follow(&answer).await.is_page(200, "fast; at any time");
    let answer = browser.post(&address("resume"), &[]).await;
    browser.follow(&answer).await.is_page(200, "Nothing was changed: ");
    let answer = browser.post(&address("cancel"), &[]).await;
    browser.follow(&answer).await.is_page(200, "Undo the conversion");
    let undo = browser.post(&address("undo"), &[("preset", "fast")]).await;
    browser.follow(&undo).await.is_page(200, "Being taken back");
    let undo = latest(&gateway).await;
    assert_eq!((undo.undo_of, undo.state), (Some(run.id), State::Running));

    let audit = browser.get("/audit").await.text();
    for action in ["start", "pause", "resume", "cancel", "undo"] {
        assert!(audit.contains(&format!("conversion.{action}")), "{action} is not in the audit log");
    }
}

#[tokio::test]
async fn everybody_sees_how_it_stands_and_administrators_alone_act() {
    let gateway = Gateway::start().await;
    let run = a_plan(&gateway).await;
    let page = format!("{PATH}/runs/{}", run.id);
    for role in [Role::UserManager, Role::Viewer] {
        let mut browser = Browser::of(&gateway, role).await;
        for address in [PATH, page.as_str()] {
            let text = browser.get(address).await.is_page(200, "jdoe → jdoe@acme.test").text();
            assert!(!text.contains("action=\"/configuration"), "{role} is offered a form: {text}");
        }
        for action in ["start", "pause", "resume", "cancel", "undo"] {
            browser.post(&format!("{page}/{action}"), &[("password", PASSWORD)]).await.is_page(403, "This is for administrators");
        }
        browser.post(&format!("{PATH}/plan"), &[]).await.is_page(403, "This is for administrators");
    }
    assert_eq!(latest(&gateway).await.state, State::Planned);

    let mut browser = Browser::administrator(&gateway).await;
    let other: AccountId = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let theirs = conversion::create(&gateway.store, other, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    for part in ["", "/items.csv", "/report.json"] {
        browser.get(&format!("{PATH}/runs/{}{part}", theirs.id)).await.is_page(404, "There is no page");
    }
    browser.post(&format!("{PATH}/runs/{}/cancel", theirs.id), &[]).await.is_page(404, "There is no page");
    assert_eq!(conversion::latest(&gateway.store, other).await.unwrap().unwrap().state, State::Planning);
}
