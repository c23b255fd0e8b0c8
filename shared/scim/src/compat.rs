//! The habits of known clients that RFC 7644 does not cover, one switch each.
//!
//! A habit is accepted because a client in use has it, never to be kind in general. All switches are on by default: the default
//! dialect of Entra ID needs most of them, and its SCIM-compliant dialect (`aadOptscim062020`) reaches the same account when
//! provisioning on demand.

/// Which departures from RFC 7644 are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compat {
    /// `"True"`, `"False"`, `"true"`, `"false"` where a boolean belongs, in values and in filters (Entra ID sends
    /// `"active": "False"`; the SCIM Validator filters `roles[primary eq "True"]`).
    pub string_booleans: bool,
    /// `""` means the same as `null`: the attribute has no value (Okta sends `"middleName": ""`).
    pub empty_string_clears: bool,
    /// `manager` as a bare id, as a list of one, or with an empty `value` to clear it (Entra ID, SCIM Validator).
    pub loose_manager: bool,
    /// `op` and `Operations` in any case (Entra ID sends `Add`, `Replace`, `Remove`).
    pub any_case_operations: bool,
    /// Keys of a value that are paths: `"name.givenName"`, `"urn:...:User:department"` (Entra ID with `aadOptscim062020`).
    pub path_keys: bool,
    /// Adding to, or replacing at, a value path that matches nothing creates the element (`emails[type eq "work"].value`,
    /// Entra ID). Off, replacing there is `noTarget`, as RFC 7644 has it.
    pub value_path_creates: bool,
    /// `remove` with a path and a `value` removes those elements only (Entra ID: `Remove members [{"value": ..}]`).
    pub removal_by_value: bool,
    /// A role whose `value` is a JSON object in a string (Entra ID's `AppRoleAssignmentsComplex`).
    pub roles_as_json: bool,
    /// `schemas` may be missing, may be one URN instead of a list, may leave out what the body has, and may name what directories
    /// name besides: Entra ID `http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group` and extensions unknown here
    /// (`urn:ietf:params:scim:schemas:extension:...`), old templates `urn:scim:schemas:core:1.0`. Any other unknown URN is
    /// refused all the same.
    pub loose_schemas: bool,
    /// A dot between schema URN and attribute, `urn:...:2.0:User.manager` (older Entra ID collections).
    pub dot_after_urn: bool,
    /// `urn:...:enterprise:2.0User`, as one of Entra ID's documented requests spells it.
    pub mistyped_enterprise_urn: bool,
    /// Enterprise attributes without their URN: `manager`, `department` (Entra ID's documented PATCH and filters).
    pub unqualified_enterprise: bool,
    /// A multi-valued attribute as one element instead of a list, and an element as its bare `value`
    /// (`"members": "2819c223"`).
    pub bare_elements: bool,
    /// A PATCH that is its list of operations and nothing around it, as RFC 7644's own example of a bulk request has it (§3.7).
    pub bare_operations: bool,
    /// Text without quotes in filters: `externalId eq someone` (an example of Entra ID's documentation).
    pub unquoted_literals: bool,
    /// A reader of `/ServiceProviderConfig` that gives up on attributes it does not know is not shown those of RFC 9967
    /// (scim2-client).
    pub closed_discovery: bool,
}

impl Compat {
    /// RFC 7644 to the letter.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            string_booleans: false,
            empty_string_clears: false,
            loose_manager: false,
            any_case_operations: false,
            path_keys: false,
            value_path_creates: false,
            removal_by_value: false,
            roles_as_json: false,
            loose_schemas: false,
            dot_after_urn: false,
            mistyped_enterprise_urn: false,
            unqualified_enterprise: false,
            bare_elements: false,
            bare_operations: false,
            unquoted_literals: false,
            closed_discovery: false,
        }
    }

    /// Everything known clients do.
    #[must_use]
    pub const fn lenient() -> Self {
        Self {
            string_booleans: true,
            empty_string_clears: true,
            loose_manager: true,
            any_case_operations: true,
            path_keys: true,
            value_path_creates: true,
            removal_by_value: true,
            roles_as_json: true,
            loose_schemas: true,
            dot_after_urn: true,
            mistyped_enterprise_urn: true,
            unqualified_enterprise: true,
            bare_elements: true,
            bare_operations: true,
            unquoted_literals: true,
            closed_discovery: true,
        }
    }
}

impl Default for Compat {
    fn default() -> Self {
        Self::lenient()
    }
}
