//! Which index answers what, by the planner's own word.

use super::{Include, filter, selection};
use crate::{
    resources::{
        Anchor, Position, Selection,
        order::{self, Order},
        walk::Walk,
    },
    testing::{World, object, on_postgres},
};
use muster_scim::{ResourceType, Sort, SortKey};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use uuid::Uuid;

const USERS: usize = 20_000;
const GROUPS: usize = 2_000;

async fn fill(world: &World) -> (Uuid, Uuid) {
    let users: Vec<_> = (0..USERS)
        .map(|i| {
            let mut emails = vec![json!({ "value": format!("user{i}@x.test"), "type": "work", "primary": true })];
            if i % 10 == 0 {
                emails.push(json!({ "value": format!("home{i}@y.test"), "type": "home" }));
            }
            let user = json!({ "userName": format!("user{i}@x.test"), "externalId": format!("ext-{i}"), "active": i % 500 != 0, "emails": emails });
            world.user(object(user), 1_700_000_000_000 + i as i64, 1_700_000_000_000 + (i * 7 % USERS) as i64)
        })
        .collect();
    let groups: Vec<_> = (0..GROUPS)
        .map(|i| world.group(object(json!({ "displayName": format!("group {i}"), "externalId": format!("ext-{i}") })), 0, 0))
        .collect();
    let members: Vec<_> = (0..USERS).map(|i| (groups[i % GROUPS].id, users[i].id)).collect();
    world.insert(&users, &groups, &members).await;
    (users[USERS / 2].id, groups[GROUPS / 2].id)
}

async fn plan(world: &World, statement: Statement) -> String {
    let values = statement.values.map(|values| values.0).unwrap_or_default();
    let explain = world.store.statement(format!("EXPLAIN {}", statement.sql), values);
    let rows = world.store.reader().query_all_raw(explain).await.expect("a plan");
    rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a line") + "\n").collect()
}

fn page(world: &World, selection: &Selection) -> Statement {
    let order = order::of(selection.resource_type, selection.sort.as_ref()).expect("an order of the database");
    Walk::new(&world.store, world.account, selection, order).page_statement(0, 101)
}

