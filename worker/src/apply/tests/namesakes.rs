//! A directory creates people by address who exist under the mailbox name.

use super::{Applier, ApplySettings, World, on_each};
use muster_domain::{
    Actor, BulkPart, KeyId, Operation, OperationId, Outcome, OutcomeCode, Role, UserId,
    incident::Cause,
    sso::{Evidence, Linking, MatchedBy, Rule},
};
use muster_scim::ResourceType;
use muster_store::{
    aliases::{FoundBy, sign_in_user},
    incidents, log, now_ms,
    sso::{self, Chosen},
};
use serde_json::{Value, json};
use uuid::Uuid;

impl World {
    /// The creation of a user by a directory.
    fn sent(&self, user_name: &str, email: &str) -> Operation {
        let body = json!({"userName": user_name, "emails": [{"value": email, "type": "work", "primary": true}], "title": "sent"});
        self.by_directory(self.create(ResourceType::User, body))
    }

    fn by_directory(&self, operation: Operation) -> Operation {
        Operation { actor: Actor::Key { key: KeyId::new(), administrator: UserId::new() }, ..operation }
    }

    /// A user as sign-in made it.
    async fn mailbox_user(&self, user_id: &str, email: &str, role: Role) -> Uuid {
        let mut body = json!({"userName": user_id});
        if !email.is_empty() {
            body["emails"] = json!([{"value": email, "type": "work", "primary": true}]);
        }
        let mut operation = self.create(ResourceType::User, body);
        if let muster_domain::Change::Create { role: of, .. } = &mut operation.change {
            *of = role;
        }
        assert_eq!(self.apply_one(&operation).await.status, 201);
        operation.resource_id
    }

    async fn link_in(&self, domains: &[&str]) {
        let chosen = Chosen { linking: Some(Linking::LinkVerified), ..Chosen::default() };
        sso::choose(&self.store, self.account, chosen).await.expect("chosen");
        for domain in domains {
            sso::add_domain(&self.store, self.account, &domain.parse().expect("a domain")).await.expect("added");
        }
    }

    async fn count(&self) -> usize {
        let found = muster_store::conversion::read_users(&self.store, self.account, None, 1_000).await.expect("users");
        found.len()
    }
}

fn detail(outcome: &Outcome) -> &str {
    outcome.error.as_ref().map_or("", |error| &error.detail)
}

