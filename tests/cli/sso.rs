//! Single sign-on as people set it up.

use super::place::Place;

#[test]
fn settings_are_chosen_shown_and_kept() {
    let place = Place::with_account();
    let sso = |arguments: &[&str]| place.run(&[&["sso"], arguments, &["--account", "acme"]].concat());
    let before = sso(&["show", "--json"]).exits(0).json();
    assert_eq!(before["settings"]["rule"], "email");
    assert_eq!((&before["settings"]["jit"], &before["settings"]["linking"]), (&"off".into(), &"refuse".into()));
    assert!(sso(&["show"]).exits(0).out.contains("nobody is found by mailbox name"));
    sso(&["set"]).exits(2);
    assert!(sso(&["set", "--jit", "perhaps"]).exits(2).err.contains("until_scim"));
    sso(&["set", "--rule", "mailbox", "--jit", "until_scim"]).exits(0);
    sso(&["domain", "add", "@ACME.test"]).exits(0);
    sso(&["domain", "add", "acme.test"]).exits(0);
    assert!(sso(&["domain", "add", "gmail.com"]).exits(2).err.contains("everybody"));
    sso(&["domain", "remove", "other.test"]).exits(5);
    let after = sso(&["set", "--linking", "link_verified", "--json"]).exits(0).json();
    assert_eq!(after["settings"]["domains"], serde_json::json!(["acme.test"]));
    assert_eq!((&after["settings"]["rule"], &after["settings"]["linking"]), (&"mailbox".into(), &"link_verified".into()));
    place.run(&["sso", "show", "--account", "nobody"]).exits(5);
    let set =
        |issuer: &str| sso(&["provider", "set", "--issuer", issuer, "--client-id", "muster", "--return-to", "https://app.acme.test/in"]);
    assert!(set("http://login.acme.test").exits(2).err.contains("https://"));
    assert!(set("https://login.acme.test").exits(0).out.contains("/sso/acme/login"));
    let shown = sso(&["show", "--json"]).exits(0).json();
    assert_eq!((&shown["provider"]["client_id"], &shown["provider"]["scopes"]), (&"muster".into(), &"openid email profile".into()));
    sso(&["provider", "remove"]).exits(0);
    sso(&["provider", "remove"]).exits(5);
}

#[test]
fn who_is_meant_can_be_tried_out() {
    let place = Place::with_account();
    place.import("user_id,email\njdoe,jdoe@acme.test\nada,ada@other.test\n", &[]).exits(0);
    place.run(&["sso", "domain", "add", "--account", "acme", "acme.test"]).exits(0);
    let resolve = |arguments: &[&str]| place.run(&[&["sso", "resolve", "--account", "acme"], arguments].concat());
    assert_eq!(resolve(&["JDoe@acme.test", "--json"]).exits(0).json()["matched_by"], "mailbox");
    assert!(resolve(&["jdoe"]).exits(0).out.contains("user_id"));
    assert!(resolve(&["jdoe@acme.test", "--password"]).exits(5).err.contains("unknown"));
    assert!(resolve(&["ada@acme.test"]).exits(8).err.contains("another_address"));
    let incidents = place.run(&["incidents", "list", "--account", "acme", "--json"]).exits(0).json();
    assert_eq!(incidents["incidents"].as_array().map(Vec::len), Some(0), "a trial is nobody's failure: {incidents}");
}

#[test]
fn setup_says_whom_a_directory_would_not_find_and_what_to_do() {
    let place = Place::with_account();
    place.run(&["user", "create", "--account", "acme", "--user-id", "boss", "--role", "administrator"]).exits(0);
    let setup = || place.run(&["scim", "setup", "--account", "acme", "--administrator", "boss"]).exits(0);
    let clear = setup();
    assert_eq!(clear.json()["preflight"]["colliding_users"], 0);
    assert!(clear.json()["preflight"].get("remedy").is_none() && !clear.err.contains("convert plan"), "{}", clear.err);
    place.import("user_id,email\njdoe,jdoe@acme.test\nada,ada@acme.test\nbea@acme.test,bea@acme.test\n", &[]).exits(0);
    let warned = setup();
    let preflight = &warned.json()["preflight"];
    assert_eq!(preflight["colliding_users"], 2, "{preflight}");
    assert!(preflight["remedy"].as_str().is_some_and(|remedy| remedy.ends_with("convert plan --account acme")), "{preflight}");
    assert!(warned.err.contains("2 users are") && warned.err.contains("convert plan --account acme"), "{}", warned.err);
    assert!(warned.json()["secret_key"].as_str().is_some_and(|key| key.starts_with("muster_")), "the key comes all the same");
}
