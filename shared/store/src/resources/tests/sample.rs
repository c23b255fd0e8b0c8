//! Users, groups, filters and orders made to disagree about case, absence, composition and special characters.

use crate::{
    GroupRow, UserRow,
    testing::{World, object},
};
use fastrand::Rng;
use muster_scim::{ResourceType, instant_text, urn};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const WORDS: &[&str] = &[
    "ada",
    "ADA",
    "Ada%",
    "a_da",
    "a\\da",
    "aXda",
    "zo\u{eb}",
    "ZO\u{cb}",
    "zoe\u{308}",
    "\u{130}x",
    "stra\u{df}e",
    "\u{212a}elvin",
    "kelvin",
    "\u{65e5}\u{672c}",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "a\nb",
    "\u{10ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "b",
    "User",
    "work",
];
const TIMES: &[i64] = &[0, 1, 999, 1_000, 1_500, 86_400_000, 1_700_000_000_123, 1_700_000_000_123];

/// What is in the database.
pub(super) struct Sample {
    pub users: Vec<UserRow>,
    pub groups: Vec<GroupRow>,
}

pub(super) fn word(rng: &mut Rng) -> String {
    let one = |rng: &mut Rng| WORDS[rng.usize(..WORDS.len())];
    match rng.u8(..6) {
        0 => format!("{}{}", one(rng), one(rng)),
        1 => format!(" {} ", one(rng)),
        2 => format!("{} {}", one(rng), one(rng)),
        _ => one(rng).to_owned(),
    }
}

fn put(resource: &mut Map<String, Value>, rng: &mut Rng, name: &str) {
    if rng.bool() {
        resource.insert(name.to_owned(), word(rng).into());
    }
}

/// Fills a database; of names that would not be unique, the first wins.
pub(super) async fn fill(world: &World, rng: &mut Rng, users: usize, groups: usize) -> Sample {
    let time = |rng: &mut Rng| TIMES[rng.usize(..TIMES.len())];
    let (mut people, mut sets): (Vec<UserRow>, Vec<GroupRow>) = (Vec::new(), Vec::new());
    for number in 0..users {
        let name = if rng.u8(..3) == 0 { word(rng) } else { format!("{}{number}", word(rng)) };
        let mut resource = object(json!({ "userName": name, "active": rng.u8(..3) > 0 }));
        for attribute in ["externalId", "displayName", "title", "nickName"] {
            put(&mut resource, rng, attribute);
        }
        let emails: Vec<Value> = (0..rng.usize(..4))
            .map(|_| {
                let mut email = object(json!({ "type": if rng.bool() { "work" } else { "Home" }, "primary": rng.u8(..4) == 0 }));
                if rng.u8(..5) > 0 {
                    email.insert("value".into(), format!("{}@x.test", word(rng)).into());
                }
                Value::Object(email)
            })
            .collect();
        if !emails.is_empty() {
            resource.insert("emails".into(), emails.into());
        }
        if rng.bool() {
            resource.insert(urn::ENTERPRISE_USER.into(), json!({ "department": word(rng), "manager": { "value": word(rng) } }));
        }
        let user = world.user(resource, time(rng), time(rng));
        if people.iter().all(|other| other.login_key() != user.login_key()) {
            people.push(user);
        }
    }
    for number in 0..groups {
        let name = if rng.u8(..3) == 0 { word(rng) } else { format!("{}{number}", word(rng)) };
        let mut resource = object(json!({ "displayName": name }));
        put(&mut resource, rng, "externalId");
        let group = world.group(resource, time(rng), time(rng));
        if sets.iter().all(|other| other.display_key() != group.display_key()) {
            sets.push(group);
        }
    }
    let all: Vec<Uuid> = people.iter().map(|user| user.id).chain(sets.iter().map(|group| group.id)).collect();
    let members: Vec<(Uuid, Uuid)> = (0..users).map(|_| (sets[rng.usize(..sets.len())].id, all[rng.usize(..all.len())])).collect();
    world.insert(&people, &sets, &members).await;
    Sample { users: people, groups: sets }
}

impl Sample {
    fn ids(&self, resource_type: ResourceType) -> Vec<Uuid> {
        match resource_type {
            ResourceType::User => self.users.iter().map(|user| user.id).collect(),
            _ => self.groups.iter().map(|group| group.id).collect(),
        }
    }

