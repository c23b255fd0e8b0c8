//! Where an attribute stands in a resource.

use crate::Resource;
use serde_json::{Map, Value};
use std::fmt;

/// An attribute or a sub-attribute, in the schema's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The URN of its extension; none when it stands in the resource itself.
    pub(crate) urn: Option<&'static str>,
    pub(crate) attr: &'static str,
    pub(crate) sub: Option<&'static str>,
}

impl Place {
    /// Takes it out of a resource. An extension that has nothing left goes as well.
    pub(crate) fn take_out(&self, resource: &mut Resource) {
        let Some(urn) = self.urn else {
            return self.take_out_of(resource);
        };
        if let Some(Value::Object(under)) = resource.get_mut(urn) {
            self.take_out_of(under);
            if under.is_empty() {
                resource.remove(urn);
            }
        }
    }

    /// Its value; none when it is in a list, where there may be many.
    pub(crate) fn find<'a>(&self, resource: &'a Resource) -> Option<&'a Value> {
        let target = match self.urn {
            Some(urn) => resource.get(urn)?.as_object()?,
            None => resource,
        };
        let whole = target.get(self.attr)?;
        match self.sub {
            Some(sub) => whole.as_object()?.get(sub),
            None => Some(whole),
        }
    }

    /// Puts a value there, in the objects it takes.
    pub(crate) fn put(&self, resource: &mut Resource, value: Value) {
        let steps: Vec<&str> = [self.urn, Some(self.attr), self.sub].into_iter().flatten().collect();
        let Some((last, outer)) = steps.split_last() else { return };
        let mut target = resource;
        for step in outer {
            let inner = target.entry(*step).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else { return };
            target = inner;
        }
        target.insert((*last).to_owned(), value);
    }

    fn take_out_of(&self, target: &mut Resource) {
        let Some(sub) = self.sub else {
            target.remove(self.attr);
            return;
        };
        match target.get_mut(self.attr) {
            Some(Value::Object(members)) => {
                members.remove(sub);
            }
            Some(Value::Array(elements)) => elements.iter_mut().filter_map(Value::as_object_mut).for_each(|element| {
                element.remove(sub);
            }),
            _ => {}
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(self.attr)?;
        self.sub.map_or(Ok(()), |sub| write!(f, ".{sub}"))
    }
}
