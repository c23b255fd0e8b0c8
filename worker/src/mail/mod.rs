//! Mail: from what has happened to a message in somebody's mailbox.

mod compose;
mod letter;
mod message;

#[cfg(test)]
mod tests;
