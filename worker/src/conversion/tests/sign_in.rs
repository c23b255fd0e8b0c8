//! Signing in while everybody's user id is changed.

use super::*;
use muster_domain::sso::{Evidence, Match, Refusal, Rule};
use muster_store::sso::{self, Chosen};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

impl Place {
    async fn own(&self, domain: &str, rule: Rule) {
        sso::choose(&self.store, self.account, Chosen { rule: Some(rule), ..Chosen::default() }).await.expect("chosen");
        sso::add_domain(&self.store, self.account, &domain.parse().expect("a domain")).await.expect("added");
    }

    async fn ask(&self, presented: &str, evidence: Evidence) -> Result<Match, Refusal> {
        let settings = sso::settings(&self.store, self.account).await.expect("settings");
        sso::resolve(&self.store, self.account, presented, evidence, &settings).await.expect("asked")
    }

    /// That each of `u1`… is found by its mailbox name and by its address, and by its old user id with a password.
    async fn everybody_signs_in(&self, users: &[Uuid], when: &str) {
        for (at, id) in users.iter().enumerate() {
            let (mailbox, address) = (format!("U{}", at + 1), format!("u{}@acme.test", at + 1));
            for (presented, evidence) in [(&mailbox, Evidence::Assertion), (&mailbox, Evidence::Password), (&address, Evidence::Assertion)]
            {
                let found = self.ask(presented, evidence).await.map(|found| found.person.id.0);
                assert_eq!(found, Ok(*id), "{}, {when}: {presented} by {evidence:?}", self.engine);
            }
        }
    }
}

/// `u1` … with addresses of the same names.
async fn namesakes(place: &Place, count: usize) -> Vec<Uuid> {
    let names: Vec<(String, String)> = (1..=count).map(|n| (format!("u{n}"), format!("u{n}@acme.test"))).collect();
    place.users(&names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_user_is_found_before_after_each_chunk_and_after_the_undo() {
    on_each(|place| async move {
        for rule in [Rule::Email, Rule::Mailbox] {
            place.own("acme.test", rule).await;
        }
        let users = namesakes(&place, 30).await;
        place.everybody_signs_in(&users, "before").await;
        let run = place.plan(&PlanOptions { alias_days: 1, ..PlanOptions::default() }).await;
        place.everybody_signs_in(&users, "planned").await;
        conversion::start(&place.store, &run, "test", &json!({})).await.expect("started");
        let mut slices = 0;
        while place.get(&run).await.state == State::Running {
            place.slice_of(&run, 2).await;
            place.everybody_signs_in(&users, "under way").await;
            slices += 1;
            assert!(slices < 200, "it does not end");
        }
        assert!(slices > 3, "it was looked at in between");
        assert!(place.ids().await.values().all(|user_id| user_id.contains('@')));
        let usage = sso::alias_usage(&place.store, place.account).await.expect("usage");
        assert_eq!((usage.alive, usage.used_lately), (30, 30), "{}: old ids are used, and it shows", place.engine);
        place.undo(&place.get(&run).await).await;
        place.everybody_signs_in(&users, "undone").await;
    })
    .await;
}

/// The run and those who sign in at once: nobody is missed and nobody is taken for another, at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_sign_in_while_it_runs() {
    on_each(|place| async move {
        place.own("acme.test", Rule::Email).await;
        let users = namesakes(&place, 60).await;
        let run = place.plan(&PlanOptions::default()).await;
        let (done, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let people: Vec<_> = (0..3)
            .map(|seed: usize| {
                let (place, users, done, asked) = (place.clone(), users.clone(), Arc::clone(&done), Arc::clone(&asked));
                tokio::spawn(async move {
                    let mut at = seed * 17;
                    while !done.load(Ordering::Relaxed) {
                        at = (at + 7) % users.len();
                        let presented = if at.is_multiple_of(2) { format!("u{}", at + 1) } else { format!("u{}@acme.test", at + 1) };
                        let found = place.ask(&presented, Evidence::Assertion).await.map(|found| found.person.id.0);
                        assert_eq!(found, Ok(users[at]), "{}: {presented}", place.engine);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let run = place.run(&run).await;
        done.store(true, Ordering::Relaxed);
        for person in people {
            person.await.expect("everybody was let in");
        }
        assert_eq!(run.converted, 60);
        assert!(asked.load(Ordering::Relaxed) > 0);
    })
    .await;
}
