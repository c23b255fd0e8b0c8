//! What is loaded, and what is not.

use super::{Include, filter, ids, numbered, page, placed, selection};
use crate::{
    resources::{ListError, Paging, SCAN_MAX, get},
    testing::{object, on_each},
};
use muster_scim::{Resource, ResourceType, ScimType, Sort};
use serde_json::json;
use std::{sync::atomic::Ordering, time::Duration};

fn first(page: &super::Page) -> &Resource {
    &page.resources[0].1
}

#[tokio::test]
async fn groups_and_members_come_only_when_they_are_wanted() {
    on_each(|world| async move {
        let ada = world.user(object(json!({ "userName": "ada", "displayName": "Ada" })), 0, 0);
        let (ops, crew) =
            (world.group(object(json!({ "displayName": "Ops \"1\"" })), 0, 0), world.group(object(json!({ "displayName": "Crew" })), 0, 0));
        let (user, group) = (ada.id, ops.id);
        let members = [(ops.id, ada.id), (crew.id, ada.id), (ops.id, crew.id)];
        world.insert(&[ada], &[ops.clone(), crew.clone()], &members).await;
        let groups = json!([
            { "value": ops.id, "display": "Ops \"1\"", "type": "direct" }, { "value": crew.id, "display": "Crew", "type": "direct" }
        ]);
        let members =
            json!([{ "value": user, "display": "Ada", "type": "User" }, { "value": crew.id, "display": "Crew", "type": "Group" }]);
        for text in [None, Some("userName eq \"ada\""), Some("groups.display eq \"crew\""), Some("emails.value eq \"x\" or title eq null")]
        {
            for (include, expected) in [(Include { groups: true, members: true }, Some(&groups)), (Include::default(), None)] {
                let filter = text.map(|text| filter(ResourceType::User, text));
                for sort in [None, Some("userName"), Some("title"), Some("groups")] {
                    let sort = sort.and_then(|by| Sort::parse(&[ResourceType::User], Some(by), None).expect("an order")?.pop());
                    let selection = [selection(ResourceType::User, filter.clone(), sort, include)];
                    for page in [numbered(&world, &selection, 1, 10).await, placed(&world, &selection, None, 10).await] {
                        assert_eq!(first(&page).get("groups"), expected, "{text:?} {include:?}");
                    }
                }
                let one = get(&world.store, world.account, ResourceType::User, user, include).await.expect("a read").expect("the user");
                assert_eq!(one.get("groups"), expected);
            }
        }
        for text in [None, Some("members.value pr and displayName sw \"ops\""), Some("members.display eq \"ada\"")] {
            for (include, expected) in [(Include { groups: true, members: true }, Some(&members)), (Include::default(), None)] {
                let filter = text.map(|text| filter(ResourceType::Group, text));
                let selection = [selection(ResourceType::Group, filter, None, include)];
                assert_eq!(first(&numbered(&world, &selection, 1, 10).await).get("members"), expected, "{text:?} {include:?}");
                let one = get(&world.store, world.account, ResourceType::Group, group, include).await.expect("a read").expect("the group");
                assert_eq!(one.get("members"), expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_of_another_account_is_found() {
    on_each(|world| async move {
        let other = crate::accounts::create(&world.store, "other", "Other").await.expect("an account").id;
        let mut stranger =
            world.user(object(json!({ "userName": "ada", "externalId": "e", "emails": [{ "value": "a@x" }, { "value": "b@x" }] })), 0, 0);
        stranger.account = other;
        world.insert(&[stranger], &[], &[]).await;
        for text in [
            "userName eq \"ada\" or externalId eq \"e\"",
            "emails.value eq \"b@x\"",
            "active eq true or not (id pr)",
            "title ne \"x\"",
            "id pr",
        ] {
            let selection = [selection(ResourceType::User, Some(filter(ResourceType::User, text)), None, Include::default())];
            assert_eq!(numbered(&world, &selection, 1, 10).await.total, Some(0), "{text}");
            assert!(placed(&world, &selection, None, 10).await.resources.is_empty(), "{text}");
        }
    })
    .await;
}

/// A page of a rare match is short rather than late, and the walk goes on behind it.
#[tokio::test]
async fn a_filter_that_must_be_read_through_is_bounded() {
    on_each(|world| async move {
        let count = 21_000;
        let users: Vec<_> = (0..count)
            .map(|i| world.user(object(json!({ "userName": format!("u{i}"), "title": if i == count - 1 { "Rare" } else { "x" } })), 0, 0))
            .collect();
        let rare = users[count - 1].id.to_string();
        world.insert(&users, &[], &[]).await;
        let selection = [selection(ResourceType::User, Some(filter(ResourceType::User, "title eq \"rare\"")), None, Include::default())];
        let page_one = placed(&world, &selection, None, 10).await;
        assert!(page_one.resources.is_empty() && page_one.next.is_some() && page_one.total.is_none(), "{page_one:?}");
        let page_two = placed(&world, &selection, page_one.next, 10).await;
        assert_eq!((ids(&page_two), page_two.next), (vec![rare.clone()], None));
        let whole = numbered(&world, &selection, 1, 10).await;
        assert_eq!((ids(&whole), whole.total), (vec![rare], Some(1)));
        assert!(count < SCAN_MAX);
    })
    .await;
}

#[tokio::test]
async fn a_numbered_list_of_several_types_ends_somewhere() {
    on_each(|world| async move {
        let both: Vec<_> = ResourceType::BUILT_IN.iter().map(|rt| selection(*rt, None, None, Include::default())).collect();
        let refused = page(&world, &both, Paging::Index { start: 9_902, count: 100 }).await;
        let Err(ListError::Refused(error)) = refused else { panic!("{refused:?}") };
        assert_eq!((error.status, error.scim_type), (400, Some(ScimType::TooMany)));
        assert_eq!(numbered(&world, &both, 9_901, 100).await.total, Some(0));
        assert_eq!(numbered(&world, &both, 99_901, 0).await.total, Some(0));
    })
    .await;
}

/// The look-up before every create: with the groups of the user, without a count, on both engines.
#[tokio::test]
async fn a_look_up_is_one_statement() {
    on_each(|mut world| async move {
        let ada =
            world.user(object(json!({ "userName": "ada", "externalId": "e", "emails": [{ "value": "a@x" }, { "value": "b@x" }] })), 0, 0);
        let ops = world.group(object(json!({ "displayName": "Ops" })), 0, 0);
        let (user, group) = (ada.id, ops.id);
        world.insert(&[ada], &[ops], &[(group, user)]).await;
        let sent = world.store.count_reads();
        let groups = Include { groups: true, members: false };
        for (rt, text, found) in [
            (ResourceType::User, "userName eq \"ADA\"".to_owned(), 1),
            (ResourceType::User, "userName eq \"nobody\"".to_owned(), 0),
            (ResourceType::User, "externalId eq \"e\"".to_owned(), 1),
            (ResourceType::User, "emails[type eq \"work\"].value eq \"b@x\"".to_owned(), 0),
            (ResourceType::User, "emails.value eq \"b@x\"".to_owned(), 1),
            (ResourceType::User, format!("id eq \"{user}\" and manager eq \"m\""), 0),
            (ResourceType::Group, "displayName eq \"ops\"".to_owned(), 1),
            (ResourceType::Group, format!("id eq \"{group}\" and members eq \"{user}\""), 1),
        ] {
            for by_place in [false, true] {
                let selection = [selection(rt, Some(filter(rt, &text)), None, groups)];
                let before = sent.load(Ordering::Relaxed);
                let page = if by_place { placed(&world, &selection, None, 100).await } else { numbered(&world, &selection, 1, 100).await };
                assert_eq!((page.resources.len(), page.total), (found, Some(found as u64)), "{text}");
                assert_eq!(sent.load(Ordering::Relaxed) - before, 1, "{:?}: {text}", world.store.dialect());
            }
        }
        let before = sent.load(Ordering::Relaxed);
        assert!(get(&world.store, world.account, ResourceType::User, user, groups).await.expect("a read").is_some());
        assert_eq!(sent.load(Ordering::Relaxed) - before, 1);
    })
    .await;
}

#[tokio::test]
async fn look_ups_do_not_wait_for_those_who_read_through_much() {
    on_each(|world| async move {
        world.insert(&[world.user(object(json!({ "userName": "ada", "title": "x" })), 0, 0)], &[], &[]).await;
        let look_up = [selection(ResourceType::User, Some(filter(ResourceType::User, "userName eq \"ada\"")), None, Include::default())];
        let sort = Sort::parse(&[ResourceType::User], Some("title"), None).expect("an order").and_then(|mut sorts| sorts.pop());
        let ordered = [selection(ResourceType::User, None, sort, Include::default())];
        let turns = [world.store.long_read().await, world.store.long_read().await];
        assert_eq!(numbered(&world, &look_up, 1, 10).await.total, Some(1));
        let waiting = tokio::time::timeout(Duration::from_millis(20), numbered(&world, &ordered, 1, 10)).await;
        assert!(waiting.is_err(), "{waiting:?}");
        drop(turns);
        assert_eq!(numbered(&world, &ordered, 1, 10).await.total, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_group_of_many_members_counts_once_when_a_page_skips_it() {
    on_each(|world| async move {
        let users: Vec<_> = (0..5).map(|n| world.user(object(json!({ "userName": format!("u{n}") })), 0, 0)).collect();
        let groups: Vec<_> = (0..3).map(|n| world.group(object(json!({ "displayName": format!("g{n}") })), 0, 0)).collect();
        let members: Vec<_> = groups.iter().flat_map(|group| users.iter().map(|user| (group.id, user.id))).collect();
        world.insert(&users, &groups, &members).await;
        for by in ["externalId", "displayName", "id"] {
            for order in ["ascending", "descending"] {
                let sort = Sort::parse(&[ResourceType::Group], Some(by), Some(order)).expect("an order").expect("an order").pop();
                let selection = [selection(ResourceType::Group, Some(filter(ResourceType::Group, "members pr")), sort, Include::default())];
                for skip in 0..5_usize {
                    let page = numbered(&world, &selection, skip as u64 + 1, 5).await;
                    let seen = (page.total, page.resources.len());
                    assert_eq!(seen, (Some(3), 3_usize.saturating_sub(skip)), "{:?}: {by} {order}, {skip}", world.store.dialect());
                }
            }
        }
    })
    .await;
}
