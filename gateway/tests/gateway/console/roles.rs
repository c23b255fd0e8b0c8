//! Who may see and do what.

use super::browser::Browser;
use crate::support::Gateway;
use muster_domain::Role;
use muster_store::keys;

#[tokio::test]
async fn each_role_sees_and_does_what_it_may() {
    let gateway = Gateway::start().await;
    let before = keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id;
    for role in [Role::Administrator, Role::UserManager, Role::Viewer] {
        let mut browser = Browser::of(&gateway, role).await;
        for page in ["/", "/profile", "/configuration/auth/scim"] {
            browser.get(page).await.is_page(200, role.title());
        }
        let audit = browser.get("/audit").await;
        match role {
            Role::Administrator => audit.is_page(200, "the-administrator"),
            _ => audit.is_page(403, "This is for administrators"),
        };
        let offered = browser.get("/configuration/auth/scim").await.text().contains("/configuration/auth/scim/key");
        assert_eq!(offered, role == Role::Administrator, "{role}");
        for action in ["/configuration/auth/scim/key", "/configuration/auth/scim/administrator", "/configuration/auth/scim/void"] {
            let answer = browser.post(action, &[]).await;
            match role {
                // Let in, and asked for the password.
                Role::Administrator => answer.goes_to("/configuration/auth/scim"),
                _ => answer.is_page(403, "This is for administrators"),
            };
        }
    }
    assert_eq!(keys::active(&gateway.store, gateway.account).await.unwrap().unwrap().id, before);
}
