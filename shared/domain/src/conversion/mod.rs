//! Convert All User IDs To Use Email: the rules, without a database.
//!
//! A conversion is one run over an account. Its **plan** gives every user an item with a [`Code`]: what will become of this user
//! id and why. The **run** carries the plan out, chunk by chunk, checking each row again by value ([`recheck()`]), because people
//! and directories go on changing users meanwhile. An **undo** is a run in reverse ([`undo_check`]).
//!
//! Who owns a user id is decided in three steps, each of which can only take a user out of the run, never guess:
//! 1. [`judge()`]: the user alone. Is there an address, is it one, does it differ from what is there?
//! 2. [`contest()`]: the user among the others. Does somebody share the address, or sign in with it?
//! 3. [`settle`]: those whose new user id is free once its owner has moved. Chains get an order, rings are turned as a whole.
//!
//! When it may run is said by [`window`], how fast by [`throttle`], and when it will be done by [`eta`]; the run meets them in [`pace`].

mod address;
mod alias;
mod contest;
pub mod eta;
mod forms;
mod judge;
mod order;
pub mod pace;
mod recheck;
mod reference;
mod request;
pub mod throttle;
pub mod window;
mod words;

#[cfg(test)]
mod cases;

pub use address::{MAX_ADDRESS, base_key, domain_of, is_plain_address, is_role_mailbox};
pub use alias::AliasTerms;
pub use contest::{Claim, Contest, contest};
pub use forms::{FORM_HOURS, Form, FormCount, Forms, form_asked, form_of, hour_of};
pub use judge::{Candidate, Duplicates, PlanOptions, Verdict, judge};
pub use order::{Order, settle};
pub use recheck::{Current, LOCKED_TRIES, Recheck, RewriteMode, locked_pause, recheck, rewrites, undo_check};
pub use reference::Reference;
pub use request::{ALIAS_DAYS_MOST, MAX_RATE_MOST, PaceRequest, PlanRequest};
pub use words::{Code, ItemState, Kind, Phase, Source, State, UnknownWord};
