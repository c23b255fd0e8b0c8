//! The words of Muster as types.
//!
//! One word for one thing, everywhere: in code, columns, messages, pages and mails. This crate holds the things every other
//! crate speaks about: ids, accounts, roles, the key people sign in with, the secret key of a directory, an [`Operation`] (one
//! SCIM write accepted by the gateway), its [`Outcome`] (what became of it), and the [`OperationBatch`] that carries operations
//! through the queue.
//!
//! Nothing here does I/O. It knows `muster-scim` (the resources and errors an operation carries) and no other crate of ours.

mod account_url;
mod api_token;
mod bulk;
mod console_token;
pub mod conversion;
mod csv;
pub mod detail;
mod id;
pub mod incident;
mod login_key;
mod mask;
mod message;
pub mod notify;
mod operation;
mod role;
mod secret_key;
pub mod sso;
mod token;
mod trace_parent;

pub use account_url::account_url;
pub use api_token::ApiToken;
pub use bulk::BulkPart;
pub use console_token::{LinkToken, SessionToken, equal_in_constant_time};
pub use csv::{csv_cell, csv_line};
pub use id::{AccountId, ApiTokenId, ConversionId, GatewayId, GroupId, IncidentId, KeyId, OperationId, UserId};
pub use login_key::LoginKey;
pub use mask::{digest, mask, mask_detail};
pub use message::{OperationBatch, Reply};
pub use operation::{Actor, Change, Operation, Outcome, OutcomeCode};
pub use role::{Role, UnknownRole};
pub use secret_key::{MalformedSecretKey, SecretKey, SecretKeyHash};
pub use trace_parent::{MalformedTraceParent, TraceParent};
