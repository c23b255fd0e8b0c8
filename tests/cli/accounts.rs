//! Accounts, users, secret keys.

use super::place::Place;
use std::fs;

#[test]
fn an_account_is_made_once_and_listed() {
    let place = Place::with_account();
    let again = place.run(&["account", "create", "--slug", "acme"]).exits(6);
    assert!(again.err.contains("exists already") && again.out.is_empty(), "{}", again.err);
    let none = place.run(&["account", "create", "--slug", "Acme Ltd"]).exits(2);
    assert!(none.err.contains("lower-case letters"), "{}", none.err);
    let list = place.run(&["account", "list", "--json"]).exits(0).json();
    assert_eq!((list[0]["slug"].as_str(), list[0]["name"].as_str(), list.as_array().unwrap().len()), (Some("acme"), Some("Acme Ltd"), 1));
    assert!(place.run(&["account", "list"]).exits(0).out.contains("Acme Ltd"));
}

#[test]
fn a_user_is_made_by_the_rules_of_scim() {
    let place = Place::with_account();
    let create = |user_id: &str, account: &str| {
        place.run(&[
            "user",
            "create",
            "--account",
            account,
            "--user-id",
            user_id,
            "--email",
            "j@acme.test",
            "--role",
            "user_manager",
            "--json",
        ])
    };
    let made = create("jdoe", "acme").exits(0).json();
    assert_eq!(
        (made["user_id"].as_str(), made["role"].as_str(), made["active"].as_bool()),
        (Some("jdoe"), Some("user_manager"), Some(true))
    );
    assert!(create("JDoe", "acme").exits(6).err.contains("duplicate"));
    create(" ", "acme").exits(2);
    assert!(create("x", "nobody").exits(5).err.contains("muster account list"));
    place.run(&["user", "create", "--account", "acme", "--user-id", "x", "--role", "root"]).exits(2);
}

#[test]
fn setup_shows_a_key_once_and_stores_it_nowhere() {
    let place = Place::with_account();
    for (user_id, role) in [("boss", "administrator"), ("plain", "user")] {
        place.run(&["user", "create", "--account", "acme", "--user-id", user_id, "--role", role]).exits(0);
    }
    let setup = |who: &str| {
        place.run_with(
            &["scim", "setup", "--account", "acme", "--administrator", who],
            &[("MUSTER_HTTP__PUBLIC_URL", "https://scim.acme.test/")],
        )
    };
    let first = setup("BOSS").exits(0);
    let (url, key) = (first.json()["tenant_url"].as_str().unwrap().to_owned(), first.json()["secret_key"].as_str().unwrap().to_owned());
    assert_eq!(url, "https://scim.acme.test/scim");
    assert!(key.starts_with("muster_") && !first.err.contains(&key));
    let second = setup("boss").exits(0);
    assert_ne!(second.json()["secret_key"].as_str().unwrap(), key);
    assert!(second.err.contains("works no longer"), "{}", second.err);
    setup("plain").exits(6);
    setup("nobody").exits(5);
    for file in fs::read_dir(place.path("data")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(20).any(|window| window == &key.as_bytes()[7..27]), "the key is on disk");
    }
}
