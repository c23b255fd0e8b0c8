//! Users.

use super::{sample, signed_in, user_row, walk, way};
use crate::support::Gateway;
use muster_domain::Role;
use std::collections::HashSet;

#[tokio::test]
async fn the_list_shows_users_and_the_filter_narrows_it() {
    let gateway = Gateway::start().await;
    sample::fill(&gateway, gateway.account).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let page = viewer.page("/users").await;
    assert!(page.contains("ada@acme.test") && page.contains("the-viewer") && page.contains("Made here"), "{page}");
    assert!(page.contains("Ada &#60;b&#62;Lovelace") && !page.contains("<b>Lovelace"), "names are escaped: {page}");
    assert!(page.contains("<time datetime=\"1970-01-01T00:00:02Z\">1 Jan 1970, 00:00:02 UTC</time>"), "{page}");
    for (filter, there, gone) in [
        ("q=ADA", "ada@acme.test", "the-viewer</a>"),
        ("role=viewer", "the-viewer</a>", "ada@acme.test"),
        ("source=directory&state=active", "ada@acme.test", "the-viewer</a>"),
        ("source=local&q=the", "the-viewer</a>", "ada@acme.test"),
        ("state=disabled", "Nobody fits", "ada@acme.test"),
        ("q=nobody", "Nobody fits", "ada@acme.test"),
    ] {
        let page = viewer.page(&format!("/users?{filter}")).await;
        assert!(page.contains(there) && !page.contains(gone), "{filter}: {page}");
    }
    for bad in ["state=odd", "role=root", "source=x", "at=!!", "q=a%00b", "at=eyJwIjoxfQ"] {
        assert_eq!(viewer.get(&format!("/users?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn paging_meets_every_user_once_and_the_export_has_the_same() {
    let gateway = Gateway::start().await;
    let mut users: Vec<_> = (0..1_130).map(|n| user_row(gateway.account, &format!("user{n:04}"), Role::User)).collect();
    users.push(user_row(gateway.account, "=cmd|'/c calc'!A0", Role::User));
    sample::insert(&gateway, &users).await;
    let foreign = sample::another(&gateway).await;
    sample::insert(&gateway, &[user_row(foreign, "somebody-of-globex", Role::User)]).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;

    let met = walk(&viewer, "/users?role=user", "/users/").await;
    assert_eq!((met.len(), met.iter().collect::<HashSet<_>>().len()), (1_131, 1_131));
    let second = way(&viewer.page("/users?role=user").await, "next").unwrap();
    let back = way(&viewer.page(&second).await, "prev").unwrap();
    let first = walk(&viewer, &back, "/users/").await;
    assert_eq!(first, met, "the way back leads to the beginning");

    let file = viewer.get("/users.csv?role=user").await;
    assert_eq!((file.status, file.kind.as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "user_id,display_name,email,active,role,source,changed,id");
    assert_eq!(lines.len(), 1 + 1_131, "all of them, not one page");
    assert!(lines[1].starts_with("'=cmd|'/c calc'!A0,"), "a formula is none: {}", lines[1]);
    assert!(!file.text.contains("globex"));
    let filtered = viewer.get("/users.csv?q=user01").await.text;
    assert_eq!(filtered.split_terminator("\r\n").count(), 1 + 100);
}

#[tokio::test]
async fn a_user_is_shown_with_attributes_groups_and_what_happened() {
    let gateway = Gateway::start().await;
    let sample = sample::fill(&gateway, gateway.account).await;
    let viewer = signed_in(&gateway, gateway.account, Role::Viewer).await;
    let page = viewer.page(&format!("/users/{}", sample.user.id)).await;
    for shown in [
        "externalId",
        "x-1",
        "ada@acme.test, primary",
        "Analysts",
        "Replace user",
        ">Applied<",
        &format!("/configuration/groups/{}", sample.group),
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(page.contains(&format!("/provisioning/operations/{}", sample.applied)) && !page.contains("SCIM administrator"), "{page}");
    let administrator = viewer.page(&format!("/users/{}", gateway.administrator)).await;
    assert!(administrator.contains("SCIM administrator") && administrator.contains("No operation about this user"), "{administrator}");
    for nobody in ["/users/x", "/users/00000000-0000-7000-8000-000000000000"] {
        assert_eq!(viewer.get(nobody).await.status, 404, "{nobody}");
    }
}
