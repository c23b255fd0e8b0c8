//! The gateway: SCIM endpoints, a JSON API for operators, probes. Validates, enqueues, reads; never writes a user or a group.
//!
//! # The path of a request
//!
//! ```text
//! connection   serve      one task; header, idle and write-stall times are kept by the stream itself
//!    |
//! front        front      URL and header bounds -> target -> secret key -> endpoint -> query -> body
//!    |                    (path)                   (auth)    (route)      (query)    (media, body)
//!    |
//! handler      scim       reads: straight from the database (read, present)
//!                         writes: read and validate -> Operation -> queue -> Outcome (write, submit)
//!    |
//! response     reply      bytes and headers; X-Request-Id and Cache-Control on every one
//!              refusal    whatever went otherwise, as a SCIM error
//! ```
//!
//! 1. **The path is looked at once** (`path`). Whatever resembles the SCIM base, in any spelling, needs a key first; only the
//!    plain spelling is then served. Handlers cannot be called without a caller, and only `auth` makes callers.
//! 2. **The secret key decides the account.** What the database says about a key is used for half a second at most, counted
//!    from before it was asked, so that a voided key is dead on every gateway within a second.
//! 3. **A write is validated here and applied elsewhere.** The body becomes a canonical resource or a canonical patch
//!    (`muster-scim`); the operation travels through the queue to a worker; the client waits for the outcome, because directories
//!    need the final status and read the resource back at once. How long, and why a client that was told "failed" is never
//!    surprised by a late write, is explained in `scim::submit`.
//! 4. **A read loads what is asked for.** A group of 100,000 members is one row unless the client wants to see its members.
//! 5. **Every refusal is a SCIM error** (`refusal`), quick and with the reason in it, except where the reason is ours: then it
//!    holds the request id and the log has the cause, once.
//!
//! 6. **Pages are beside it** (`console`), with a front of their own: a session instead of a key, pages instead of SCIM errors.
//! 7. **What is refused at the door is counted** (`failures`) without a query, and becomes part of an incident a second later.
//!
//! What providers send that RFC 7644 does not foresee is not dealt with here: it is a named switch in [`muster_scim::Compat`].
//!
//! Nothing here knows the worker.

mod admin;
mod api;
mod app;
mod auth;
mod body;
mod console;
mod context;
mod cursor;
mod discovery;
mod failures;
mod forms;
mod front;
mod health;
mod measure;
mod media;
mod openapi;
mod path;
mod query;
mod refusal;
mod reply;
mod retry;
mod route;
mod scim;
mod serve;
mod settings;
mod sso;
mod unsubscribe;

pub use admin::serve_metrics;
pub use openapi::openapi;
pub use serve::{GatewayError, run};
pub use settings::{GatewaySettings, RequestLimits};
