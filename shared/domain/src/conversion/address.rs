//! What is an e-mail address that can be a user id.

use super::Code;
use crate::LoginKey;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, less the angle brackets).
pub const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;

/// Names of mailboxes that belong to a role and not to a person (RFC 2142 and what is usual beside it). Two people who read one
/// of them would be one user.
const ROLE_MAILBOXES: [&str; 24] = [
    "abuse",
    "billing",
    "contact",
    "do-not-reply",
    "donotreply",
    "hello",
    "helpdesk",
    "hostmaster",
    "info",
    "mail",
    "mailer-daemon",
    "marketing",
    "no-reply",
    "noc",
    "noreply",
    "office",
    "orders",
    "postmaster",
    "root",
    "sales",
    "security",
    "service",
    "support",
    "webmaster",
];

/// Checks an address that has no blanks around it any more.
pub(super) fn check(address: &str) -> Result<(), Code> {
    if address.is_empty() {
        return Err(Code::NoEmail);
    }
    if address.len() > MAX_ADDRESS {
        return Err(Code::TooLong);
    }
    let Some((local, domain)) = address.rsplit_once('@') else { return Err(Code::BadEmail) };
    if local.len() > MAX_LOCAL {
        return Err(Code::TooLong);
    }
    // Quoted local parts are allowed by RFC 5321 and used by nobody to sign in; several addresses in one field end here too.
    let strange = |c: char| c.is_whitespace() || c.is_control() || "@,;:\"()<>[]\\".contains(c);
    if local.is_empty() || local.contains(strange) || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(Code::BadEmail);
    }
    if domain.contains(strange) || !domain.contains('.') || domain.split('.').any(|label| !is_label(label)) {
        return Err(Code::BadEmail);
    }
    if address.is_ascii() { Ok(()) } else { Err(Code::UnicodeReview) }
}

/// Whether it is one plain address in ASCII: what can be taken apart at its `@` without a doubt.
#[must_use]
pub fn is_plain_address(address: &str) -> bool {
    check(address).is_ok()
}

fn is_label(label: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || !c.is_ascii();
    !label.is_empty() && label.len() <= 63 && label.chars().all(plain) && !label.starts_with('-') && !label.ends_with('-')
}

/// The domain of an address in comparison form; nothing when it has none.
#[must_use]
pub fn domain_of(address: &str) -> Option<LoginKey> {
    address.rsplit_once('@').map(|(_, domain)| LoginKey::of(domain.trim_end_matches('.')))
}

/// Whether the mailbox belongs to a role and not to a person.
#[must_use]
pub fn is_role_mailbox(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    ROLE_MAILBOXES.contains(&local.to_ascii_lowercase().as_str())
}

/// The comparison form of an address without what follows a plus sign in its local part; nothing when there is no plus sign.
/// `a+x@d` and `a@d` are different user ids; that they are so near is worth a word.
#[must_use]
pub fn base_key(address: &str) -> Option<LoginKey> {
    let (local, domain) = address.rsplit_once('@')?;
    let (base, _) = local.split_once('+').filter(|(base, _)| !base.is_empty())?;
    Some(LoginKey::of(&format!("{base}@{domain}")))
}
