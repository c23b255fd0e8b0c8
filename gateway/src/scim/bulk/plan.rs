//! From a bulk request to operations.
//!
//! New resources get their ids here, so every `bulkId` can be replaced by an id before anything is enqueued, in whatever direction
//! it points. Which operation relies on which travels with them: whether the other one succeeds is known to the worker alone. What
//! cannot be right, and what relies on it, is refused here and only counted there (`failOnErrors`).
//!
//! Operations are applied in the order of the request, but for those *to* a resource that a later operation makes: these come right
//! after it.

use crate::{
    route::Endpoint,
    scim::{Call, resource_id, submit},
};
use muster_domain::{BulkPart, Change, Operation, OperationId, Role};
use muster_scim::{
    ResourceType, ScimError, ScimType,
    bulk::{BulkOperation, BulkRequest, References, resolve},
    patch, read_resource,
};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A bulk request, ready to be sent.
pub(super) struct Plan {
    /// What to show of each operation, in the order of the request.
    pub entries: Vec<Entry>,
    /// The entries in the order in which they are tried.
    pub order: Vec<usize>,
    /// What travels.
    pub operations: Vec<Operation>,
}

/// One operation of the request.
pub(super) struct Entry {
    pub method: String,
    pub bulk_id: Option<String>,
    /// What it is about, where that can be told.
    pub target: Option<(ResourceType, Uuid)>,
    pub end: End,
}

/// How far an operation comes.
pub(super) enum End {
    /// Not out of the gateway.
    Refused(ScimError),
    /// To a worker, at this place of what travels.
    Travels(usize),
}

/// An operation that is right as far as the gateway can tell.
struct Prepared {
    kind: ResourceType,
    id: Uuid,
    change: Change,
    versions: Option<Vec<i64>>,
    /// The entries that make what it refers to.
    needs: BTreeSet<usize>,
    /// The entry that makes what it is about.
    follows: Option<usize>,
}

/// What operations of a request make, by `bulkId`: the entry, the type and the id.
type Makers = HashMap<String, (usize, ResourceType, Uuid)>;

/// The makers, and which of them were asked for.
struct Asked<'m> {
    makers: &'m Makers,
    needs: BTreeSet<usize>,
}

impl References for Asked<'_> {
    fn id(&mut self, bulk_id: &str) -> Option<String> {
        let (index, _, id) = self.makers.get(bulk_id)?;
        self.needs.insert(*index);
        Some(id.to_string())
    }
}

pub(super) fn plan(call: &Call<'_>, request: BulkRequest) -> Plan {
    let makers = makers(&request);
    let fail_on_errors = request.fail_on_errors;
    let mut entries = Vec::with_capacity(request.operations.len());
    let mut prepared: Vec<Option<Prepared>> = Vec::with_capacity(request.operations.len());
    for (index, mut operation) in request.operations.into_iter().enumerate() {
        let (method, bulk_id) = (operation.method.clone(), operation.bulk_id.clone());
        let (ready, end) = match prepare(call, &makers, index, &mut operation) {
            Ok(ready) => (Some(ready), End::Travels(0)),
            Err(error) => (None, End::Refused(error)),
        };
        entries.push(Entry { method, bulk_id, target: ready.as_ref().map(|ready| (ready.kind, ready.id)), end });
        prepared.push(ready);
    }
    refuse_dependents(&mut entries, &mut prepared);
    let order = order(&prepared);
    let ids: Vec<OperationId> = prepared.iter().map(|_| OperationId::new()).collect();
    let (mut operations, mut errors) = (Vec::new(), 0);
    for index in &order {
        let Some(ready) = prepared[*index].take() else {
            errors += 1;
            continue;
        };
        let needs = ready.needs.iter().map(|need| ids[*need]).collect();
        let part = BulkPart { fail_on_errors, errors_before: errors, needs };
        entries[*index].end = End::Travels(operations.len());
        let operation = submit::operation(call, ready.kind, ready.id, ready.change, ready.versions);
        operations.push(Operation { id: ids[*index], bulk: Some(Box::new(part)), ..operation });
    }
    // A bulk is in time or late as a whole.
    if let Some((accepted_ms, deadline_ms)) = operations.first().map(|first| (first.accepted_ms, first.deadline_ms)) {
        for operation in &mut operations {
            (operation.accepted_ms, operation.deadline_ms) = (accepted_ms, deadline_ms);
        }
    }
    Plan { entries, order, operations }
}

