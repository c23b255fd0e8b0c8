//! Sign-in for the platform: who is meant by an identity somebody else vouches for.
//!
//! ```text
//! POST /api/v1/sso/resolve   {"kind": "assertion", "email": "jdoe@acme.com"}
//! POST /api/v1/sso/redeem    {"code": "…"}: of a sign-in with the account's OpenID provider (`oidc`)
//! ```
//!
//! For platforms that run their own sign-in and want it to find the users a directory provisions, before, during and after a
//! conversion. The rules are [`muster_domain::sso`]'s; both are addresses of the JSON API (`crate::api`), whose token decides the account. Only an answer of 200 lets somebody
//! in: whoever looks at nothing but the status lets nobody in by mistake.

mod newcomer;
pub(crate) mod oidc;
pub(crate) mod rate;
mod redeem;
mod resolve;

pub(crate) use redeem::answer as redeem;
pub(crate) use resolve::answer as resolve;
