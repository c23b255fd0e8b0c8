//! Which index answers what, by the planner's own word.

use super::{
    super::{groups, overview, person, users},
    user,
};
use crate::{
    UserRow,
    console_pages::{GroupQuery, Place, UserQuery},
    testing::{World, object, on_postgres},
};
use muster_domain::{GroupId, Role, UserId};
use sea_orm::ConnectionTrait;
use serde_json::json;

const USERS: usize = 20_000;

async fn fill(world: &World) -> (Vec<UserRow>, GroupId) {
    let people: Vec<UserRow> = (0..USERS)
        .map(|n| {
            let role = if n % 5_000 == 0 { Role::Administrator } else { Role::User };
            let external = (n % 20 > 0).then(|| format!("ext-{n}"));
            user(world, &format!("user{n}@x.test"), Some(&format!("user{n}@x.test")), n % 500 != 0, role, external.as_deref())
        })
        .collect();
    let group = world.group(object(json!({ "displayName": "Everybody" })), 0, 0);
    let members: Vec<_> = people.iter().map(|person| (group.id, person.id)).collect();
    world.insert(&people, std::slice::from_ref(&group), &members).await;
    (people, GroupId(group.id))
}

#[tokio::test]
async fn every_part_of_the_list_of_users_enters_an_index_in_its_order() {
    on_postgres(|world| async move {
        let (people, _) = fill(&world).await;
        world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
        let all = || UserQuery { limit: 50, ..UserQuery::default() };
        let search = || Some("user7".to_owned());
        let at = users::users(&world.store, world.account, &all()).await.expect("a part").next;
        let back = at.clone().map(|place| Place { backwards: true, ..place });
        let by_email = UserQuery { search: search(), ..all() };
        for (query, segment, index) in [
            (all(), 0, "users_login_key"),
            (UserQuery { from: at, ..all() }, 0, "users_login_key"),
            (UserQuery { from: back, ..all() }, 0, "users_login_key"),
            (UserQuery { active: Some(true), linked: Some(true), ..all() }, 0, "users_login_key"),
            (UserQuery { role: Some(Role::User), ..all() }, 0, "users_login_key"),
            (UserQuery { active: Some(false), ..all() }, 0, "users_list_inactive"),
            (UserQuery { role: Some(Role::Administrator), ..all() }, 0, "users_list_role"),
            (UserQuery { role: Some(Role::Administrator), active: Some(false), ..all() }, 0, "users_list_role"),
            (UserQuery { linked: Some(false), ..all() }, 0, "users_list_unlinked"),
            (by_email.clone(), 0, "users_login_key"),
            (by_email.clone(), 1, "users_email_key"),
            (UserQuery { active: Some(false), ..by_email }, 1, "users_email_key"),
        ] {
            let walk = users::walks(world.account, &query).swap_remove(segment);
            for statement in [walk.rows(&world.store, 51), walk.end_of_window(&world.store)] {
                let plan = world.plan(statement).await;
                let entered =
                    plan.contains(&format!("using {index} on users u")) || plan.contains(&format!("Backward using {index} on users u"));
                let sorted = plan.lines().any(|line| line.trim_start().trim_start_matches("->").trim_start().starts_with("Sort  "));
                assert!(entered && !sorted && !plan.contains("Seq Scan"), "{query:?}:\n{plan}");
            }
        }
        let alias = world.plan(person::aliases_statement(&world.store, world.account, UserId(people[0].id))).await;
        assert!(alias.contains("alias_user"), "{alias}");
    })
    .await;
}

#[tokio::test]
async fn groups_members_and_numbers_are_read_by_an_index() {
    on_postgres(|world| async move {
        let (people, group) = fill(&world).await;
        world.store.writer().execute_unprepared("ANALYZE").await.expect("statistics");
        let (store, account) = (&world.store, world.account);
        let from = Place { at: people[USERS / 2].id, backwards: false };
        let query = GroupQuery { search: Some("every".into()), from: Some(Place { at: "everybody".into(), backwards: true }), limit: 50 };
        for (statement, index) in [
            (groups::groups_statement(store, account, &query), "user_group_display_key"),
            (groups::members_statement(store, account, group, None, 50), "group_member_"),
            (groups::members_statement(store, account, group, Some(&from), 50), "group_member_"),
            (overview::incidents_statement(store, account), "incident_"),
        ] {
            let sql = statement.sql.clone();
            let plan = world.plan(statement).await;
            assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{sql}\n{plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn sqlite_enters_the_same_indexes() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let world = crate::testing::world(&format!("sqlite://{}", dir.path().join("muster.db").display())).await;
    let all = || UserQuery { limit: 50, ..UserQuery::default() };
    let search = || UserQuery { search: Some("ann".into()), ..all() };
    for (query, segment, index) in [
        (all(), 0, "users_login_key (account_id=?"),
        (UserQuery { active: Some(false), ..all() }, 0, "users_list_inactive (account_id=?"),
        (UserQuery { role: Some(Role::Administrator), ..all() }, 0, "users_list_role (account_id=? AND role=?"),
        (UserQuery { linked: Some(false), ..all() }, 0, "users_list_unlinked (account_id=?"),
        (search(), 0, "users_login_key (account_id=? AND login_key>? AND login_key<?)"),
        (search(), 1, "users_email_key (account_id=? AND email_key>? AND email_key<?)"),
        (UserQuery { active: Some(false), ..search() }, 0, "users_list_inactive (account_id=? AND login_key>? AND login_key<?)"),
    ] {
        let walk = users::walks(world.account, &query).swap_remove(segment);
        for statement in [walk.rows(&world.store, 51), walk.end_of_window(&world.store)] {
            let plan = world.plan(statement).await;
            // The part itself, a handful of rows, may be put in order again.
            let walked = plan.lines().take_while(|line| !line.contains("SCAN w")).collect::<Vec<_>>().join("\n");
            assert!(walked.contains(index) && !walked.contains("TEMP B-TREE FOR ORDER BY"), "{query:?}:\n{plan}");
        }
    }
    let alias = world.plan(person::aliases_statement(&world.store, world.account, UserId::new())).await;
    assert!(alias.contains("alias_user (user_id=?"), "{alias}");
}
