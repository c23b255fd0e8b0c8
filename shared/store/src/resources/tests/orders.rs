//! Orders and walks: the database's and memory's are the same, and nobody is lost or met twice.

use super::{ALL, Include, filter, id, ids, numbered, placed, sample, seed, selection};
use crate::{
    resources::{Anchor, Position, Selection},
    testing::{World, on_each},
};
use muster_scim::{Resource, ResourceType, Sort};
use std::collections::BTreeSet;
use uuid::Uuid;

const USERS: &[&str] = &[
    "id",
    "userName",
    "externalId",
    "meta.created",
    "meta.lastModified",
    "active",
    "displayName",
    "title",
    "emails",
    "emails.type",
    "name.familyName",
    "manager",
    "groups.display",
    "urn:ietf:params:scim:schemas:core:2.0:User:userName",
];
const GROUPS: &[&str] = &["id", "displayName", "externalId", "meta.created", "meta.lastModified", "members"];

fn sort(types: &[ResourceType], by: &str, descending: bool) -> Vec<Sort> {
    let order = if descending { "descending" } else { "ascending" };
    Sort::parse(types, Some(by), Some(order)).expect("an order").expect("an order")
}

/// The order memory makes.
fn ordered(mut all: Vec<(ResourceType, Resource)>, sorts: &[(ResourceType, Option<Sort>)]) -> Vec<String> {
    let sort_of = |rt: ResourceType| sorts.iter().find(|(kind, _)| *kind == rt).and_then(|(_, sort)| sort.as_ref());
    let descending = sorts[0].1.as_ref().is_some_and(|sort| sort.descending);
    let place = |(rt, resource): &(ResourceType, Resource)| Position {
        key: sort_of(*rt).filter(|sort| sort.path.as_ref().is_none_or(|path| path.attr != "id")).and_then(|sort| sort.key(*rt, resource)),
        id: Uuid::parse_str(&id(resource)).expect("a UUID"),
    };
    all.sort_by(|a, b| place(a).compare(&place(b), descending));
    all.iter().map(|(_, resource)| id(resource)).collect()
}

