//! `muster alias …` as people and scripts meet it.

use super::{place::Place, service::Service};
use muster_domain::AccountId;
use muster_store::{Store, StoreSettings, accounts, aliases};

/// Two users whose user ids were converted.
fn converted() -> Place {
    let place = Place::with_account();
    place.import("user_id,email\nada,ada@acme.test\nbob,bob@acme.test\n", &[]).exits(0);
    place.run(&["convert", "plan", "--account", "acme"]).exits(0);
    let _service = Service::start(&place);
    place.run(&["convert", "start", "--account", "acme", "--preset", "fast", "--watch"]).exits(0);
    place
}

/// Somebody signs in with an old user id.
fn sign_in(place: &Place, old_id: &str) {
    let url = format!("sqlite://{}", place.path("data/muster.db").display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::connect(&StoreSettings { url, ..Default::default() }).await.unwrap();
        let account: AccountId = accounts::list(&store).await.unwrap()[0].id;
        assert!(aliases::sign_in_user(&store, account, old_id).await.unwrap().is_some());
        aliases::count_hit(&store, account, old_id).await.unwrap();
    });
}

#[test]
fn old_user_ids_are_listed_extended_and_let_go() {
    let place = converted();
    sign_in(&place, "bob");
    let list = |more: &[&str]| place.run(&[&["alias", "list", "--account", "acme", "--json"], more].concat()).exits(0).json();
    let first = list(&["--limit", "1"]);
    assert_eq!((&first["aliases"][0]["old_id"], &first["aliases"][0]["user_id"]), (&"ada".into(), &"ada@acme.test".into()));
    let next = first["next"].as_str().unwrap();
    let second = list(&["--limit", "1", "--after", next]);
    assert_eq!((&second["aliases"][0]["old_id"], &second["aliases"][0]["hits"]), (&"bob".into(), &1.into()));
    assert!(second["next"].is_null() && second["aliases"][0]["last_used_ms"].is_i64());
    assert_eq!(list(&["--user", "ada@acme.test"])["aliases"].as_array().unwrap().len(), 1);
    assert_eq!(list(&["--expired"])["aliases"], serde_json::json!([]));
    let run = place.run(&["convert", "status", "--account", "acme", "--json"]).exits(0).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(list(&["--conversion", &run])["aliases"].as_array().unwrap().len(), 2);
    let table = place.run(&["alias", "list", "--account", "acme", "--live"]).exits(0).out;
    assert!(table.contains("OLD USER ID") && table.contains("never"), "{table}");

    // Days are counted from now and end with a day: said again, as after an interruption, it extends nothing twice.
    let days = ["alias", "extend", "--account", "acme", "--all", "--days", "3650", "--json"];
    let (once, again) = (place.run(&days).exits(0).json(), place.run(&days).exits(0).json());
    assert_eq!(once["extended"], 2);
    assert_eq!(again["extended"] == 0, again["until_ms"] == once["until_ms"], "unless it is midnight: {once} {again}");
    let extend = ["alias", "extend", "--account", "acme", "--all", "--until", "2100-01-31", "--json"];
    assert_eq!(place.run(&extend).exits(0).json()["extended"], 2);
    assert_eq!(place.run(&extend).exits(0).json()["extended"], 0, "it can be repeated");
    assert_eq!(list(&["--old-id", "ADA"])["aliases"][0]["expires_ms"], 4_105_123_200_000_i64, "the end of that day");

    let extend = |more: &[&str]| place.run(&[&["alias", "extend", "--account", "acme", "--json"], more].concat()).exits(0).json();
    let longer = extend(&["--user", "bob@acme.test", "--until", "2100-02-28"]);
    assert_eq!((&longer["extended"], &longer["until_ms"]), (&1.into(), &4_107_542_400_000_i64.into()));
    assert_eq!(extend(&["--conversion", &run, "--until", "2100-02-28"])["extended"], 1, "the other one");
    let release = |more: &[&str]| place.run(&[&["alias", "release", "--account", "acme"], more].concat());
    let some = release(&["--conversion", &run, "--json"]).exits(7);
    assert_eq!((&some.json()["released"], &some.json()["kept"]), (&1.into(), &1.into()), "somebody uses bob");
    assert!(some.err.contains("--yes") && some.err.contains("1 stays"), "{}", some.err);
    release(&["--old-id", "ada"]).exits(5);
    assert!(release(&["--old-id", "bob"]).exits(8).err.contains("--yes"));
    release(&["--user", "bob@acme.test"]).exits(8);
    assert_eq!(release(&["--user", "bob@acme.test", "--yes", "--json"]).exits(0).json()["released"], 1);
    assert_eq!(list(&[])["aliases"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_done_says_why() {
    let place = Place::with_account();
    place.run(&["alias", "list", "--account", "none"]).exits(5);
    place.run(&["alias", "list", "--account", "acme", "--live", "--expired"]).exits(2);
    let extend = |more: &[&str]| place.run(&[&["alias", "extend", "--account", "acme"], more].concat());
    assert!(extend(&["--old-id", "ada", "--days", "9"]).exits(5).err.contains("no old user id"));
    assert!(extend(&["--all", "--until", "2020-01-31"]).exits(2).err.contains("over already"));
    extend(&["--days", "9"]).exits(2);
    extend(&["--all", "--old-id", "ada", "--days", "9"]).exits(2);
    extend(&["--all"]).exits(2);
    let nothing = "019a0000-0000-7000-8000-000000000006";
    assert!(extend(&["--conversion", nothing, "--days", "9"]).exits(5).err.contains("no conversion"));
    assert!(extend(&["--user", "ada", "--days", "9"]).exits(5).err.contains("nobody here signs in"));
    let release = |more: &[&str]| place.run(&[&["alias", "release", "--account", "acme"], more].concat());
    for more in [["--old-id", "ada"], ["--user", "ada"], ["--conversion", nothing]] {
        release(&more).exits(5);
    }
    release(&[]).exits(2);
    release(&["--all"]).exits(2);
    place.run(&["alias", "list", "--account", "acme", "--after", "nonsense!"]).exits(2);
}
