//! Which schema belongs to which resource type.

use super::{Problem, Problems, Sourced, leak, resource_type::TypeDocument};
use crate::ResourceType;
use crate::schema::{Attribute, CustomType, ENTERPRISE_USER, Extension, Kind, Schema, Uniqueness, custom::is_common};

/// Everything that belongs somewhere.
pub(super) struct Attached {
    pub(super) user: Vec<Extension>,
    pub(super) group: Vec<Extension>,
    pub(super) custom: Vec<&'static CustomType>,
}

type Schemas = [Sourced<&'static Schema>];
type Types = [Sourced<TypeDocument>];

/// Puts every schema where it belongs, and refuses those that belong nowhere.
pub(super) fn attach(schemas: &Schemas, types: &Types, problems: &mut Problems) -> Attached {
    let enterprise = Extension { schema: &ENTERPRISE_USER, required: false };
    let user = extensions(ResourceType::User.name(), vec![enterprise], schemas, types, problems);
    let group = extensions(ResourceType::Group.name(), Vec::new(), schemas, types, problems);
    let mut cores = Vec::new();
    let mut all: Vec<Extension> = user.iter().chain(&group).copied().collect();
    let mut custom: Vec<&'static CustomType> = Vec::new();
    for Sourced { source, value: document } in types.iter().filter(|one| one.value.own.is_some()) {
        let Some((endpoint, core)) = &document.own else { continue };
        let mut refuse = |message: String| problems.push(Problem { source_name: source.clone(), place: document.name.clone(), message });
        if custom.iter().any(|other| other.name.eq_ignore_ascii_case(&document.name) || other.endpoint.eq_ignore_ascii_case(endpoint)) {
            refuse(format!("the name or {endpoint} is taken by another resource type: choose others"));
            continue;
        }
        let Some(core) = find(schemas, core) else {
            refuse(format!("schema names {core}, which no file describes: add its schema document"));
            continue;
        };
        judge_core(source, core, problems);
        let extensions = extensions(&document.name, Vec::new(), schemas, types, problems);
        all.extend(&extensions);
        cores.push(core);
        let (name, endpoint, description) = (leak(&document.name), leak(endpoint), leak(&document.description));
        custom.push(Box::leak(Box::new(CustomType::new(name, endpoint, description, core, extensions))));
    }
    for Sourced { source, value: schema } in schemas {
        let extends = all.iter().any(|one| std::ptr::eq(one.schema, *schema));
        let mut refuse = |message: &str| {
            problems.push(Problem { source_name: source.clone(), place: schema.urn.to_owned(), message: message.to_owned() });
        };
        match (extends, cores.iter().any(|core| std::ptr::eq(*core, *schema))) {
            (true, true) => refuse("is the core schema of one resource type and an extension of another: it can be only one of them"),
            (false, false) => refuse(
                "belongs to no resource type: let its id end in :User or :Group, or name it in a resource type document, in schema or in \
                 schemaExtensions",
            ),
            (true, false) => refuse_unique(source, schema, problems),
            (false, true) => {}
        }
    }
    Attached { user, group, custom }
}

fn find(schemas: &Schemas, urn: &str) -> Option<&'static Schema> {
    schemas.iter().map(|one| one.value).find(|schema| schema.urn.eq_ignore_ascii_case(urn))
}

/// The extensions of a type: those it has anyway, those its documents name, and those whose URN says so.
fn extensions(name: &str, built_in: Vec<Extension>, schemas: &Schemas, types: &Types, problems: &mut Problems) -> Vec<Extension> {
    let mut found = built_in;
    let named = types.iter().filter(|one| one.value.name == name);
    for (source, named, required) in named.flat_map(|one| one.value.extensions.iter().map(|(urn, required)| (&one.source, urn, *required)))
    {
        if let Some(known) = found.iter_mut().find(|one| one.schema.urn.eq_ignore_ascii_case(named)) {
            known.required |= required;
            continue;
        }
        match find(schemas, named) {
            Some(schema) => found.push(Extension { schema, required }),
            None => problems.push(Problem {
                source_name: source.clone(),
                place: name.to_owned(),
                message: format!("schemaExtensions names {named}, which no file describes: add its schema document"),
            }),
        }
    }
    let ending = format!(":{name}").to_ascii_lowercase();
    for one in schemas.iter().filter(|one| one.value.urn.to_ascii_lowercase().ends_with(&ending)) {
        let said = |document: &TypeDocument| {
            let core = document.own.as_ref().is_some_and(|(_, core)| core.eq_ignore_ascii_case(one.value.urn));
            core || document.extensions.iter().any(|(urn, _)| urn.eq_ignore_ascii_case(one.value.urn))
        };
        if !types.iter().any(|document| said(&document.value)) {
            found.push(Extension { schema: one.value, required: false });
        }
    }
    found
}

/// What a core schema cannot have.
fn judge_core(source: &str, schema: &Schema, problems: &mut Problems) {
    for attribute in schema.attributes {
        let mut refuse = |name: String, message: &str| {
            problems.push(Problem { source_name: source.to_owned(), place: format!("{}:{name}", schema.urn), message: message.to_owned() });
        };
        if is_common(attribute.name) {
            refuse(attribute.name.to_owned(), "is an attribute every resource has already: take it out");
        }
        let keyed = !attribute.multi_valued && matches!(attribute.kind, Kind::String | Kind::Reference | Kind::Integer);
        match attribute.uniqueness {
            Uniqueness::None => {}
            Uniqueness::Server if keyed => {}
            Uniqueness::Server => {
                refuse(attribute.name.to_owned(), "only a single text, reference or integer can be unique: uniqueness must be none");
            }
            Uniqueness::Global => {
                refuse(attribute.name.to_owned(), "accounts know nothing of each other: uniqueness must be server or none")
            }
        }
        for sub in attribute.sub_attributes.iter().filter(|sub| sub.uniqueness != Uniqueness::None) {
            refuse(format!("{}.{}", attribute.name, sub.name), "a part of an attribute cannot be unique: uniqueness must be none");
        }
    }
}

/// An extension's values are kept in the resource and nowhere apart, where the database could compare them.
fn refuse_unique(source: &str, schema: &Schema, problems: &mut Problems) {
    let mut refuse = |name: String, attribute: &Attribute| {
        if attribute.uniqueness != Uniqueness::None {
            let message = "uniqueness must be none in an extension: this service keeps nothing in it apart".to_owned();
            problems.push(Problem { source_name: source.to_owned(), place: format!("{}:{name}", schema.urn), message });
        }
    };
    for attribute in schema.attributes {
        refuse(attribute.name.to_owned(), attribute);
        for sub in attribute.sub_attributes {
            refuse(format!("{}.{}", attribute.name, sub.name), sub);
        }
    }
}