#[tokio::test]
async fn by_default_it_is_refused_with_what_to_do_and_becomes_an_incident() {
    on_each(|world| async move {
        let jdoe = world.mailbox_user("jdoe", "JDoe@acme.com", Role::User).await;
        let outcome = world.apply_one(&world.sent("jdoe@acme.com", "jdoe@acme.com")).await;
        assert_eq!((outcome.code, outcome.status), (OutcomeCode::MailboxUser, 409), "{}", world.engine);
        let detail = detail(&outcome).to_owned();
        assert!(detail.contains(&jdoe.to_string()) && detail.contains("muster convert plan") && detail.starts_with("userName"), "{detail}");
        while incidents::fold(&world.store, now_ms()).await.expect("fold") > 0 {}
        let found = incidents::by_number(&world.store, world.account, 1).await.expect("read").expect("the incident");
        assert_eq!((found.cause, found.failures, found.affected), (Cause::MailboxUser, 1, 1));
        // Another person of that mailbox name, somebody else's address, and what an operator does at the machine.
        assert_eq!(world.apply_one(&world.sent("jdoe@acme.de", "jdoe@acme.de")).await.status, 201);
        assert_eq!(world.apply_one(&world.sent("jane@acme.com", "jane@acme.com")).await.status, 201);
        assert_eq!(world.apply_one(&world.create_user("jdoe@acme.com")).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn where_mailbox_names_are_the_user_ids_somebody_without_an_address_is_not_made_twice() {
    on_each(|world| async move {
        world.mailbox_user("jdoe", "", Role::User).await;
        world.link_in(&["acme.com"]).await;
        sso::choose(&world.store, world.account, Chosen { rule: Some(Rule::Mailbox), ..Chosen::default() }).await.expect("chosen");
        let outcome = world.apply_one(&world.sent("jdoe@acme.com", "jdoe@acme.com")).await;
        assert_eq!(outcome.code, OutcomeCode::MailboxUser, "never linked without an address to compare");
        assert!(detail(&outcome).contains("no e-mail address"), "{}", detail(&outcome));
        assert_eq!(
            world.apply_one(&world.sent("jdoe@other.test", "jdoe@other.test")).await.status,
            201,
            "sign-in would not find jdoe by it"
        );
    })
    .await;
}

#[tokio::test]
async fn a_linked_user_keeps_id_groups_and_old_user_id() {
    on_each(|world| async move {
        let jdoe = world.mailbox_user("JDoe", "jdoe@acme.com", Role::User).await;
        world.group("crew", &[jdoe]).await;
        world.link_in(&["acme.com"]).await;
        let sent = world.sent("JDoe@acme.com", "jdoe@ACME.com");
        let outcome = world.apply_one(&sent).await;
        assert_eq!((outcome.code, outcome.status, outcome.version), (OutcomeCode::Applied, 201, Some(2)), "{}", detail(&outcome));
        let shown = outcome.resource.expect("the user");
        assert_eq!((shown["id"].clone(), shown["groups"][0]["display"].clone()), (json!(jdoe.to_string()), json!("crew")));
        let read = world.read(ResourceType::User, jdoe).await.expect("there");
        assert_eq!((&read["userName"], &read["title"], &read["active"]), (&json!("JDoe@acme.com"), &json!("sent"), &json!(true)));
        assert!(world.read(ResourceType::User, sent.resource_id).await.is_none(), "nobody was made");
        let found = sign_in_user(&world.store, world.account, "jdoe").await.expect("asked").expect("found");
        assert_eq!((found.id.0, found.by), (jdoe, FoundBy::Alias));
        // Delivered again, as after a worker that died before it could answer: the answer names the same user.
        let again = world.apply_one(&sent).await;
        assert_eq!((again.status, again.resource.expect("the user")["id"].clone()), (201, json!(jdoe.to_string())), "{}", world.engine);
        let timeline = log::OperationQuery { resource: Some(jdoe), ..Default::default() };
        assert_eq!(
            log::list(&world.store, world.account, &timeline).await.expect("log").operations.len(),
            2,
            "it is in the user's timeline"
        );
        // Nobody gets the old user id, neither later nor in the same breath.
        assert_eq!(world.apply_one(&world.create_user("jdoe")).await.status, 409);
        assert_eq!(world.apply_one(&world.sent("jdoe@acme.com", "jdoe@acme.com")).await.code, OutcomeCode::Duplicate);
    })
    .await;
}

#[tokio::test]
async fn the_old_user_id_is_nobodys_in_the_same_batch_either() {
    on_each(|world| async move {
        let jdoe = world.mailbox_user("jdoe", "jdoe@acme.com", Role::User).await;
        world.link_in(&["acme.com"]).await;
        let batch = [world.sent("jdoe@acme.com", "jdoe@acme.com"), world.create_user("jdoe"), world.sent("JDOE@acme.com", "jdoe@acme.com")];
        let codes: Vec<OutcomeCode> = world.apply(&batch).await.into_iter().map(|outcome| outcome.code).collect();
        assert_eq!(codes, [OutcomeCode::Applied, OutcomeCode::Duplicate, OutcomeCode::Duplicate], "{}", world.engine);
        assert_eq!(world.read(ResourceType::User, jdoe).await.expect("there")["userName"], "jdoe@acme.com");
        assert_eq!(world.count().await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_in_doubt_is_never_linked() {
    on_each(|world| async move {
        world.link_in(&["acme.com"]).await;
        let boss = world.mailbox_user("boss", "boss@acme.com", Role::Administrator).await;
        world.mailbox_user("chief", "chief@acme.com", Role::UserManager).await;
        world.mailbox_user("ann", "ann@evil.test", Role::User).await;
        world.mailbox_user("bob", "bob@acme.com", Role::User).await;
        world.mailbox_user("robert", "Bob@acme.com", Role::User).await;
        let gone = world.mailbox_user("gone", "gone@acme.com", Role::User).await;
        let off = world.patch(ResourceType::User, gone, json!([{"op": "replace", "path": "active", "value": false}]));
        assert_eq!(world.apply_one(&off).await.status, 200);
        for (user_name, email) in [
            ("boss@acme.com", "boss@acme.com"),
            ("chief@acme.com", "chief@acme.com"),
            ("ann@evil.test", "ann@evil.test"),
            ("bob@acme.com", "bob@acme.com"),
            ("gone@acme.com", "gone@acme.com"),
        ] {
            let outcome = world.apply_one(&world.sent(user_name, email)).await;
            assert_eq!(outcome.code, OutcomeCode::MailboxUser, "{}: {user_name}", world.engine);
        }
        // In another domain, or with another address, it is somebody else; in a request whose ids are given out beforehand, nobody is linked.
        let jdoe = world.mailbox_user("jdoe", "jdoe@acme.com", Role::User).await;
        let mut sent = world.sent("jdoe@acme.com", "jdoe@acme.com");
        sent.bulk = Some(Box::new(BulkPart::default()));
        assert_eq!(world.apply_one(&sent).await.code, OutcomeCode::MailboxUser);
        let acknowledged = Operation { id: OperationId::new(), bulk: None, acknowledged: true, ..sent.clone() };
        assert_eq!(world.apply_one(&acknowledged).await.code, OutcomeCode::MailboxUser);
        let signs_in = Operation { id: OperationId::new(), bulk: None, actor: Actor::SignIn, ..sent };
        assert_eq!(world.apply_one(&signs_in).await.code, OutcomeCode::MailboxUser, "linking is a directory's");
        assert_eq!(world.apply_one(&world.sent("jdoe@evil.test", "jdoe@evil.test")).await.status, 201);
        for id in [boss, jdoe] {
            let name = world.read(ResourceType::User, id).await.expect("there")["userName"].clone();
            assert!(!name.as_str().expect("a name").contains('@'), "{name} was taken over");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_of_another_account_is_met() {
    on_each(|world| async move {
        world.link_in(&["acme.com"]).await;
        let jdoe = world.mailbox_user("jdoe", "jdoe@acme.com", Role::User).await;
        let other = muster_store::accounts::create(&world.store, "other", "Other").await.expect("account").id;
        let elsewhere = World { account: other, ..world.clone() };
        elsewhere.link_in(&["acme.com"]).await;
        let sent = elsewhere.sent("jdoe@acme.com", "jdoe@acme.com");
        assert_eq!(elsewhere.apply_one(&sent).await.status, 201);
        assert!(elsewhere.read(ResourceType::User, sent.resource_id).await.is_some(), "a user of its own");
        assert_eq!(world.read(ResourceType::User, jdoe).await.expect("there")["userName"], "jdoe");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_link_one_user_once() {
    on_each(|world| async move {
        world.link_in(&["acme.com"]).await;
        let users: Vec<(String, Uuid)> = {
            let mut users = Vec::new();
            for n in 0..12 {
                let name = format!("u{n}");
                let id = world.mailbox_user(&name, &format!("{name}@acme.com"), Role::User).await;
                users.push((name, id));
            }
            users
        };
        let settings = ApplySettings { apply_max: std::time::Duration::from_secs(30), ..ApplySettings::default() };
        let workers = (0..6).map(|_| {
            let applier = Applier::new(world.store.clone(), settings.clone());
            let operations: Vec<Operation> =
                users.iter().map(|(name, _)| world.sent(&format!("{name}@acme.com"), &format!("{name}@acme.com"))).collect();
            tokio::spawn(async move { applier.apply(operations).await })
        });
        let mut links = vec![0; users.len()];
        for worker in workers.collect::<Vec<_>>() {
            for (at, outcome) in worker.await.expect("a worker").into_iter().enumerate() {
                match outcome.code {
                    OutcomeCode::Applied => {
                        links[at] += 1;
                        assert_eq!(outcome.resource.expect("the user")["id"], Value::from(users[at].1.to_string()));
                    }
                    code => assert_eq!(code, OutcomeCode::Duplicate, "{}", detail(&outcome)),
                }
            }
        }
        assert_eq!(links, vec![1; users.len()], "{}", world.engine);
        assert_eq!(world.count().await, users.len());
    })
    .await;
}

/// Sign-in finds the user before and after the directory has got it, under either name.
#[tokio::test]
async fn sign_in_finds_the_same_user_before_and_after() {
    on_each(|world| async move {
        world.link_in(&["acme.com"]).await;
        let jdoe = world.mailbox_user("jdoe", "jdoe@acme.com", Role::User).await;
        let ask = async |presented: &str, evidence| {
            let settings = sso::settings(&world.store, world.account).await.expect("settings");
            let found = sso::resolve(&world.store, world.account, presented, evidence, &settings).await.expect("asked");
            found.map(|found| (found.person.id.0, found.by))
        };
        assert_eq!(ask("jdoe@acme.com", Evidence::Assertion).await, Ok((jdoe, MatchedBy::Mailbox)));
        assert_eq!(ask("jdoe", Evidence::Password).await, Ok((jdoe, MatchedBy::UserId)));
        assert_eq!(world.apply_one(&world.sent("jdoe@acme.com", "jdoe@acme.com")).await.status, 201);
        assert_eq!(ask("jdoe@acme.com", Evidence::Assertion).await, Ok((jdoe, MatchedBy::UserId)));
        assert_eq!(ask("jdoe", Evidence::Password).await, Ok((jdoe, MatchedBy::Alias)));
    })
    .await;
}
