//! The pages' queries against real databases.

mod lists;
mod plans;
mod single;

use super::{ListedUser, UserQuery, users};
use crate::{
    UserRow,
    testing::{World, object},
};
use muster_domain::Role;
use serde_json::json;

/// A user with an address and, perhaps, an `externalId`.
fn user(world: &World, user_id: &str, email: Option<&str>, active: bool, role: Role, external_id: Option<&str>) -> UserRow {
    let mut resource = object(json!({ "userName": user_id, "active": active }));
    if let Some(email) = email {
        resource.insert("emails".into(), json!([{ "value": email, "type": "work", "primary": true }]));
    }
    if let Some(external_id) = external_id {
        resource.insert("externalId".into(), external_id.into());
    }
    UserRow { role, ..world.user(resource, 1_000, 2_000) }
}

/// Every part from the first to the last one, and back again; both must be the same.
async fn walked(world: &World, query: &UserQuery) -> Vec<ListedUser> {
    let (mut forth, mut query) = (Vec::new(), query.clone());
    let last = loop {
        let part = users(&world.store, world.account, &query).await.expect("a part");
        assert!(part.rows.len() <= query.limit as usize);
        forth.extend(part.rows.clone());
        match part.next {
            Some(next) => query.from = Some(next),
            None => break part,
        }
    };
    let (mut back, mut previous): (Vec<ListedUser>, _) = (last.rows, last.previous);
    while let Some(place) = previous {
        query.from = Some(place);
        let part = users(&world.store, world.account, &query).await.expect("a part");
        let mut rows = part.rows;
        rows.extend(back);
        (back, previous) = (rows, part.previous);
    }
    assert_eq!(forth, back, "there and back again");
    forth
}
