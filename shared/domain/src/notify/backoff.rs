//! When to try again after a mail server said "not now".

/// A mail that has not been taken this long after it was due is given up.
pub const GIVE_UP_AFTER_MS: i64 = 24 * 60 * MINUTE;
const MINUTE: i64 = 60_000;
/// The pauses after the first failures; after the last of these, the same again.
const PAUSES: [i64; 4] = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];

/// When the next attempt is, `attempts` having failed by now; none when the mail is to be given up, `first_ms` being the moment it was
/// due. The last attempt falls on the end of the 24 hours, so that a server that is back by then is not missed.
#[must_use]
pub fn retry_at(first_ms: i64, now_ms: i64, attempts: u32) -> Option<i64> {
    let end = first_ms.saturating_add(GIVE_UP_AFTER_MS);
    if now_ms >= end {
        return None;
    }
    let nth = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    Some(now_ms.saturating_add(PAUSES[nth]).min(end))
}
