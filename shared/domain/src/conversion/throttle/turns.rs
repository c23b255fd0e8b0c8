//! Whose turn it is: time is cut into turns in which chunks are done and turns in which none is, in an order that is left to chance.
//!
//! Comparing queries that met a chunk with queries that did not would be unfair. Whatever slows everything for a moment slows the chunk
//! as well, so a chunk lasts longest when the database is slow anyway, and most of the slow moments of others would lie during our chunks.
//! Turns begin and end by the clock alone. What others do falls into both kinds alike; what is left of a difference is ours.

use std::time::Duration;

/// How time is shared out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Turns {
    /// How long chunks are done.
    pub work: Duration,
    /// How long none is.
    pub pause: Duration,
}

/// One turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whether chunks are done.
    pub works: bool,
    /// When it begins.
    pub begins: Duration,
    /// When it ends.
    pub ends: Duration,
}

impl Turns {
    /// The turn that this moment belongs to.
    pub(super) fn at(&self, at: Duration) -> Turn {
        let cycle = (self.work + self.pause).as_nanos().max(1);
        let number = at.as_nanos() / cycle;
        let nanos = |n: u128| Duration::from_nanos(u64::try_from(n).unwrap_or(u64::MAX));
        let begins = nanos(number * cycle);
        let works_first = chance(number as u64);
        let change = begins + if works_first { self.work } else { self.pause };
        if at < change {
            Turn { works: works_first, begins, ends: change }
        } else {
            Turn { works: !works_first, begins: change, ends: begins + nanos(cycle) }
        }
    }

    /// The share of time in which chunks are done.
    pub(super) fn share(&self) -> f64 {
        self.work.as_secs_f64() / (self.work + self.pause).as_secs_f64()
    }
}

/// As good as a coin (splitmix64), and the same each time.
fn chance(number: u64) -> bool {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) & 1 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_follow_each_other_without_a_gap_and_share_time_as_they_should() {
        let turns = Turns { work: Duration::from_millis(1_800), pause: Duration::from_millis(200) };
        let (mut at, mut works) = (Duration::ZERO, Duration::ZERO);
        let mut first = 0;
        while at < Duration::from_secs(2_000) {
            let turn = turns.at(at);
            assert_eq!((turn.begins, turns.at(turn.ends - Duration::from_nanos(1))), (at, turn));
            works += if turn.works { turn.ends - turn.begins } else { Duration::ZERO };
            first += u32::from(turn.works && at.as_secs().is_multiple_of(2) && at.subsec_nanos() == 0);
            at = turn.ends;
        }
        assert!((works.as_secs_f64() / at.as_secs_f64() - turns.share()).abs() < 1e-9);
        assert!((400..600).contains(&first), "either may come first: {first} of 1,000");
    }
}
