//! Published failures of SCIM services, each tried here.
//!
//! | what went wrong | tried by |
//! |---|---|
//! | CVE-2025-41115 Grafana: a numeric `externalId` became the internal id of a user | [`identity`] |
//! | CVE-2026-92539 Grafana: users of another organisation by their SCIM id | `isolation` |
//! | CVE-2026-32130 ZITADEL: an encoded path passed by the check of the token | `keys::no_spelling_of_a_path_reads_anything_without_a_key` |
//! | GHSA-rjg6-39jm-rgg4 better-auth: a token acted on users it never made; an address was taken over | [`identity`], `isolation` |
//! | CVE-2026-46425 Budibase: any user could use the SCIM endpoints | `keys::a_user_manager_may_hold_a_key_and_an_ordinary_user_may_not` |
//! | CVE-2025-4210 Casdoor: the SCIM handler without authorization | [`door`] |
//! | CVE-2026-46689 scim_proto: a nested filter overflowed the stack | `bad_input::filters`, `hostile` of `muster-scim` |
//! | CVE-2026-48170, CVE-2026-61834 scim-patch: paths into prototypes | `bad_input::literal` |
//! | Keycloak 46705: no bound on a page | [`door`] |
//! | GitLab 11640: the secret could be read after it was made | [`secrets`] |
//! | LiteLLM 17420: a PATCH of a group made up users | `bad_input::rules` |
//! | itsaplan 250: repeated POST wiped the link id; Okta's form of removal was ignored | `bad_input::rules` |
//! | WorkOS: suspended users and their memberships | [`identity`] |
//! | `roles`, `entitlements`, `groups` that lift the role | [`escalation`] |

mod door;
mod escalation;
mod identity;
mod secrets;
