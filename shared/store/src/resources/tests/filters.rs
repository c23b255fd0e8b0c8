//! What the database says of a filter is what memory says.

use super::{ALL, filter, id, ids, numbered, placed, sample, seed, selection};
use crate::{Dialect, filter_sql::compile, testing::on_each};
use muster_scim::{Resource, ResourceType};

#[tokio::test]
async fn every_filter_means_the_same_in_the_database_and_in_memory() {
    let seed = seed();
    on_each(|world| async move {
        let mut rng = fastrand::Rng::with_seed(seed);
        let sample = sample::fill(&world, &mut rng, 80, 20).await;
        for rt in ResourceType::BUILT_IN {
            let everything: Vec<Resource> = {
                let all = numbered(&world, &[selection(rt, None, None, ALL)], 1, 1_000).await;
                all.resources.into_iter().map(|(_, resource)| resource).collect()
            };
            for _ in 0..250 {
                let text = sample.filter(&mut rng, rt, 3);
                let filter = filter(rt, &text);
                let expected: Vec<String> = everything.iter().filter(|resource| filter.matches(rt, resource)).map(id).collect();
                let selection = [selection(rt, Some(filter), None, super::Include::default())];
                let page = numbered(&world, &selection, 1, 1_000).await;
                let what = format!("{:?}, seed {seed}: {text}", world.store.dialect());
                assert_eq!(ids(&page), expected, "{what}");
                assert_eq!(page.total, Some(expected.len() as u64), "{what}");
                assert_eq!(numbered(&world, &selection, 1, 0).await.total, Some(expected.len() as u64), "{what}");
                assert_eq!(ids(&placed(&world, &selection, None, 1_000).await), expected, "{what}");
                let shown = page.resources.iter().any(|(_, found)| found.contains_key("groups") || found.contains_key("members"));
                assert!(!shown, "{what}: what was only loaded to judge is shown");
            }
        }
    })
    .await;
}

/// The attributes that SQL judges in full, with every operator and in both senses.
#[test]
fn filters_on_columns_are_said_in_full() {
    let texts = |names: &[&str]| -> Vec<String> {
        let ops = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
        names.iter().flat_map(|name| ops.map(|op| format!("{name} {op} \"x\""))).collect()
    };
    let mut users = texts(&["userName", "externalId", "id", "meta.resourceType"]);
    let mut groups = texts(&["displayName", "externalId", "id", "meta.resourceType"]);
    for name in ["meta.created", "meta.lastModified"] {
        for op in ["eq", "ne", "gt", "ge", "lt", "le"] {
            users.push(format!("{name} {op} \"2026-01-31T09:00:00Z\""));
            groups.push(format!("{name} {op} \"2026-01-31T09:00:00Z\""));
        }
    }
    users.extend(
        ["active eq true", "active ne false", "externalId pr", "externalId eq null", "displayName pr", "emails.value pr"].map(String::from),
    );
    users.extend(["groups.value eq \"x\"", "groups ne \"x\"", "groups pr", "groups[value eq \"x\"]", "userName pr"].map(String::from));
    groups.extend(["members.value eq \"x\"", "members ne \"x\"", "members pr", "members[value eq \"x\"]"].map(String::from));
    for (rt, texts) in [(ResourceType::User, users), (ResourceType::Group, groups)] {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            for text in &texts {
                for text in [text.clone(), format!("not ({text})"), format!("not (id pr and ({text} or externalId pr))")] {
                    let compiled = compile(dialect, rt, Some(&filter(rt, &text)), &mut Vec::new());
                    assert!(compiled.exact, "{text}: {compiled:?}");
                }
            }
        }
    }
}

#[test]
fn what_sql_cannot_say_in_full_still_narrows() {
    let compiled = |text: &str| {
        let mut values = vec![muster_domain::AccountId::new().0.into()];
        let compiled = compile(Dialect::Sqlite, ResourceType::User, Some(&filter(ResourceType::User, text)), &mut values);
        let sql = compiled.sql.as_deref().unwrap_or_default();
        assert!((2..=values.len()).all(|number| sql.contains(&format!("${number}"))), "{text}: {compiled:?}");
        (compiled.sql.is_some(), compiled.exact, compiled.pinned)
    };
    assert_eq!(compiled("userName eq \"x\""), (true, true, true));
    assert_eq!(compiled("title eq \"x\""), (false, false, false));
    assert_eq!(compiled("title eq \"x\" and userName eq \"x\""), (true, false, true));
    assert_eq!(compiled("title eq \"x\" or userName eq \"x\""), (false, false, false));
    assert_eq!(compiled("userName eq \"x\" or externalId eq \"y\""), (true, true, true));
    assert_eq!(compiled("userName eq \"x\" or active eq true"), (true, true, false));
    assert_eq!(compiled("emails[type eq \"work\"].value eq \"x\""), (true, false, true));
    assert_eq!(compiled("not (emails.value eq \"x\")"), (false, false, false));
    assert_eq!(compiled("not (title eq \"x\" or active eq true)"), (true, false, false));
}
