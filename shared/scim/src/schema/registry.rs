//! Which schemas this process knows.
//!
//! It is decided once, at the start, by the configuration, and is the same for the whole process: gateway, worker and commands
//! of one installation read the same files. Everything in it lives as long as the process, so that an attribute can be passed
//! around as a plain reference on every path, whether it was built in or configured.

use super::{Attribute, COMMON, CustomType, ENTERPRISE_USER, GROUP, Mutability, Place, Returned, Schema, USER};
use crate::ResourceType;
use std::sync::OnceLock;

static GLOBAL: OnceLock<Registry> = OnceLock::new();

/// An extension as one resource type has it (RFC 7643 §6).
#[derive(Clone, Copy, Debug)]
pub struct Extension {
    /// The schema.
    pub schema: &'static Schema,
    /// Whether every resource of the type has it.
    pub required: bool,
}

/// The schemas and what each resource type has of them.
#[derive(Debug)]
pub struct Registry {
    user: Entry,
    group: Entry,
    types: Vec<ResourceType>,
    schemas: Vec<&'static Schema>,
}

/// A registry was installed after the process had begun to use one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process already uses a set of schemas")]
pub struct InUse;

/// What is known of one resource type.
#[derive(Debug)]
pub(super) struct Entry {
    extensions: Vec<Extension>,
    /// What never leaves.
    hidden: Vec<Place>,
    /// What leaves when it is asked for by name.
    on_request: Vec<Place>,
    /// What can be set once.
    immutable: Vec<Place>,
}

impl Registry {
    /// Users with the enterprise extension, and groups.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(vec![Extension { schema: &ENTERPRISE_USER, required: false }], Vec::new(), Vec::new(), Vec::new())
    }

    /// The built-in schemas and what is added to them.
    pub(super) fn new(user: Vec<Extension>, group: Vec<Extension>, custom: Vec<&'static CustomType>, added: Vec<&'static Schema>) -> Self {
        let mut schemas = vec![&USER, &GROUP, &ENTERPRISE_USER];
        schemas.extend(added);
        let types = ResourceType::BUILT_IN.into_iter().chain(custom.into_iter().map(ResourceType::Custom)).collect();
        Self { user: Entry::of(&USER, user), group: Entry::of(&GROUP, group), types, schemas }
    }

    /// The one this process uses: the installed one, or the built-in one if there is none.
    #[must_use]
    pub fn global() -> &'static Self {
        GLOBAL.get_or_init(Self::built_in)
    }

    /// Makes it the one this process uses.
    ///
    /// # Errors
    /// The process uses one already: what has been read by one set of schemas must not be judged by another.
    pub fn install(self) -> Result<(), InUse> {
        GLOBAL.set(self).map_err(|_| InUse)
    }

    /// Every resource type, the built-in ones first.
    #[must_use]
    pub fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// Every schema that has a document, the built-in ones first.
    #[must_use]
    pub fn schemas(&self) -> &[&'static Schema] {
        &self.schemas
    }

    /// The extensions of a resource type.
    #[must_use]
    pub fn extensions(&self, rt: ResourceType) -> &[Extension] {
        &self.entry(rt).extensions
    }

    /// What never leaves the service.
    pub(crate) fn hidden(&self, rt: ResourceType) -> &[Place] {
        &self.entry(rt).hidden
    }

    /// What is in an answer only when it was asked for by name.
    pub(crate) fn on_request(&self, rt: ResourceType) -> &[Place] {
        &self.entry(rt).on_request
    }

    /// What can be set once.
    pub(crate) fn immutable(&self, rt: ResourceType) -> &[Place] {
        &self.entry(rt).immutable
    }

    const fn entry(&self, rt: ResourceType) -> &Entry {
        match rt {
            ResourceType::User => &self.user,
            ResourceType::Group => &self.group,
            ResourceType::Custom(custom) => &custom.entry,
        }
    }
}

impl Entry {
    /// Of a type without attributes.
    pub(super) const EMPTY: Self = Self { extensions: Vec::new(), hidden: Vec::new(), on_request: Vec::new(), immutable: Vec::new() };

    pub(super) fn of(core: &'static Schema, extensions: Vec<Extension>) -> Self {
        let mut entry = Self::EMPTY;
        for (urn, schema) in
            [(None, &COMMON), (None, core)].into_iter().chain(extensions.iter().map(|one| (Some(one.schema.urn), one.schema)))
        {
            for attribute in schema.attributes {
                entry.note(Place { urn, attr: attribute.name, sub: None }, attribute);
                for sub in attribute.sub_attributes {
                    entry.note(Place { urn, attr: attribute.name, sub: Some(sub.name) }, sub);
                }
            }
        }
        Self { extensions, ..entry }
    }

    fn note(&mut self, place: Place, attribute: &Attribute) {
        if attribute.is_hidden() {
            self.hidden.push(place);
        } else if attribute.returned == Returned::Request {
            self.on_request.push(place);
        }
        if attribute.mutability == Mutability::Immutable {
            self.immutable.push(place);
        }
    }
}
