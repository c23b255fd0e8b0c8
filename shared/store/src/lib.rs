//! The database of Muster: entities, migrations and named queries, the same on Postgres and on SQLite.
//!
//! **One text for both engines.** Set-based statements read their rows from one relation made of parameters (module `rows`): `unnest`
//! of arrays on Postgres, `json_each` of one document on SQLite. Everything around that relation is the same SQL, so the two
//! cannot drift apart, and a batch of 500 rows is as many statements as a batch of one.
//!
//! **The account comes first.** No function here reads or writes a user, a group or a member without being told the account.
//!
//! **Two pools.** [`Store::begin`] starts write transactions on connections that only know index plans and short timeouts; reads
//! go to a pool of their own, on a replica when one is configured.
//!
//! **Keys are computed in Rust.** `login_key`, `email_key` and `display_key` come from
//! [`LoginKey`](muster_domain::LoginKey) alone, never from SQL's `lower()`.

pub mod accounts;
pub mod aliases;
pub mod api_tokens;
pub mod async_requests;
pub mod batch;
mod connect;
pub mod console;
pub mod console_pages;
pub mod conversion;
pub mod conversion_probe;
mod custom;
pub mod diagnostics;
mod error;
mod filter_sql;
pub mod incidents;
pub mod keys;
pub mod log;
mod migration;
pub mod operations;
pub mod outbox;
pub mod queue_samples;
pub mod resources;
mod row;
mod rows;
pub mod secrets;
pub mod sso;
#[cfg(test)]
mod testing;
mod time;

pub use connect::{Dialect, Store, StoreSettings, WriteTransaction};
pub use custom::CustomRow;
pub use error::StoreError;
pub use row::{GroupRow, UserRow};
pub use time::now_ms;
