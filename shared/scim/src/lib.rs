//! SCIM 2.0 as data: schemas, resources, filters, paths, patch, errors and the habits of known clients.
//!
//! Everything here is pure. A request body goes in and a canonical [`Resource`] or a validated [`patch::PatchRequest`] comes
//! out, or a [`ScimError`] that names the member, the reason and the way to mend it. One table of attributes (see [`schema`])
//! decides names, types, case rules and mutability; reading, filtering, projecting and the discovery documents all follow it,
//! so they cannot disagree.
//!
//! What clients really send is wider than RFC 7644. Each such habit is one named switch in [`Compat`], with the client that
//! has it, so that leniency is a list one can read and not a mood of the code.

pub mod bulk;
mod compat;
pub mod discovery;
mod email;
mod error;
pub mod etag;
pub mod filter;
mod fold;
mod instant;
mod json;
pub mod json_schema;
mod limits;
mod list;
pub mod patch;
mod projection;
mod read;
mod render;
mod replace;
mod resource_type;
pub mod schema;
mod sort;
pub mod urn;

pub use compat::Compat;
pub use email::primary_email;
pub use error::{ScimError, ScimType};
pub use filter::Filter;
pub use fold::fold;
pub use instant::{instant_ms, instant_text};
pub use json::parse_json;
pub use limits::Limits;
pub use list::{cursor_response, list_response};
pub use patch::MemberChange;
pub use projection::{Projection, split_attribute_list};
pub use read::read_resource;
pub use render::{location, render, render_owned, set_location, set_references};
pub use replace::carry_over;
pub use resource_type::ResourceType;
pub use sort::{Sort, SortKey};

/// A resource as a JSON object: canonical as [`read_resource`] makes it, or rendered as [`render`](fn@render) makes it.
pub type Resource = serde_json::Map<String, serde_json::Value>;