fn makers(request: &BulkRequest) -> Makers {
    let made =
        request.operations.iter().enumerate().filter(|(_, operation)| operation.method == "POST").filter_map(|(index, operation)| {
            let segments: Vec<&str> = operation.path.split('/').filter(|segment| !segment.is_empty()).collect();
            let Some(Endpoint::Collection(kind)) = Endpoint::find(&segments) else { return None };
            Some((operation.bulk_id.clone()?, (index, kind, Uuid::now_v7())))
        });
    made.collect()
}

fn prepare(call: &Call<'_>, makers: &Makers, index: usize, operation: &mut BulkOperation) -> Result<Prepared, ScimError> {
    let settings = &call.app.settings;
    let mut asked = Asked { makers, needs: BTreeSet::new() };
    let segments = operation.segments(&mut asked)?;
    let follows = asked.needs.first().copied();
    if let Some(data) = &mut operation.data {
        resolve(data, &mut asked)?;
    }
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (kind, id) = match (operation.method.as_str(), Endpoint::find(&segments)) {
        ("POST" | "PUT" | "PATCH" | "DELETE", None) => return Err(ScimError::not_found("there is nothing at this path")),
        ("POST", Some(Endpoint::Collection(kind))) => (kind, maker(makers, index, operation)?),
        ("PUT" | "PATCH" | "DELETE", Some(Endpoint::Item(kind, id))) => {
            (kind, resource_id(kind, id).map_err(|_| ScimError::not_found(format!("there is no {kind} with this id")))?)
        }
        ("PUT" | "PATCH" | "DELETE", Some(Endpoint::Me)) => (ResourceType::User, call.caller.administrator.0),
        ("POST" | "PUT" | "PATCH" | "DELETE", Some(_)) => {
            let detail = "POST goes to a path such as /Users, PUT, PATCH and DELETE to one such as /Users/{id}";
            return Err(ScimError::bad_request(ScimType::InvalidPath, detail));
        }
        _ => return Err(ScimError::invalid_syntax("method must be POST, PUT, PATCH or DELETE: what reads is not for a bulk request")),
    };
    let read = |data: Option<Value>| data.ok_or_else(|| ScimError::invalid_syntax("data is required: the body of the request"));
    let data = operation.data.take();
    let change = match operation.method.as_str() {
        "POST" => Change::Create { resource: read_resource(kind, read(data)?, &settings.compat, &settings.scim)?, role: Role::User },
        "PUT" => Change::Replace { resource: read_resource(kind, read(data)?, &settings.compat, &settings.scim)? },
        "PATCH" => Change::Patch { patch: patch::read(kind, read(data)?, &settings.compat, &settings.scim)? },
        _ => Change::Delete,
    };
    let versions = operation.versions.take().filter(|_| operation.method != "POST");
    Ok(Prepared { kind, id, change, versions, needs: asked.needs, follows })
}

/// The id of what a POST makes.
fn maker(makers: &Makers, index: usize, operation: &BulkOperation) -> Result<Uuid, ScimError> {
    let own = operation.bulk_id.as_ref().and_then(|bulk_id| makers.get(bulk_id)).filter(|(maker, ..)| *maker == index);
    own.map(|(_, _, id)| *id).ok_or_else(|| ScimError::invalid_value("bulkId is required with POST: any name no other operation has"))
}

/// Refuses what refers to something that is not going to be made, and what refers to that.
fn refuse_dependents(entries: &mut [Entry], prepared: &mut [Option<Prepared>]) {
    let mut relying: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, ready) in prepared.iter().enumerate() {
        ready.iter().flat_map(|ready| &ready.needs).for_each(|need| relying.entry(*need).or_default().push(index));
    }
    let mut refused: Vec<usize> = prepared.iter().enumerate().filter(|(_, ready)| ready.is_none()).map(|(index, _)| index).collect();
    while let Some(index) = refused.pop() {
        for dependent in relying.remove(&index).unwrap_or_default() {
            if prepared[dependent].take().is_some() {
                let name = entries[index].bulk_id.as_deref().unwrap_or_default();
                let detail = format!(
                    "it refers to what the operation with the bulkId {name:?} makes, and that one failed: mend it, and send both again"
                );
                entries[dependent].end = End::Refused(ScimError::status(409, detail));
                refused.push(dependent);
            }
        }
    }
}

fn order(prepared: &[Option<Prepared>]) -> Vec<usize> {
    let (mut order, mut waiting) = (Vec::with_capacity(prepared.len()), HashMap::<usize, Vec<usize>>::new());
    for (index, ready) in prepared.iter().enumerate() {
        match ready.as_ref().and_then(|ready| ready.follows).filter(|maker| *maker > index) {
            Some(maker) => waiting.entry(maker).or_default().push(index),
            None => {
                order.push(index);
                order.extend(waiting.remove(&index).unwrap_or_default());
            }
        }
    }
    order
}
