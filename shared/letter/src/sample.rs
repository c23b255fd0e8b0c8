//! Facts as they could be: for looking at mails before anything has happened, and for tests.

use jiff::Timestamp;
use muster_domain::{
    incident::{Cause, Resolution},
    mask,
    notify::{
        Content, ConversionReport, ConversionState, FoldReason, Folded, FoldedLine, IncidentMail, Item, Stage, TestMail, Weekly,
        WeeklyIncident,
    },
};
use uuid::Uuid;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).unwrap_or_default()
}

/// A mail about an incident in this state.
#[must_use]
pub fn incident(stage: Stage) -> IncidentMail {
    let users = ["jdoe@acme.com", "ada.lovelace@acme.com", "Øystein@acme.no", "m", "grace@acme.com"];
    let item = |(position, user): (usize, &&str)| Item {
        who: mask(user),
        what: "userName is already in use".to_owned(),
        at_ms: at("2026-11-24T10:04:00Z") - 20_000 * i64::try_from(position).unwrap_or_default(),
    };
    IncidentMail {
        incident: Uuid::from_u128(0x0193_5a4b_0000_7000_8000_0000_0000_01e2),
        reference: "#482".to_owned(),
        title: "user id already in use".to_owned(),
        stage,
        immediate: false,
        failures: if stage == Stage::Failed { 12 } else { 10_034 },
        new_failures: if stage == Stage::Failed { 12 } else { 10_022 },
        affected: if stage == Stage::Failed { 11 } else { 9_800 },
        resource_type: Some("User".to_owned()),
        attribute: Some("userName".to_owned()),
        first_ms: at("2026-11-24T09:58:10Z"),
        last_ms: at("2026-11-24T10:04:00Z"),
        items: users.iter().enumerate().map(item).collect(),
        cause: Cause::DuplicateUser.advice().likely.to_owned(),
        remedy: Cause::DuplicateUser.advice().remedy.to_owned(),
        resolution: (stage == Stage::Resolved).then_some(Resolution::Quiet),
    }
}

/// One of each kind of mail, by a name that can stand in an address.
#[must_use]
pub fn every_kind() -> Vec<(&'static str, Content)> {
    let mut urgent = incident(Stage::Failed);
    urgent.immediate = true;
    "a voided secret key is in use".clone_into(&mut urgent.title);
    "#483".clone_into(&mut urgent.reference);
    urgent.affected = 0;
    urgent.resource_type = None;
    urgent.attribute = None;
    Cause::VoidedKey.advice().likely.clone_into(&mut urgent.cause);
    Cause::VoidedKey.advice().remedy.clone_into(&mut urgent.remedy);
    urgent.items.truncate(1);
    "203.0.113.9".clone_into(&mut urgent.items[0].who);
    "the key that ends in x7Qd, void since yesterday".clone_into(&mut urgent.items[0].what);
    let mut refused = incident(Stage::Failed);
    "request refused".clone_into(&mut refused.title);
    "#484".clone_into(&mut refused.reference);
    refused.affected = 0;
    refused.attribute = Some("active".to_owned());
    Cause::BadRequest.advice().likely.clone_into(&mut refused.cause);
    Cause::BadRequest.advice().remedy.clone_into(&mut refused.remedy);
    refused.items.truncate(1);
    "12 requests".clone_into(&mut refused.items[0].who);
    "request refused: active".clone_into(&mut refused.items[0].what);
    let conversion = ConversionReport {
        conversion: Uuid::from_u128(0x0193_5a4b_0000_7000_8000_0000_0000_0c02),
        state: ConversionState::CompletedWithSkips,
        total: 50_000,
        converted: 49_871,
        unchanged: 117,
        skipped: 12,
        started_ms: at("2026-11-23T21:00:00Z"),
        ended_ms: at("2026-11-24T03:12:44Z"),
        reason: None,
        items: vec![Item { who: "j***".to_owned(), what: "has no e-mail address".to_owned(), at_ms: at("2026-11-24T01:00:00Z") }],
    };
    let paused = ConversionReport {
        state: ConversionState::Paused,
        converted: 12_430,
        skipped: 0,
        unchanged: 3,
        items: Vec::new(),
        reason: Some("The database became slower than 1.2 times its usual pace".to_owned()),
        ..conversion.clone()
    };
    let started = ConversionReport {
        state: ConversionState::Started,
        converted: 0,
        skipped: 0,
        items: Vec::new(),
        ended_ms: at("2026-11-23T21:00:00Z"),
        ..conversion.clone()
    };
    let open = WeeklyIncident {
        incident: urgent.incident,
        reference: "#482".to_owned(),
        title: "user id already in use".to_owned(),
        failures: 10_034,
    };
    let week = Weekly {
        week: "2026-W48".to_owned(),
        from_ms: at("2026-11-22T23:00:00Z"),
        to_ms: at("2026-11-29T23:00:00Z"),
        created: 1_204,
        changed: 8_310,
        deleted: 33,
        failed: 10_034,
        opened: 2,
        resolved: 1,
        open: vec![open],
    };
    let quiet_week = Weekly { created: 0, changed: 0, deleted: 0, failed: 0, opened: 0, resolved: 0, open: Vec::new(), ..week.clone() };
    let line =
        |subject: &str, incident: Option<Uuid>| FoldedLine { subject: subject.to_owned(), incident, at_ms: at("2026-11-24T02:10:00Z") };
    let lines = vec![
        line("RESOLVED: User id already in use (#482)", Some(urgent.incident)),
        line("FAILED: The user has no e-mail address (#484)", Some(Uuid::from_u128(9))),
        line("DONE: Conversion of user ids (started 23 Nov 2026)", None),
    ];
    vec![
        ("failed", Content::Incident(incident(Stage::Failed))),
        ("digest", Content::Incident(incident(Stage::Digest))),
        ("resolved", Content::Incident(incident(Stage::Resolved))),
        ("urgent", Content::Incident(urgent)),
        ("refused", Content::Incident(refused)),
        ("conversion", Content::Conversion(conversion)),
        ("conversion-started", Content::Conversion(started)),
        ("conversion-paused", Content::Conversion(paused)),
        ("weekly", Content::Weekly(week)),
        ("weekly-quiet", Content::Weekly(quiet_week)),
        ("folded-quiet", Content::Folded(Folded { reason: FoldReason::QuietHours, count: 3, lines: lines.clone() })),
        ("folded-outage", Content::Folded(Folded { reason: FoldReason::Outage, count: 2, lines: lines[..2].to_vec() })),
        ("folded-cap", Content::Folded(Folded { reason: FoldReason::Cap, count: 31, lines })),
        ("test", Content::Test(TestMail { at_ms: at("2026-11-24T10:00:00Z") })),
    ]
}