    /// A text that has a fair chance to be, or to be a part of, what is stored under this name.
    fn text(&self, rng: &mut Rng, resource_type: ResourceType, name: &str) -> String {
        let stored = match (resource_type, rng.bool()) {
            (_, true) => None,
            (ResourceType::User, _) => self.users[rng.usize(..self.users.len())].resource.get(name).and_then(Value::as_str),
            _ => self.groups[rng.usize(..self.groups.len())].resource.get(name).and_then(Value::as_str),
        };
        let text = stored.map_or_else(|| word(rng), str::to_owned);
        let characters = text.chars().count();
        match rng.u8(..6) {
            0 => text.to_uppercase(),
            1 => text.chars().take(rng.usize(..=characters)).collect(),
            2 => text.chars().skip(rng.usize(..=characters)).collect(),
            _ => text,
        }
    }

    /// A filter that can be read.
    pub(super) fn filter(&self, rng: &mut Rng, resource_type: ResourceType, depth: u8) -> String {
        match rng.u8(..8) {
            0 if depth > 0 => format!("not ({})", self.filter(rng, resource_type, depth - 1)),
            1 | 2 if depth > 0 => {
                format!("({} and {})", self.filter(rng, resource_type, depth - 1), self.filter(rng, resource_type, depth - 1))
            }
            3 | 4 if depth > 0 => {
                format!("({} or {})", self.filter(rng, resource_type, depth - 1), self.filter(rng, resource_type, depth - 1))
            }
            _ => self.term(rng, resource_type),
        }
    }

    fn term(&self, rng: &mut Rng, resource_type: ResourceType) -> String {
        let texts: &[&str] = match resource_type {
            ResourceType::User => &["userName", "externalId", "displayName", "title", "id", "meta.resourceType", "emails.value"],
            _ => &["displayName", "externalId", "id", "meta.resourceType"],
        };
        let quoted = |text: String| Value::from(text).to_string();
        let op = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"][rng.usize(..9)];
        let name = texts[rng.usize(..texts.len())];
        let (list, other) = match resource_type {
            ResourceType::User => ("groups", ResourceType::Group),
            _ => ("members", ResourceType::User),
        };
        let one_of = |rng: &mut Rng, kind| {
            let ids = self.ids(kind);
            ids[rng.usize(..ids.len())].to_string()
        };
        match rng.u8(..12) {
            0 => {
                let id = one_of(rng, resource_type);
                let id = match rng.u8(..4) {
                    0 => id.to_uppercase(),
                    1 => id.chars().take(rng.usize(..36)).collect(),
                    _ => id,
                };
                format!("id {op} {}", quoted(id))
            }
            1 => format!("{list}.value {} {}", ["eq", "ne"][rng.usize(..2)], quoted(one_of(rng, other))),
            2 => format!("{}{list}[value eq {}]", ["", "not (id pr) or "][rng.usize(..2)], quoted(one_of(rng, other))),
            3 => {
                let op = ["eq", "ne", "gt", "ge", "lt", "le"][rng.usize(..6)];
                let time = instant_text(TIMES[rng.usize(..TIMES.len())]);
                format!("meta.{} {op} {}", ["created", "lastModified"][rng.usize(..2)], quoted(time))
            }
            4 => {
                let names = ["externalId", "displayName", "id", "meta.created", "meta", "schemas", list, "meta.location"];
                format!("{} pr", names[rng.usize(..names.len())])
            }
            5 => format!("{} {} null", ["externalId", "displayName"][rng.usize(..2)], ["eq", "ne"][rng.usize(..2)]),
            6 if resource_type == ResourceType::User => {
                format!("active {} {}", ["eq", "ne"][rng.usize(..2)], ["true", "false"][rng.usize(..2)])
            }
            7 if resource_type == ResourceType::User => {
                let user = &self.users[rng.usize(..self.users.len())];
                let value = user.resource.get("emails").and_then(|emails| emails[0].get("value")?.as_str()).unwrap_or("none").to_owned();
                let value = quoted(if rng.bool() { value.to_uppercase() } else { value });
                let forms = [
                    format!("emails.value eq {value}"),
                    format!("emails[type eq \"work\"].value eq {value}"),
                    format!("emails[type eq \"home\" and value eq {value}]"),
                    format!("emails.value ne {value}"),
                    "emails.value pr".to_owned(),
                    "emails pr".to_owned(),
                ];
                forms[rng.usize(..forms.len())].clone()
            }
            8 if resource_type == ResourceType::User => {
                format!("{} pr", ["userName", "active", "emails", "emails.value", "title"][rng.usize(..5)])
            }
            _ => format!("{name} {op} {}", quoted(self.text(rng, resource_type, name))),
        }
    }
}
