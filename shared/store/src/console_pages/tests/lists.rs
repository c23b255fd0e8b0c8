//! Lists, part by part, held against what memory says.

use super::{user, walked};
use crate::{
    UserRow,
    console_pages::{GroupQuery, UserQuery, groups, members, users, users::WINDOW},
    testing::{World, object, on_each},
};
use muster_domain::{AccountId, GroupId, LoginKey, Role};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

async fn fill(world: &World) -> Vec<UserRow> {
    let mut rows = Vec::new();
    for n in 0..60 {
        let role = match n % 20 {
            0 => Role::Administrator,
            1 | 2 => Role::UserManager,
            3 => Role::Viewer,
            _ => Role::User,
        };
        // Some user ids are addresses, some are mailbox names, some have nothing to do with the address.
        let (user_id, email) = match n % 3 {
            0 => (format!("Ann{n:02}@acme.test"), Some(format!("ann{n:02}@acme.test"))),
            1 => (format!("ann{n:02}"), Some(format!("ann{n:02}@acme.test"))),
            _ => (format!("zed{n:02}"), (n % 4 > 0).then(|| format!("{}{n:02}@acme.test", if n % 5 == 0 { "ANN" } else { "joe" }))),
        };
        let external = (n % 7 > 0).then(|| format!("ext-{n}"));
        rows.push(user(world, &user_id, email.as_deref(), n % 4 != 1, role, external.as_deref()));
    }
    // Addresses need not be unique.
    rows.push(user(world, "double-1", Some("ann-twice@acme.test"), true, Role::User, None));
    rows.push(user(world, "double-2", Some("ann-twice@acme.test"), true, Role::User, None));
    rows.push(user(world, "Zo\u{eb}", None, true, Role::User, Some("\u{10ffff}")));
    world.insert(&rows, &[], &[]).await;
    rows
}

fn expected(rows: &[UserRow], query: &UserQuery) -> Vec<Uuid> {
    let start = query.search.as_deref().map(|text| LoginKey::of(text).into_string()).unwrap_or_default();
    let fits = |row: &&UserRow| {
        query.active.is_none_or(|active| row.active() == active)
            && query.role.is_none_or(|role| row.role == role)
            && query.linked.is_none_or(|linked| row.resource.contains_key("externalId") == linked)
    };
    let email = |row: &UserRow| row.email().map(|email| LoginKey::of(email).into_string());
    let (mut first, mut second): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(fits) {
        let (login, email) = (row.login_key().into_string(), email(row));
        if login.starts_with(&start) {
            first.push((login, row.id));
        } else if let Some(email) = email.filter(|email| email.starts_with(&start)) {
            second.push((email, row.id));
        }
    }
    first.sort();
    second.sort();
    first.into_iter().chain(second).map(|(_, id)| id).collect()
}

