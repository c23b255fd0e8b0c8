//! Breaking what was right.

use fastrand::Rng;

/// Words that mean something to one of the parsers.
const WORDS: [&str; 48] = [
    "\"",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "\\udc00\\ud800",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    ".",
    " ",
    "not (",
    " and ",
    " or ",
    " eq ",
    " pr",
    " co ",
    " gt ",
    "true",
    "null",
    "-0",
    "1e999",
    "userName",
    "emails",
    "members",
    "value",
    "type",
    "$ref",
    "id",
    "meta",
    "schemas",
    "urn:ietf:params:scim:schemas:core:2.0:User:",
    "urn:",
    "emails[type eq \"work\"].value",
    "\"op\":",
    "\"path\":",
    "\"value\":",
    "__proto__",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "\u{1f600}",
    "e\u{301}",
];

/// One to five changes of `input`; `others` are material for joining.
pub fn mutated(lot: &mut Rng, input: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let other = others.get(lot.usize(..others.len().max(1))).map_or(&[][..], Vec::as_slice);
    for _ in 0..lot.usize(1..=5) {
        change(lot, &mut bytes, other);
        // Long enough to be beyond the limits, short enough to be quick.
        bytes.truncate(16 * 1024);
    }
    bytes
}

fn change(lot: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = lot.usize(..=bytes.len());
    let end = (at + lot.usize(..=8)).min(bytes.len());
    match lot.u32(..9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << lot.u32(..8);
            }
        }
        1 => {
            bytes.drain(at..end);
        }
        2 => {
            let word = WORDS[lot.usize(..WORDS.len())];
            bytes.splice(at..at, word.bytes());
        }
        3 => {
            let word = WORDS[lot.usize(..WORDS.len())];
            bytes.splice(at..end, word.bytes());
        }
        4 => {
            let piece = bytes[at..end].repeat(lot.usize(1..40));
            bytes.splice(at..at, piece);
        }
        5 => {
            let from = lot.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        6 => bytes.truncate(at),
        7 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = lot.u8(..);
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = if byte.is_ascii_uppercase() { byte.to_ascii_lowercase() } else { byte.to_ascii_uppercase() };
            }
        }
    }
}
