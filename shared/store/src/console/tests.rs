//! The console's own tables, on both engines.

use super::{
    administrators,
    audit::{self, Entry},
    links, passwords,
    sessions::{self, ABSOLUTE_MS, IDLE_MS, NewSession},
    sightings::{self, Sighting},
};
use crate::{
    Dialect, UserRow, keys, sso,
    testing::{World, on_each},
};
use muster_domain::{AccountId, KeyId, LinkToken, Role, SecretKey, SecretKeyHash, SessionToken, UserId, sso::Provider};
use muster_scim::Resource;
use sea_orm::ConnectionTrait;

impl World {
    async fn somebody(&self, user_id: &str, role: Role, active: bool) -> UserId {
        let resource = Resource::from_iter([("userName".to_owned(), user_id.into()), ("active".to_owned(), active.into())]);
        let user = UserRow { role, ..self.user(resource, 0, 0) };
        let id = UserId(user.id);
        self.insert(&[user], &[], &[]).await;
        id
    }

    async fn session(&self, user: UserId, now_ms: i64) -> SecretKeyHash {
        let hash = SessionToken::generate().hash();
        let new = NewSession { user, hash, peer: "192.0.2.1", agent: "Browser", now_ms };
        sessions::begin(&self.store, self.account, &new).await.expect("a session");
        hash
    }

    async fn lives(&self, hash: &SecretKeyHash, now_ms: i64) -> bool {
        sessions::find(&self.store, hash, now_ms).await.expect("looked up").is_some()
    }

    async fn write(&self, action: &'static str) {
        let entry = Entry {
            actor: Some(UserId::new()),
            actor_name: "ada".into(),
            action,
            target: "bob".into(),
            detail: String::new(),
            peer: "192.0.2.1".into(),
        };
        audit::append(&self.store, self.account, &entry).await.expect("an entry");
    }
}

#[tokio::test]
async fn a_session_knows_how_its_user_can_say_again_who_it_is() {
    on_each(|world| async move {
        let (ada, bob) = (world.somebody("ada", Role::Viewer, true).await, world.somebody("bob", Role::Viewer, true).await);
        let hash = world.session(ada, 1_000).await;
        let ways = async || {
            let session = sessions::find(&world.store, &hash, 1_000).await.expect("looked up").expect("a session");
            (session.has_password, session.issuer)
        };
        passwords::set(&world.store, world.account, bob, "a hash").await.expect("set");
        assert_eq!(ways().await, (false, None), "what another has is another's");
        let (issuer, return_to) = ("https://login.acme.test".to_owned(), "https://app.acme.test/in".to_owned());
        let provider =
            Provider { issuer: issuer.clone(), client_id: "muster".into(), secret_file: None, scopes: "openid".into(), return_to };
        sso::set_provider(&world.store, world.account, &provider).await.expect("set");
        assert_eq!(ways().await, (false, Some(issuer.clone())));
        passwords::set(&world.store, world.account, ada, "a hash").await.expect("set");
        assert_eq!(ways().await, (true, Some(issuer)));
    })
    .await;
}

