//! What the JSON API answers with, as JSON Schema.

use super::shape::{count, flag, id, maybe, object, open, text, time, word};
use muster_domain::{
    OutcomeCode,
    incident::{Cause, IncidentEventKind, IncidentState, Resolution},
};
use serde_json::{Map, Value, json};

/// Every schema by its name.
pub(in super::super) fn all() -> Map<String, Value> {
    let named = [
        ("Operation", operation()),
        ("Cycle", cycle()),
        ("Incident", incident()),
        ("Advice", object(["title", "likely", "remedy"].map(|name| (name, text("For people."))).to_vec())),
        ("Affected", object(vec![("id", id("The user or group.")), ("label", maybe(text("What it is called, masked.")))])),
        ("IncidentEvent", incident_event()),
        ("Failure", failure()),
        ("Retried", retried()),
        ("Recipient", recipient()),
        ("Mail", mail()),
        ("Alias", super::aliases::schema()),
    ];
    named
        .into_iter()
        .chain(super::conversions::schemas())
        .chain(super::sso::schemas())
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn operation() -> Value {
    let error = open(
        vec![("status", count("The HTTP status.")), ("detail", text("What was wrong."))],
        vec![("scim_type", text("The reason, for programs."))],
    );
    object(vec![
        ("id", id("The operation.")),
        ("request_id", id("The request it came with.")),
        ("resource_type", text("User or Group.")),
        ("resource_id", id("The resource it is about.")),
        ("change", word(["create", "replace", "patch", "delete"], "What it changes.")),
        ("actor", text("`key` (a directory), `command` …")),
        ("key", maybe(id("The secret key it came with."))),
        ("code", word(OutcomeCode::ALL.map(OutcomeCode::as_str), "What became of it.")),
        ("status", count("The HTTP status its client got.")),
        ("version", maybe(count("The version of the resource after it."))),
        ("error", maybe(error)),
        ("accepted_ms", time("When it was accepted.")),
        ("applied_ms", time("When it was applied.")),
        ("detail", json!({ "type": ["object", "null"], "description": "What the log keeps beside the outcome, as its policy says." })),
        ("incident", maybe(id("The incident it is part of."))),
        ("incident_number", maybe(count("That incident's number."))),
    ])
}

fn cycle() -> Value {
    object(vec![
        ("key", id("The secret key.")),
        ("first_ms", time("The first operation.")),
        ("last_ms", time("The last operation.")),
        ("operations", count("How many operations.")),
        ("created", count("How many of them create.")),
        ("replaced", count("How many of them replace.")),
        ("patched", count("How many of them patch.")),
        ("deleted", count("How many of them delete.")),
        ("failed", count("How many were not carried out.")),
        ("running", flag("Its next operation may still come.")),
    ])
}

fn incident() -> Value {
    object(vec![
        ("id", id("The incident.")),
        ("number", count("What people call it by.")),
        ("fingerprint", text("What its failures have in common.")),
        ("cause", word(Cause::ALL.map(Cause::as_str), "Why.")),
        ("scim_type", maybe(text("The reason clients were told."))),
        ("attribute", maybe(text("The attribute it is about."))),
        ("action", text("What was tried.")),
        ("resource_type", maybe(text("User or Group."))),
        ("state", word(IncidentState::ALL.map(IncidentState::as_str), "Where it stands.")),
        ("failures", count("How many failures.")),
        ("affected", count("How many users or groups.")),
        ("first_ms", time("The first failure.")),
        ("last_ms", time("The last failure.")),
        ("state_ms", time("Since when it is in its state.")),
        ("state_by", maybe(text("Who brought it there."))),
        ("snoozed_until_ms", maybe(time("When it wakes up."))),
        ("resolution", maybe(word(Resolution::ALL.map(Resolution::as_str), "How it ended."))),
        ("reopened", count("How often it came back.")),
    ])
}

fn incident_event() -> Value {
    object(vec![
        ("id", id("The event.")),
        ("incident", id("The incident.")),
        ("kind", word(IncidentEventKind::ALL.map(IncidentEventKind::as_str), "What happened.")),
        ("at_ms", time("When.")),
        ("failures", count("How many failures there were by then.")),
        ("affected", count("How many users or groups by then.")),
        ("actor", maybe(text("Who did it."))),
    ])
}

fn failure() -> Value {
    object(vec![
        ("id", id("The failure.")),
        ("operation", maybe(id("The operation; none when it was refused before it became one."))),
        ("subject", maybe(text("Whom it is about, masked."))),
        ("failures", count("How many it stands for.")),
        ("at_ms", time("When.")),
        ("settled", flag("It is carried out or overtaken by now.")),
        ("retryable", flag("It can be tried again.")),
    ])
}

fn retried() -> Value {
    object(vec![
        ("applied", count("Carried out.")),
        ("failed", count("Failed again.")),
        ("superseded", count("Overtaken by what came later.")),
        ("more", flag("There are more to be tried.")),
    ])
}

fn recipient() -> Value {
    object(vec![
        ("address", text("The address.")),
        ("source", word(["list", "administrator"], "Why it gets mail.")),
        ("time_zone", text("The IANA time zone its mail speaks in.")),
        ("quiet_hours", maybe(text("When no mail comes."))),
        ("unsubscribed_ms", maybe(time("When it unsubscribed."))),
        ("bounced_ms", maybe(time("When its server refused mail for good."))),
        ("bounce", maybe(text("What the server said."))),
    ])
}

fn mail() -> Value {
    let states = ["pending", "sent", "unconfirmed", "failed", "superseded", "folded", "suppressed"];
    object(vec![
        ("id", id("The mail.")),
        ("address", text("To whom.")),
        ("key", text("What makes it the same mail.")),
        ("content", json!({ "description": "The facts it is worded from." })),
        ("status", word(states, "What became of it.")),
        ("held", maybe(word(["quiet_hours", "outage", "cap"], "What it waits for."))),
        ("written_ms", time("When it was written.")),
        ("due_ms", time("When it is due.")),
        ("sent_ms", maybe(time("When it was sent."))),
        ("attempts", count("How often it was tried.")),
        ("reply", maybe(text("What the server said."))),
    ])
}
