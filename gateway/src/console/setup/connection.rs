//! Whether the directory gets through, and what is wrong when it does not.

use crate::console::{display, live::Live, problem::Problem, sightings::WRONG_PATH};
use crate::{app::App, refusal::Refusal};
use askama::Template;
use muster_domain::{AccountId, KeyId, UserId};
use muster_store::{
    console::sightings::{self, Sighting, Sightings},
    keys, now_ms, resources,
};

/// The account's key, as it may be shown.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) administrator_id: UserId,
    pub(crate) administrator: String,
    pub(crate) hint: String,
    pub(crate) created_ms: i64,
    /// Whether its administrator may still hold it.
    pub(crate) works: bool,
}

/// What there is to say about the connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) key: Option<Key>,
    state: State,
    /// When the directory last got through, whatever key it had then, milliseconds since 1970.
    pub(crate) heard_ms: Option<i64>,
    now_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    NoKey,
    /// The key's administrator was disabled, demoted or deleted.
    DeadKey,
    /// Nothing was heard since the key was made.
    Waiting,
    /// The directory gets through.
    Works(Sighting),
    /// It gets through, and what it asked was refused.
    Refused(Sighting),
    /// It is not let in.
    Locked(Sighting),
}

#[derive(Template)]
#[template(path = "console/setup/connection.html")]
struct Part {
    connection: Connection,
}

/// The panel's content.
pub(super) async fn render(live: &Live) -> Result<String, Problem> {
    let part = Part { connection: of(&live.app, live.account).await? };
    part.render().map_err(|error| Refusal::internal(error).into())
}

/// The connection of an account.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn of(app: &App, account: AccountId) -> Result<Connection, Problem> {
    let store = &app.store;
    let key = match app.read(keys::active(store, account)).await? {
        None => None,
        Some(info) => {
            let user = app.read(resources::summary(store, account, info.administrator)).await?;
            Some(Key {
                id: info.id,
                administrator_id: info.administrator,
                hint: info.hint,
                created_ms: info.created_ms,
                works: user.as_ref().is_some_and(|user| user.active && user.role.may_be_scim_administrator()),
                administrator: user.map_or_else(|| "(gone)".to_owned(), |user| user.user_id),
            })
        }
    };
    let last = app.read(sightings::last(store, account)).await?;
    let heard_ms = last.accepted.as_ref().map(|seen| seen.at_ms);
    Ok(Connection { state: state(key.as_ref(), last), heard_ms, key, now_ms: now_ms() })
}

fn state(key: Option<&Key>, last: Sightings) -> State {
    let Some(key) = key else { return State::NoKey };
    if !key.works {
        return State::DeadKey;
    }
    // What was heard before the key was made says nothing about it.
    let accepted = last.accepted.filter(|seen| seen.key == Some(key.id));
    let refused = last.refused.filter(|seen| seen.at_ms >= key.created_ms);
    match (accepted, refused) {
        (Some(accepted), Some(refused)) if refused.at_ms > accepted.at_ms => State::Locked(refused),
        (Some(accepted), _) if accepted.status >= 400 && accepted.status != 404 => State::Refused(accepted),
        (Some(accepted), _) => State::Works(accepted),
        (None, Some(refused)) => State::Locked(refused),
        (None, None) => State::Waiting,
    }
}

impl Connection {
    /// Whether the directory gets through.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.state, State::Works(_))
    }

    /// Whether nothing was set up yet.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.state, State::NoKey)
    }

    /// The class of the state.
    pub(crate) fn tone(&self) -> &'static str {
        match self.state {
            State::NoKey | State::Waiting => "idle",
            State::Works(_) => "good",
            State::Refused(_) => "warning",
            State::DeadKey | State::Locked(_) => "bad",
        }
    }

    /// The state in a word or two.
    pub(crate) fn word(&self) -> &'static str {
        match self.state {
            State::NoKey => "Not set up",
            State::Waiting => "Waiting",
            State::Works(_) => "Connected",
            State::Refused(_) => "Connected, request refused",
            State::DeadKey => "Key does not work",
            State::Locked(_) => "Not let in",
        }
    }

    /// The state in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match &self.state {
            State::NoKey => "There is no secret key yet: generate one first.".to_owned(),
            State::Waiting => {
                "Nothing has come with this key yet. Press Test Connection in the directory; this changes by itself.".to_owned()
            }
            State::Works(seen) => format!("The directory gets through: its last request came {}.", self.ago(seen)),
            State::Refused(seen) => {
                format!("The key is right, but what the directory asked {} was answered with {}.", self.ago(seen), seen.status)
            }
            State::DeadKey => "The user the key belongs to is disabled, deleted or of another role, so the key opens nothing.".to_owned(),
            State::Locked(seen) => format!("{} ({}).", cause(seen).0, self.ago(seen)),
        }
    }

    /// What somebody should do, if anything.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match &self.state {
            State::NoKey | State::Waiting | State::Works(_) => None,
            State::Refused(_) => Some("open Provisioning › Failures: it says what was wrong with the request."),
            State::DeadKey => Some("choose another SCIM administrator and generate a new key."),
            State::Locked(seen) => Some(cause(seen).1),
        }
    }

    /// The request the state is about.
    pub(crate) fn sighting(&self) -> Option<&Sighting> {
        match &self.state {
            State::Works(seen) | State::Refused(seen) | State::Locked(seen) => Some(seen),
            State::NoKey | State::DeadKey | State::Waiting => None,
        }
    }

    fn ago(&self, seen: &Sighting) -> String {
        display::ago(seen.at_ms, self.now_ms)
    }
}

