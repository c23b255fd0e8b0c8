//! The pages about users, groups, provisioning, notifications and the system.
//!
//! Each is a function that reads and fills a template; what it does not need of the gateway it does not ask for. A list has its whole state
//! in its address: the filter, and the place it goes on from.

mod attributes;
mod checks;
mod convert;
mod cycles;
mod day;
mod depth;
mod doctor;
mod export;
mod failure;
mod failures;
mod group;
mod groups;
mod home;
mod letter;
mod listing;
mod mails;
mod notifications;
mod operation;
mod operations;
mod preview;
mod queue;
mod retry;
mod show;
mod user;
mod users;

use super::{problem::Problem, route::Route, viewer::Right};
use crate::refusal::Refusal;
use askama::Template;

/// The parts of these pages that are kept up to date, and the table of the conversion's.
pub(super) use {
    convert::{CANARY as CONVERT_CANARY, CHART as CONVERT_CHART, PROGRESS as CONVERT, ROUTES as CONVERSION, STATE as CONVERT_STATE},
    day::CHART as DAY,
    depth::CHART as DEPTH,
    home::TOPIC as HOME,
    queue::TOPIC as QUEUE,
};

/// Who may look may look at everything; failures are for user managers, and who gets mail is for administrators.
pub(super) const ROUTES: &[Route] = &[
    Route::get("/", Right::Look, |visit| Box::pin(home::get(visit))),
    Route::get("/users", Right::Look, |visit| Box::pin(users::list(visit))),
    Route::get("/users.csv", Right::Look, |visit| Box::pin(users::export(visit))),
    Route::get("/users/{id}", Right::Look, |visit| Box::pin(user::get(visit))),
    Route::get("/configuration/groups", Right::Look, |visit| Box::pin(groups::list(visit))),
    Route::get("/configuration/groups.csv", Right::Look, |visit| Box::pin(groups::export(visit))),
    Route::get("/configuration/groups/{id}", Right::Look, |visit| Box::pin(group::get(visit))),
    Route::get("/configuration/groups/{id}/members.csv", Right::Look, |visit| Box::pin(group::export(visit))),
    Route::get("/configuration/notifications", Right::Look, |visit| Box::pin(notifications::get(visit))),
    Route::get("/configuration/notifications/mails.csv", Right::Look, |visit| Box::pin(mails::export(visit))),
    Route::post("/configuration/notifications/add", Right::Administer, |visit| Box::pin(notifications::add(visit))),
    Route::post("/configuration/notifications/remove", Right::Administer, |visit| Box::pin(notifications::remove(visit))),
    Route::post("/configuration/notifications/test", Right::Administer, |visit| Box::pin(notifications::test(visit))),
    Route::post("/configuration/notifications/resend", Right::Administer, |visit| Box::pin(notifications::resend(visit))),
    Route::get("/configuration/notifications/preview", Right::Look, |visit| Box::pin(preview::list(visit))),
    Route::get("/configuration/notifications/preview/{name}", Right::Look, |visit| Box::pin(preview::show(visit))),
    Route::get("/configuration/notifications/preview/{name}/html", Right::Look, |visit| Box::pin(preview::html(visit))),
    Route::get("/provisioning/cycles", Right::Look, |visit| Box::pin(cycles::list(visit))),
    Route::get("/provisioning/cycles.csv", Right::Look, |visit| Box::pin(cycles::export(visit))),
    Route::get("/provisioning/operations", Right::Look, |visit| Box::pin(operations::list(visit))),
    Route::get("/provisioning/operations.csv", Right::Look, |visit| Box::pin(operations::export(visit))),
    Route::get("/provisioning/operations/{id}", Right::Look, |visit| Box::pin(operation::get(visit))),
    Route::get("/provisioning/failures", Right::Look, |visit| Box::pin(failures::list(visit))),
    Route::get("/provisioning/failures.csv", Right::Look, |visit| Box::pin(failures::export(visit))),
    Route::get("/provisioning/failures/{number}", Right::Look, |visit| Box::pin(failure::get(visit))),
    Route::post("/provisioning/failures/{number}/acknowledge", Right::Manage, |visit| Box::pin(failure::acknowledge(visit))),
    Route::post("/provisioning/failures/{number}/snooze", Right::Manage, |visit| Box::pin(failure::snooze(visit))),
    Route::post("/provisioning/failures/{number}/resolve", Right::Manage, |visit| Box::pin(failure::resolve(visit))),
    Route::post("/provisioning/failures/{number}/retry", Right::Manage, |visit| Box::pin(retry::retry(visit))),
    Route::get("/system/queue", Right::Look, |visit| Box::pin(queue::get(visit))),
    Route::get("/system/queue/{id}", Right::Look, |visit| Box::pin(letter::get(visit))),
    Route::post("/system/queue/{id}/replay", Right::Manage, |visit| Box::pin(letter::replay(visit))),
    Route::post("/system/queue/{id}/discard", Right::Manage, |visit| Box::pin(letter::discard(visit))),
    Route::get("/system/doctor", Right::Administer, |visit| Box::pin(doctor::get(visit))),
];

/// A part of a page, as it stands in the page.
fn render(part: &impl Template) -> Result<String, Problem> {
    part.render().map_err(|error| Problem::from(Refusal::internal(error)))
}
