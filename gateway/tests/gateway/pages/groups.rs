//! User groups.

use super::{sample, signed_in, user_row, walk};
use crate::support::Gateway;
use muster_domain::Role;
use std::collections::HashSet;
use uuid::Uuid;

#[tokio::test]
async fn groups_and_members_are_met_once_each() {
    let gateway = Gateway::start().await;
    let people: Vec<_> = (0..120).map(|n| user_row(gateway.account, &format!("user{n:03}"), Role::User)).collect();
    sample::insert(&gateway, &people).await;
    let ids: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let everybody = sample::insert_group(&gateway, gateway.account, "Everybody", &ids).await;
    for n in 0..70 {
        sample::insert_group(&gateway, gateway.account, &format!("Team {n:02}"), &[]).await;
    }
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let groups = walk(&viewer, "/configuration/groups", "/configuration/groups/").await;
    assert_eq!((groups.len(), groups.iter().collect::<HashSet<_>>().len()), (71, 71));
    let page = viewer.page("/configuration/groups?q=EVERY").await;
    assert!(page.contains("Everybody") && page.contains(">120<") && !page.contains("Team"), "{page}");
    let path = format!("/configuration/groups/{everybody}");
    let members = walk(&viewer, &path, "/users/").await;
    assert_eq!((members.len(), members.iter().collect::<HashSet<_>>().len()), (120, 120));
    assert_eq!(members[0], format!("/users/{}", ids[0]), "in the order in which they were made");
    let file = viewer.get(&format!("{path}/members.csv")).await.text;
    assert_eq!(file.split_terminator("\r\n").count(), 121);
    let all = viewer.get("/configuration/groups.csv").await.text;
    assert!(all.starts_with("display_name,members,source,changed,id\r\nEverybody,120,local,"), "{all}");
    assert_eq!(all.split_terminator("\r\n").count(), 72);
    assert!(viewer.page("/configuration/groups?q=nothing").await.contains("No group"));
}