#[tokio::test]
async fn filters_on_indexed_attributes_use_their_index() {
    on_postgres(|world| async move {
        let (user, group) = fill(&world).await;
        // Before statistics are there, and after: a table that has just been filled must not be slow until somebody looks at it.
        for analysed in [false, true] {
            if analysed {
                world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
            }
            for (rt, text, index) in [
                (ResourceType::User, "userName eq \"USER7000@x.test\"".to_owned(), "users_login_key"),
                (ResourceType::User, "userName sw \"user7000\"".to_owned(), "users_login_key"),
                (ResourceType::User, "externalId eq \"ext-7000\"".to_owned(), "users_external_id"),
                (ResourceType::User, "externalId eq \"ext-7000\" and active eq true".to_owned(), "users_external_id"),
                (ResourceType::User, "externalId sw \"ext-7000\"".to_owned(), "users_external_id"),
                (ResourceType::User, "emails.value eq \"home7000@y.test\"".to_owned(), "users_other_email_keys"),
                (ResourceType::User, "emails[type eq \"work\"].value eq \"user7000@x.test\"".to_owned(), "users_email_key"),
                (ResourceType::User, format!("id eq \"{user}\""), "users_pkey"),
                (ResourceType::User, "meta.lastModified gt \"2023-11-14T22:13:39.990Z\"".to_owned(), "users_modified"),
                (ResourceType::User, "meta.created lt \"2023-11-14T22:13:20.010Z\"".to_owned(), "users_created"),
                (ResourceType::User, "active eq false".to_owned(), "users_inactive"),
                (ResourceType::User, format!("groups.value eq \"{group}\""), "group_member_"),
                (ResourceType::Group, "displayName eq \"Group 700\"".to_owned(), "user_group_display_key"),
                (ResourceType::Group, "displayName sw \"group 700\"".to_owned(), "user_group_display_key"),
                (ResourceType::Group, "externalId eq \"ext-700\"".to_owned(), "user_group_external_id"),
                (ResourceType::Group, format!("id eq \"{group}\" and members eq \"{user}\""), "user_group_pkey"),
                (ResourceType::Group, format!("members.value eq \"{user}\""), "group_member_"),
            ] {
                // What a range lets through can only be guessed at without statistics.
                if !analysed && !text.contains(" eq ") {
                    continue;
                }
                let selection = selection(rt, Some(filter(rt, &text)), None, Include { members: false, groups: true });
                let plan = plan(&world, page(&world, &selection)).await;
                assert!(plan.contains(index) && !plan.contains("Seq Scan on user"), "{text}, statistics: {analysed}:\n{plan}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_by_place_enter_the_index_of_their_order() {
    on_postgres(|world| async move {
        let (user, _) = fill(&world).await;
        world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
        for (by, key, index) in [
            ("id", None, "users_pkey"),
            ("userName", Some(SortKey::Text("user7000@x.test".into())), "users_login_key"),
            ("externalId", Some(SortKey::Text("ext-7000".into())), "users_external_id"),
            ("externalId", None, "users_external_id"),
            ("meta.created", Some(SortKey::Moment(1_700_000_007_000)), "users_created"),
            ("meta.lastModified", Some(SortKey::Moment(1_700_000_007_000)), "users_modified"),
        ] {
            for order in ["ascending", "descending"] {
                let sort = Sort::parse(&[ResourceType::User], Some(by), Some(order)).expect("an order").and_then(|mut sorts| sorts.pop());
                let order: Order = order::of(ResourceType::User, sort.as_ref()).expect("an order of the database");
                let selection = selection(ResourceType::User, None, sort, Include { members: false, groups: true });
                let anchor = Anchor::after(Position { key: key.clone(), id: user });
                let walk = Walk::new(&world.store, world.account, &selection, order);
                let statement = walk.onward_statements(Some(&anchor), 101).expect("a statement").remove(0);
                let plan = plan(&world, statement).await;
                let sorted = plan.contains("Sort Key: u.");
                assert!(plan.contains(&format!("using {index} on users u")) && !sorted, "{by} {order:?}:\n{plan}");
                let condition =
                    plan.lines().find(|line| line.contains("Index Cond") && line.contains("account_id") && line.contains(['<', '>']));
                assert!(condition.is_some(), "{by} {order:?} is not entered where the page begins:\n{plan}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn sqlite_uses_its_indexes_too() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let world = crate::testing::world(&format!("sqlite://{}", dir.path().join("muster.db").display())).await;
    for (rt, text, index) in [
        (ResourceType::User, "userName eq \"a\"", "users_login_key (account_id=? AND login_key=?)"),
        (ResourceType::User, "userName sw \"a\" and not (active eq true)", "users_"),
        (ResourceType::User, "externalId eq \"a\"", "users_external_id (account_id=? AND external_id=?)"),
        (ResourceType::User, "emails.value eq \"a\"", "users_email_key (account_id=? AND email_key=?)"),
        (ResourceType::Group, "displayName eq \"a\"", "user_group_display_key (account_id=? AND display_key=?)"),
    ] {
        let selection = selection(rt, Some(filter(rt, text)), None, Include::default());
        let statement = page(&world, &selection);
        let explain = world.store.statement(format!("EXPLAIN QUERY PLAN {}", statement.sql), statement.values.expect("values").0);
        let rows = world.store.reader().query_all_raw(explain).await.expect("a plan");
        let plan: String = rows.iter().map(|row| row.try_get::<String>("", "detail").expect("a line") + "\n").collect();
        assert!(plan.contains(index) && !plan.contains("SCAN users") && !plan.contains("SCAN user_group"), "{text}:\n{plan}");
    }
}
