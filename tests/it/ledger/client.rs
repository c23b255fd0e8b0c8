//! One client of the ledger: one connection, one write at a time, nothing ever sent twice.

use super::state::{Book, Entry, State, Verdict};
use crate::harness::{
    Answer, Connection, Response,
    scim::{GROUP, USER, id_of, patch_body, request},
    sleep_ms,
};
use fastrand::Rng;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// When a client stops.
#[derive(Clone)]
pub struct Limits {
    /// After this many requests.
    pub requests: usize,
    /// After this time.
    pub time: Duration,
    /// When told to.
    pub stop: Arc<AtomicBool>,
}

/// A client.
pub struct Client {
    /// Distinguishes its users from those of the others.
    pub number: usize,
    /// Where it may connect to.
    pub gateways: Vec<SocketAddr>,
    /// The secret key.
    pub key: String,
    /// The group all clients add to.
    pub group: String,
    /// Its lots.
    pub rng: Rng,
}

impl Client {
    /// Writes until a limit is reached.
    pub async fn run(mut self, limits: Limits) -> Book {
        let mut book = Book::default();
        let end = Instant::now() + limits.time;
        let mut connection = self.connect();
        for _ in 0..limits.requests {
            if Instant::now() > end || limits.stop.load(Ordering::Relaxed) {
                break;
            }
            let verdict = self.step(&mut connection, &mut book).await;
            book.count(verdict);
            if verdict != Verdict::Done {
                connection = self.connect();
                sleep_ms(self.rng.u64(5..100)).await;
            }
        }
        book
    }

    fn connect(&mut self) -> Connection {
        Connection::to(self.gateways[self.rng.usize(0..self.gateways.len())])
    }

    async fn step(&mut self, connection: &mut Connection, book: &mut Book) -> Verdict {
        let known: Vec<String> = book.users.iter().filter(|(_, entry)| entry.present().is_some()).map(|(name, _)| name.clone()).collect();
        if known.is_empty() || self.rng.f32() < 0.45 {
            return self.create(connection, book).await;
        }
        let name = known[self.rng.usize(0..known.len())].clone();
        let mut entry = book.users.remove(&name).expect("it was listed");
        let verdict = self.change(connection, &name, &mut entry, book).await;
        book.users.insert(name, entry);
        verdict
    }

    async fn create(&mut self, connection: &mut Connection, book: &mut Book) -> Verdict {
        let name = format!("c{}-{}@ledger.test", self.number, book.users.len());
        let display = format!("new {}", self.rng.u32(..));
        let body = json!({ "schemas": [USER], "userName": name, "active": true, "displayName": display });
        let answer = connection.send(request(&self.key, "POST", "/Users", Some(&body))).await;
        let (verdict, response) = judge(&format!("POST {name}"), answer, &[201], book);
        let mut entry = Entry::new();
        entry.id = response.filter(|_| verdict == Verdict::Done).map(|response| id_of(&response.json()));
        entry.note("create", State::Present { display, active: true }, verdict);
        book.users.insert(name, entry);
        verdict
    }

    async fn change(&mut self, connection: &mut Connection, name: &str, entry: &mut Entry, book: &mut Book) -> Verdict {
        let (id, display, active) =
            entry.present().map(|(id, display, active)| (id.to_owned(), display.to_owned(), active)).expect("it is present");
        match self.rng.u32(0..100) {
            0..45 => {
                let display = format!("changed {}", self.rng.u32(..));
                let operations = json!([{ "op": "Replace", "path": "displayName", "value": display }]);
                let verdict = self.patch(connection, &format!("/Users/{id}"), operations, name, book).await;
                entry.note("patch", State::Present { display, active }, verdict);
                verdict
            }
            45..60 => {
                let operations = json!([{ "op": "Replace", "path": "active", "value": (!active).to_string() }]);
                let verdict = self.patch(connection, &format!("/Users/{id}"), operations, name, book).await;
                entry.note("switch", State::Present { display, active: !active }, verdict);
                verdict
            }
            60..75 => {
                let answer = connection.send(request(&self.key, "DELETE", &format!("/Users/{id}"), None)).await;
                let (verdict, _) = judge(&format!("DELETE {name}"), answer, &[204], book);
                entry.note("delete", State::Absent, verdict);
                // Deleted users leave groups, so what was said about membership no longer counts.
                verdict
            }
            _ => {
                let operations = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }]);
                let verdict = self.patch(connection, &format!("/Groups/{}", self.group), operations, name, book).await;
                entry.note_member(verdict);
                verdict
            }
        }
    }

    async fn patch(&self, connection: &mut Connection, path: &str, operations: Value, name: &str, book: &mut Book) -> Verdict {
        let answer = connection.send(request(&self.key, "PATCH", path, Some(&patch_body(operations)))).await;
        judge(&format!("PATCH {path} ({name})"), answer, &[200, 204], book).0
    }
}

/// The body of the group the clients add to.
pub fn shared_group() -> Value {
    json!({ "schemas": [GROUP], "displayName": "Ledger" })
}

/// What an answer says. Only 503 and 429, both with `Retry-After`, are answers to a fault; anything else breaks a promise.
fn judge(what: &str, answer: Answer, done: &[u16], book: &mut Book) -> (Verdict, Option<Response>) {
    match answer {
        Answer::Response(response) if done.contains(&response.status) => (Verdict::Done, Some(response)),
        Answer::Response(response) => {
            let busy = [429, 503].contains(&response.status) && !response.header("retry-after").is_empty();
            if !busy {
                book.violations.push(format!("{what}: {} {}", response.status, String::from_utf8_lossy(&response.body)));
            }
            book.reason(format!("status {}", response.status));
            (Verdict::Not, Some(response))
        }
        Answer::NotSent(why) => {
            book.reason(format!("not sent: {why}"));
            (Verdict::Not, None)
        }
        Answer::Unknown(why) => {
            book.reason(format!("unknown: {why}"));
            (Verdict::Unknown, None)
        }
    }
}
