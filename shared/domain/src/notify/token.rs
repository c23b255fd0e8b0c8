//! What ends mails with one click (RFC 8058).

/// A new token: 128 random bits in hexadecimal. It allows nothing but ending the mails to one recipient, and stands in a header only,
/// never in a link people see or pass on.
#[must_use]
pub fn unsubscribe_token() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