#[tokio::test]
async fn a_session_is_over_when_it_is_idle_or_old_or_ended() {
    on_each(|world| async move {
        let ada = world.somebody("ada", Role::Administrator, true).await;
        let idle = world.session(ada, 1_000).await;
        assert!(world.lives(&idle, 1_000 + IDLE_MS - 1).await);
        assert!(!world.lives(&idle, 1_000 + IDLE_MS).await);

        let used = world.session(ada, 1_000).await;
        let session = sessions::find(&world.store, &used, 2_000).await.expect("looked up").expect("a session");
        assert_eq!((session.user_id.as_str(), session.role, session.account_slug.as_str()), ("ada", Role::Administrator, "acme"));
        let last = 1_000 + ABSOLUTE_MS;
        sessions::touch(&world.store, world.account, session.id, last - 1).await.expect("touched");
        assert!(world.lives(&used, last - 1).await);
        assert!(!world.lives(&used, last).await, "however often it is used");

        let (one, two) = (world.session(ada, 1_000).await, world.session(ada, 1_000).await);
        let session = sessions::find(&world.store, &one, 1_000).await.expect("looked up").expect("a session");
        sessions::end(&world.store, AccountId::new(), session.id).await.expect("nothing happens");
        assert!(world.lives(&one, 1_000).await, "not by another account");
        sessions::end(&world.store, world.account, session.id).await.expect("ended");
        assert!(!world.lives(&one, 1_000).await && world.lives(&two, 1_000).await);
        assert_eq!(sessions::list(&world.store, world.account, ada, 1_000).await.expect("a list").len(), 3);
        assert_eq!(sessions::end_all(&world.store, world.account, ada).await.expect("ended"), 3);
        assert!(!world.lives(&two, 1_000).await);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_user() {
    on_each(|world| async move {
        let (ada, bob) = (world.somebody("ada", Role::Viewer, true).await, world.somebody("bob", Role::Viewer, false).await);
        let (of_ada, of_bob) = (world.session(ada, 0).await, world.session(bob, 0).await);
        assert!(world.lives(&of_ada, 0).await && !world.lives(&of_bob, 0).await, "bob is disabled");
        world.delete_user(ada.0).await;
        assert!(!world.lives(&of_ada, 0).await);
    })
    .await;
}

#[tokio::test]
async fn what_is_left_for_the_next_page_is_taken_once_and_in_time() {
    on_each(|world| async move {
        let ada = world.somebody("ada", Role::Administrator, true).await;
        let hash = world.session(ada, 0).await;
        let id = sessions::find(&world.store, &hash, 0).await.expect("looked up").expect("a session").id;
        let take = async |now_ms| sessions::take(&world.store, world.account, id, now_ms).await.expect("taken");
        assert_eq!(take(0).await, None);
        sessions::leave(&world.store, world.account, id, b"sealed", 100).await.expect("left");
        let (one, two) = tokio::join!(take(50), take(50));
        assert_eq!([one.is_some(), two.is_some()].into_iter().filter(|got| *got).count(), 1);
        sessions::leave(&world.store, world.account, id, b"sealed", 100).await.expect("left");
        assert_eq!(take(100).await, None, "too late");
        assert_eq!(take(50).await, None, "and gone");
    })
    .await;
}

#[tokio::test]
async fn a_password_replaces_the_one_before() {
    on_each(|world| async move {
        let ada = UserId::new();
        assert_eq!(passwords::hash(&world.store, world.account, ada).await.expect("none"), None);
        for hash in ["one", "two"] {
            passwords::set(&world.store, world.account, ada, hash).await.expect("set");
        }
        assert_eq!(passwords::hash(&world.store, world.account, ada).await.expect("one").as_deref(), Some("two"));
        assert_eq!(passwords::hash(&world.store, AccountId::new(), ada).await.expect("none"), None);
    })
    .await;
}

#[tokio::test]
async fn a_link_is_claimed_by_one_and_the_first_administrators_only_while_there_is_none() {
    on_each(|world| async move {
        let first = LinkToken::generate().hash();
        links::create(&world.store, world.account, None, &first, 0).await.expect("a link");
        let found = async |hash: &SecretKeyHash, now_ms| links::find(&world.store, hash, now_ms).await.expect("looked up");
        assert!(found(&first, 0).await.is_some_and(|link| link.user.is_none() && link.account == world.account));
        assert!(found(&first, links::LIFE_MS).await.is_none());
        let claim = async || links::claim(&world.store, world.account, &first, 1).await.expect("claimed");
        let (one, two) = tokio::join!(claim(), claim());
        assert!(one != two, "{one} {two}");
        links::release(&world.store, world.account, &first).await.expect("released");
        assert!(claim().await);
        links::release(&world.store, world.account, &first).await.expect("released");
        let ada = world.somebody("ada", Role::Administrator, true).await;
        assert!(found(&first, 0).await.is_none(), "there is one now");

        let hers = LinkToken::generate().hash();
        links::create(&world.store, world.account, Some(ada), &hers, 0).await.expect("a link");
        assert_eq!(found(&hers, 0).await.and_then(|link| link.user), Some((ada, "ada".to_owned())));
        world.delete_user(ada.0).await;
        assert!(found(&hers, 0).await.is_none());
        let bob = world.somebody("bob", Role::Viewer, false).await;
        links::create(&world.store, world.account, Some(bob), &hers, 0).await.expect_err("the token is used already");
        let his = LinkToken::generate().hash();
        links::create(&world.store, world.account, Some(bob), &his, 0).await.expect("a link");
        assert!(found(&his, 0).await.is_none(), "bob is disabled");
    })
    .await;
}

#[tokio::test]
async fn candidates_are_active_and_of_the_right_role() {
    on_each(|world| async move {
        assert!(!administrators::exists(&world.store, world.account).await.expect("asked"));
        world.somebody("zoe", Role::UserManager, true).await;
        assert!(!administrators::exists(&world.store, world.account).await.expect("asked"));
        let ada = world.somebody("ada", Role::Administrator, true).await;
        for (user_id, role, active) in [("bob", Role::Viewer, true), ("cid", Role::User, true), ("dan", Role::Administrator, false)] {
            world.somebody(user_id, role, active).await;
        }
        let found = administrators::candidates(&world.store, world.account, 10).await.expect("candidates");
        let names: Vec<(&str, Role)> = found.iter().map(|user| (user.user_id.as_str(), user.role)).collect();
        assert_eq!(names, [("ada", Role::Administrator), ("zoe", Role::UserManager)]);
        assert_eq!(administrators::candidates(&world.store, world.account, 1).await.expect("one").len(), 1);
        assert!(administrators::exists(&world.store, world.account).await.expect("asked"));
        assert_eq!(administrators::first(&world.store, world.account).await.expect("asked"), Some(("ada".to_owned(), false)));
        passwords::set(&world.store, world.account, ada, "hash").await.expect("set");
        assert_eq!(administrators::first(&world.store, world.account).await.expect("asked"), Some(("ada".to_owned(), true)));
        assert!(!administrators::exists(&world.store, AccountId::new()).await.expect("asked"));
    })
    .await;
}

#[tokio::test]
async fn the_newest_sighting_of_each_kind_is_kept() {
    on_each(|world| async move {
        let seen = |at_ms, cause: Option<&str>| Sighting {
            at_ms,
            key: cause.is_none().then(KeyId::new),
            cause: cause.map(str::to_owned),
            method: "GET".into(),
            path: "/scim/Users".into(),
            status: if cause.is_none() { 200 } else { 401 },
            peer: "192.0.2.1".into(),
            agent: "Entra".into(),
        };
        let (good, bad) = (seen(200, None), seen(300, Some("wrong_key")));
        for sighting in [&good, &seen(100, None), &bad, &seen(299, Some("voided_key"))] {
            sightings::note(&world.store, world.account, sighting).await.expect("noted");
        }
        let last = sightings::last(&world.store, world.account).await.expect("read");
        assert_eq!((last.accepted, last.refused), (Some(good), Some(bad)));
        assert_eq!(sightings::last(&world.store, AccountId::new()).await.expect("read"), sightings::Sightings::default());
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_has_no_gap_however_many_write_at_once() {
    on_each(|world| async move {
        futures::future::join_all((0..12).map(|_| world.write("test"))).await;
        let log = audit::list(&world.store, world.account, None, 100).await.expect("a list");
        assert_eq!(log.iter().map(|entry| entry.number).collect::<Vec<_>>(), (1..=12).rev().collect::<Vec<_>>());
        let page = audit::list(&world.store, world.account, Some(5), 2).await.expect("a list");
        assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3]);
        let verified = audit::verify(&world.store, world.account).await.expect("verified");
        assert_eq!((verified.entries, verified.broken), (12, None));
        assert_eq!(audit::hash_of(&world.store, world.account, 12).await.expect("read"), Some(verified.last_hash));
        assert_eq!(audit::verify(&world.store, AccountId::new()).await.expect("verified").entries, 0);
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_cannot_be_changed_and_whoever_does_it_all_the_same_is_found_out() {
    on_each(|world| async move {
        for action in ["one", "two", "three", "four"] {
            world.write(action).await;
        }
        let db = world.store.writer();
        for change in ["UPDATE audit SET target = 'eve' WHERE number = 2", "DELETE FROM audit WHERE number = 2"] {
            let refused = db.execute_unprepared(change).await.expect_err("refused").to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        let triggers = match world.store.dialect() {
            Dialect::Postgres => "DROP TRIGGER audit_is_append_only ON audit",
            Dialect::Sqlite => "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted",
        };
        db.execute_unprepared(triggers).await.expect("whoever owns the database can");
        let broken = async || audit::verify(&world.store, world.account).await.expect("verified").broken;
        for (there, back, entry) in [
            ("SET target = 'eve' WHERE number = 2", "SET target = 'bob' WHERE number = 2", 2),
            ("SET at_ms = at_ms + 1 WHERE number = 4", "SET at_ms = at_ms - 1 WHERE number = 4", 4),
            // A letter moved from one text to the next.
            ("SET actor = 'ad', action = 'athree' WHERE number = 3", "SET actor = 'ada', action = 'three' WHERE number = 3", 3),
            ("SET number = 9 WHERE number = 1", "SET number = 1 WHERE number = 9", 1),
        ] {
            db.execute_unprepared(&format!("UPDATE audit {there}")).await.expect("changed");
            assert_eq!(broken().await, Some(entry), "{there}");
            db.execute_unprepared(&format!("UPDATE audit {back}")).await.expect("changed back");
            assert_eq!(broken().await, None, "{back}");
        }
        let last = audit::verify(&world.store, world.account).await.expect("verified").last_hash;
        db.execute_unprepared("DELETE FROM audit WHERE number = 4").await.expect("deleted");
        assert_eq!(broken().await, None, "an end that is cut off leaves no trace");
        assert_ne!(audit::hash_of(&world.store, world.account, 4).await.expect("read"), Some(last), "but in what was kept of it");
        db.execute_unprepared("DELETE FROM audit WHERE number = 1").await.expect("deleted");
        assert_eq!(broken().await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_key_and_its_entry_are_one() {
    on_each(|world| async move {
        let ada = world.somebody("ada", Role::Administrator, true).await;
        let entry = Entry {
            actor: None,
            actor_name: "command".into(),
            action: "secret_key.generated",
            target: "ada".into(),
            detail: String::new(),
            peer: String::new(),
        };
        let secret = SecretKey::generate();
        keys::generate_audited(&world.store, world.account, ada, &secret, Some(&entry)).await.expect("a key");
        keys::generate_audited(&world.store, world.account, UserId::new(), &secret, Some(&entry)).await.expect_err("nobody");
        assert_eq!(audit::verify(&world.store, world.account).await.expect("verified").entries, 1);
    })
    .await;
}
