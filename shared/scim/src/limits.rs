//! How much one request may ask for.

/// Bounds on a request, so that no body and no filter can take more than its share of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep JSON may nest.
    pub depth: usize,
    /// The longest string, in bytes.
    pub string_bytes: usize,
    /// The most members of one JSON object.
    pub keys: usize,
    /// The most elements of a multi-valued attribute other than a group's `members`.
    pub elements: usize,
    /// The most operations of one PATCH.
    pub patch_operations: usize,
    /// The most members one operation (or one new group) may name.
    pub members_per_operation: usize,
    /// The longest filter, in bytes.
    pub filter_bytes: usize,
    /// How deep a filter may nest.
    pub filter_depth: usize,
    /// The most comparisons in one filter.
    pub filter_terms: usize,
    /// The most operations of one bulk request.
    pub bulk_operations: usize,
    /// The largest bulk request, in bytes.
    pub bulk_bytes: usize,
}

impl Limits {
    /// The most elements a multi-valued attribute may hold once a PATCH has been applied. It is a constant because a worker
    /// applies what a gateway has read, and both must say the same.
    pub const MAX_ELEMENTS: usize = 1_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 32,
            string_bytes: 8 * 1024,
            keys: 200,
            elements: Self::MAX_ELEMENTS,
            patch_operations: 1_000,
            members_per_operation: 10_000,
            filter_bytes: 4 * 1024,
            filter_depth: 64,
            filter_terms: 100,
            bulk_operations: 1_000,
            bulk_bytes: 4 * 1024 * 1024,
        }
    }
}