/// What a refused request means, and what to do about it.
fn cause(seen: &Sighting) -> (&'static str, &'static str) {
    match seen.cause.as_deref().unwrap_or_default() {
        "voided_key" => (
            "A request came with a key that was replaced by a newer one",
            "put the newest key into the directory as Secret Token. If nobody has it any more, generate another one.",
        ),
        "disabled_administrator" => (
            "A request came with the key of a user who may not be SCIM administrator any more",
            "choose another SCIM administrator and generate a new key.",
        ),
        "wrong_host" => (
            "A request came with the right key to the wrong host",
            "use the Tenant URL exactly as it stands above: this account is served on its own host only.",
        ),
        WRONG_PATH => (
            "A request came with the right key to an address that is not the Tenant URL",
            "use the Tenant URL exactly as it stands above; it ends in /scim.",
        ),
        "key_guessing" => (
            "Many requests with wrong keys came from one address",
            "if it is your directory, paste the secret key again; if you do not know the address, somebody is guessing.",
        ),
        _ => (
            "A request came with a secret key that is none of ours",
            "paste the key again, all of it and nothing else: it begins with muster_ and has 56 characters. If it is lost, generate a new one.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        let (id, administrator_id) = (KeyId::new(), UserId::new());
        Key { id, administrator_id, administrator: "ada".into(), hint: "abcd".into(), created_ms: 1_000, works: true }
    }

    fn seen(at_ms: i64, key: Option<KeyId>, cause: Option<&str>, status: u16) -> Option<Sighting> {
        let (method, path, peer, agent) = ("GET".into(), "/scim/Users".into(), "192.0.2.1".into(), String::new());
        Some(Sighting { at_ms, key, cause: cause.map(str::to_owned), method, path, status, peer, agent })
    }

    #[test]
    fn the_newest_request_since_the_key_was_made_decides() {
        let key = key();
        let say = |accepted, refused| {
            let connection =
                Connection { state: state(Some(&key), Sightings { accepted, refused }), heard_ms: None, key: None, now_ms: 10_000 };
            (connection.tone(), connection.word())
        };
        assert_eq!(say(None, None), ("idle", "Waiting"));
        assert_eq!(say(seen(2_000, Some(key.id), None, 200), None), ("good", "Connected"));
        assert_eq!(say(seen(2_000, Some(key.id), None, 404), None), ("good", "Connected"), "asking for what is not there is a test");
        assert_eq!(say(seen(2_000, Some(KeyId::new()), None, 200), None), ("idle", "Waiting"), "another key's");
        assert_eq!(say(seen(2_000, Some(key.id), None, 400), None).0, "warning");
        assert_eq!(say(None, seen(500, None, Some("wrong_key"), 401)), ("idle", "Waiting"), "before the key was made");
        assert_eq!(say(None, seen(2_000, None, Some("wrong_key"), 401)), ("bad", "Not let in"));
        assert_eq!(say(seen(3_000, Some(key.id), None, 200), seen(2_000, None, Some("wrong_key"), 401)).0, "good");
        assert_eq!(say(seen(3_000, Some(key.id), None, 200), seen(4_000, None, Some("voided_key"), 401)).0, "bad");
        assert_eq!(state(None, Sightings::default()), State::NoKey);
        assert_eq!(state(Some(&Key { works: false, ..key.clone() }), Sightings::default()), State::DeadKey);
    }

    #[test]
    fn every_cause_has_its_own_words() {
        let mut said = std::collections::HashSet::new();
        for word in ["wrong_key", "voided_key", "disabled_administrator", "wrong_host", "key_guessing", WRONG_PATH] {
            let (what, remedy) = cause(&seen(0, None, Some(word), 401).expect("one"));
            assert!(said.insert(what) && said.insert(remedy), "{word}");
        }
    }
}
