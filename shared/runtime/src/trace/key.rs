//! The names of what spans say: OpenTelemetry's where it has one, `muster.` and ours otherwise.
//!
//! This is the whole list, so that one look tells what leaves the house.

/// GET, POST …
pub const METHOD: &str = "http.request.method";
/// What was asked for, in words of ours: the address itself holds ids and filters.
pub const ROUTE: &str = "http.route";
/// What was answered.
pub const STATUS: &str = "http.response.status_code";
/// The id in `X-Request-Id`.
pub const REQUEST: &str = "muster.request.id";
/// The account's id.
pub const ACCOUNT: &str = "muster.account.id";
/// The account's short name.
pub const ACCOUNT_SLUG: &str = "muster.account.slug";
/// The operation's id.
pub const OPERATION: &str = "muster.operation.id";
/// create, replace, patch or delete.
pub const CHANGE: &str = "muster.change";
/// User, Group …
pub const RESOURCE_TYPE: &str = "scim.resource_type";
/// The error's type, when SCIM has one for it.
pub const SCIM_TYPE: &str = "scim.type";
/// What became of it, in one word.
pub const OUTCOME: &str = "muster.outcome";
/// How many operations are in a message or a batch.
pub const OPERATIONS: &str = "messaging.batch.message_count";
/// The queue.
pub const QUEUE: &str = "messaging.destination.name";
/// What a mail is about: an incident, a conversion …
pub const MAIL: &str = "muster.mail.key";