/// All pages, forwards and then back again.
async fn walk(world: &World, selections: &[Selection], count: u64, what: &str) -> Vec<String> {
    let (mut pages, mut from): (Vec<Vec<String>>, Option<Anchor>) = (Vec::new(), None);
    let mut back = None;
    loop {
        let page = placed(world, selections, from.clone(), count).await;
        assert_eq!(page.previous.is_none(), from.is_none() || page.resources.is_empty(), "{what}");
        pages.push(ids(&page));
        back = page.previous.or(back);
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    let mut expected: Vec<String> = pages[..pages.len() - 1].concat();
    while let Some(anchor) = back {
        let page = placed(world, selections, Some(anchor), count).await;
        let found = ids(&page);
        assert!(found.len() as u64 == count || page.previous.is_none(), "{what}");
        assert_eq!(expected.split_off(expected.len() - found.len()), found, "{what}: backwards");
        back = page.previous;
    }
    assert!(expected.is_empty(), "{what}: backwards to the start");
    pages.concat()
}

async fn check(world: &World, seed: u64, rng: &mut fastrand::Rng, selections: Vec<Selection>, what: &str) {
    let what = format!("{:?}, seed {seed}: {what}", world.store.dialect());
    let plain: Vec<Selection> = selections.iter().map(|one| Selection { sort: None, include: ALL, ..one.clone() }).collect();
    let all = numbered(world, &plain, 1, 1_000).await.resources;
    let sorts: Vec<_> = selections.iter().map(|one| (one.resource_type, one.sort.clone())).collect();
    let expected = ordered(all, &sorts);
    let total = Some(expected.len() as u64);
    let (skip, count) = (rng.usize(..expected.len() + 2), rng.usize(1..12));
    let page = numbered(world, &selections, skip as u64 + 1, count as u64).await;
    assert_eq!(page.total, total, "{what}");
    assert_eq!(ids(&page), expected.iter().skip(skip).take(count).cloned().collect::<Vec<_>>(), "{what}, {skip} and {count} more");
    assert_eq!(walk(world, &selections, rng.u64(1..9), &what).await, expected, "{what}");
}

#[tokio::test]
async fn every_order_is_memorys_by_number_and_by_place() {
    let seed = seed();
    on_each(|world| async move {
        let mut rng = fastrand::Rng::with_seed(seed);
        let sample = sample::fill(&world, &mut rng, 24, 9).await;
        for (rt, names) in [(ResourceType::User, USERS), (ResourceType::Group, GROUPS)] {
            for name in names {
                for descending in [false, true] {
                    let sort = sort(&[rt], name, descending).pop();
                    check(&world, seed, &mut rng, vec![selection(rt, None, sort.clone(), Include::default())], name).await;
                    let text = sample.filter(&mut rng, rt, 1);
                    let what = format!("{name}, descending {descending}, filter {text}");
                    check(&world, seed, &mut rng, vec![selection(rt, Some(filter(rt, &text)), sort, Include::default())], &what).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn several_types_are_one_list() {
    let seed = seed();
    on_each(|world| async move {
        let mut rng = fastrand::Rng::with_seed(seed);
        sample::fill(&world, &mut rng, 20, 9).await;
        let types = ResourceType::BUILT_IN;
        for name in [
            None,
            Some("id"),
            Some("displayName"),
            Some("userName"),
            Some("externalId"),
            Some("meta.created"),
            Some("active"),
            Some("members"),
        ] {
            for descending in [false, true] {
                let sorts = name.map(|name| sort(&types, name, descending));
                let selections: Vec<Selection> = types
                    .iter()
                    .enumerate()
                    .map(|(at, rt)| selection(*rt, None, sorts.as_ref().map(|sorts| sorts[at].clone()), Include::default()))
                    .collect();
                let what = format!("{name:?}, descending {descending}");
                check(&world, seed, &mut rng, selections, &what).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_who_stays_is_lost_or_met_twice_while_others_come_and_go() {
    let seed = seed();
    on_each(|world| async move {
        let mut rng = fastrand::Rng::with_seed(seed);
        let sample = sample::fill(&world, &mut rng, 80, 2).await;
        for (by, text) in [
            (None, None),
            (Some("userName"), None),
            (Some("externalId"), None),
            (Some("title"), None),
            (Some("meta.created"), Some("title pr or not (title pr)")),
        ] {
            let sort = by.and_then(|by| sort(&[ResourceType::User], by, rng.bool()).pop());
            let selection = [selection(ResourceType::User, text.map(|text| filter(ResourceType::User, text)), sort, Include::default())];
            let before: BTreeSet<String> = ids(&numbered(&world, &selection, 1, 1_000).await).into_iter().collect();
            let (mut gone, mut seen, mut from) = (BTreeSet::new(), Vec::new(), None);
            for round in 0.. {
                let page = placed(&world, &selection, from, 7).await;
                seen.extend(ids(&page));
                let Some(next) = page.next else { break };
                // The very one the place was taken from goes, and another one; and somebody comes.
                let stays: Vec<&String> = before.difference(&gone).collect();
                for id in [next.position.id.to_string(), stays[rng.usize(..stays.len())].clone()] {
                    if before.contains(&id) && gone.insert(id.clone()) {
                        world.delete_user(Uuid::parse_str(&id).expect("a UUID")).await;
                    }
                }
                let name = format!("new {by:?} {round} {}", sample::word(&mut rng));
                let new =
                    world.user(crate::testing::object(serde_json::json!({ "userName": name, "externalId": name, "title": name })), 5, 5);
                world.insert(&[new], &[], &[]).await;
                from = Some(next);
            }
            let once: BTreeSet<String> = seen.iter().cloned().collect();
            let what = format!("{:?}, seed {seed}, {by:?}", world.store.dialect());
            assert_eq!(once.len(), seen.len(), "{what}: somebody was met twice");
            let lost: Vec<&String> = before.difference(&gone).filter(|id| !once.contains(*id)).collect();
            assert!(lost.is_empty(), "{what}: lost {lost:?}");
        }
        drop(sample);
    })
    .await;
}