#[tokio::test]
async fn every_user_is_met_once_whatever_is_asked_for() {
    on_each(|world| async move {
        let rows = fill(&world).await;
        for search in [None, Some(""), Some("ann"), Some(" ANN0"), Some("ann0"), Some("joe"), Some("zo\u{cb}"), Some("nobody"), Some("a%")]
        {
            for active in [None, Some(true), Some(false)] {
                for role in [None, Some(Role::User), Some(Role::UserManager), Some(Role::Viewer), Some(Role::Administrator)] {
                    for linked in [None, Some(true), Some(false)] {
                        let query = UserQuery { search: search.map(str::to_owned), active, role, linked, from: None, limit: 7 };
                        let met: Vec<Uuid> = walked(&world, &query).await.iter().map(|user| user.id.0).collect();
                        assert_eq!(met, expected(&rows, &query), "{:?}: {query:?}", world.store.dialect());
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_shows_what_the_user_has_and_another_account_sees_nothing() {
    on_each(|world| async move {
        let row = user(&world, "Ada@Acme.test", Some("ada@acme.test"), false, Role::UserManager, Some("x-1"));
        world.insert(&[row], &[], &[]).await;
        let query = UserQuery { limit: 5, ..UserQuery::default() };
        let part = users(&world.store, world.account, &query).await.expect("a part");
        let [shown] = part.rows.as_slice() else { panic!("one user: {part:?}") };
        assert_eq!((shown.user_id.as_str(), shown.email.as_deref()), ("Ada@Acme.test", Some("ada@acme.test")));
        assert_eq!((shown.active, shown.role, shown.linked, shown.modified_ms), (false, Role::UserManager, true, 2_000));
        assert!(part.next.is_none() && part.previous.is_none());
        let other = users(&world.store, AccountId::new(), &query).await.expect("a part");
        assert!(other.rows.is_empty() && other.next.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_search_for_few_among_many_ends_its_parts_early_and_still_meets_all() {
    on_each(|world| async move {
        let many = WINDOW as usize * 2 + 10;
        let rows: Vec<UserRow> = (0..many)
            .map(|n| {
                // Disabled user managers without externalId, far apart; whichever index is walked, most of it is not shown.
                let few = n % 1_700 == 1_699;
                let role = if few || n % 2 == 0 { Role::UserManager } else { Role::User };
                let active = !(few || n % 2 == 1);
                user(&world, &format!("user{n:05}"), Some(&format!("user{n:05}@acme.test")), active, role, (!few).then_some("x"))
            })
            .collect();
        world.insert(&rows, &[], &[]).await;
        let query = UserQuery { role: Some(Role::UserManager), active: Some(false), limit: 50, ..UserQuery::default() };
        let first = users(&world.store, world.account, &query).await.expect("a part");
        assert!(first.rows.len() < 3 && first.next.is_some(), "the part ends before it is full: {}", first.rows.len());
        for search in [None, Some("user".to_owned())] {
            let query = UserQuery { search, ..query.clone() };
            let met = walked(&world, &query).await;
            assert_eq!(met.len(), many / 1_700);
            assert_eq!(met.iter().map(|user| user.id).collect::<HashSet<_>>().len(), met.len());
        }
    })
    .await;
}

#[tokio::test]
async fn groups_and_their_members_are_met_once() {
    on_each(|world| async move {
        let all: Vec<_> = (0..23)
            .map(|n| world.group(object(json!({ "displayName": format!("{} {n:02}", if n < 9 { "Sales" } else { "ops" }) })), 0, n))
            .collect();
        let people: Vec<_> = (0..17).map(|n| user(&world, &format!("u{n:02}"), None, n % 2 == 0, Role::User, None)).collect();
        let mut memberships: Vec<(Uuid, Uuid)> = people.iter().map(|person| (all[0].id, person.id)).collect();
        memberships.push((all[0].id, all[1].id));
        world.insert(&people, &all, &memberships).await;

        let (mut met, mut query) = (Vec::new(), GroupQuery { limit: 4, ..GroupQuery::default() });
        loop {
            let part = groups(&world.store, world.account, &query).await.expect("a part");
            met.extend(part.rows);
            query.from = part.next;
            if query.from.is_none() {
                break;
            }
        }
        let names: Vec<&str> = met.iter().map(|group| group.display_name.as_str()).collect();
        let mut sorted = names.clone();
        sorted.sort_by_key(|name| name.to_lowercase());
        assert_eq!((names.len(), &names), (23, &sorted), "{:?}", world.store.dialect());
        let counted = met.iter().find(|group| group.id.0 == all[0].id).expect("met").members;
        assert_eq!((counted.count, counted.more), (18, false));
        let found = groups(&world.store, world.account, &GroupQuery { search: Some("SALES".into()), from: None, limit: 50 }).await;
        assert_eq!(found.expect("a part").rows.len(), 9);

        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let part = members(&world.store, world.account, GroupId(all[0].id), from.as_ref(), 5).await.expect("a part");
            seen.extend(part.rows);
            from = part.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 18);
        assert!(seen.is_sorted_by_key(|member| member.id));
        let group = seen.iter().find(|member| member.is_group).expect("a group");
        assert_eq!((group.name.as_deref(), group.active), (Some("Sales 01"), None));
        let person = seen.iter().find(|member| member.id == people[1].id).expect("met");
        assert_eq!((person.name.as_deref(), person.active), (Some("u01"), Some(false)));
        let foreign = members(&world.store, AccountId::new(), GroupId(all[0].id), None, 5).await.expect("a part");
        assert!(foreign.rows.is_empty());
    })
    .await;
}
