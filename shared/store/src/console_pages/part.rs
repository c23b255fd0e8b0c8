//! A part of a list, and the places next to it.

use serde::{Deserialize, Serialize};

/// A place in a list, and the way to go on from there. It remains a place when the row is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place<P> {
    /// What stands there.
    #[serde(rename = "p")]
    pub at: P,
    /// The part is what comes before it, not what comes after.
    #[serde(default, rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub backwards: bool,
}

/// A part of a list, in the order of the list.
#[derive(Clone, Debug)]
pub struct Part<T, P> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the list goes on, when it may.
    pub next: Option<Place<P>>,
    /// Where the part before this one is, when there may be one.
    pub previous: Option<Place<P>>,
}

impl<T, P> Part<T, P> {
    /// Makes a part of rows as they were met walking from `from` on, one more than `limit` of them when the list goes on. `stopped` is
    /// where the walk was given up before it had met as many.
    pub(super) fn met(mut rows: Vec<T>, limit: u32, from: Option<&Place<P>>, stopped: Option<P>, place: impl Fn(&T) -> P) -> Self
    where
        P: Clone,
    {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let on = if more { rows.last().map(&place) } else { stopped };
        // On the way back there is always a way forth again, and the other way round: to whatever the walk began at, if it met nothing.
        let back = from.map(|from| rows.first().map_or_else(|| from.at.clone(), &place));
        let backwards = from.is_some_and(|from| from.backwards);
        let (next, previous) = if backwards {
            rows.reverse();
            (back, on)
        } else {
            (on, back)
        };
        let place = |backwards| move |at| Place { at, backwards };
        Self { rows, next: next.map(place(false)), previous: previous.map(place(true)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(rows: &[u8], from: Option<(u8, bool)>, stopped: Option<u8>) -> (Vec<u8>, Option<u8>, Option<u8>) {
        let from = from.map(|(at, backwards)| Place { at, backwards });
        let part = Part::met(rows.to_vec(), 2, from.as_ref(), stopped, |row| *row);
        assert!(part.next.as_ref().is_none_or(|place| !place.backwards) && part.previous.as_ref().is_none_or(|place| place.backwards));
        (part.rows, part.next.map(|place| place.at), part.previous.map(|place| place.at))
    }

    #[test]
    fn a_part_knows_what_is_on_either_side() {
        assert_eq!(met(&[1, 2], None, None), (vec![1, 2], None, None));
        assert_eq!(met(&[1, 2, 3], None, None), (vec![1, 2], Some(2), None));
        assert_eq!(met(&[3, 4, 5], Some((2, false)), None), (vec![3, 4], Some(4), Some(3)));
        assert_eq!(met(&[4, 3, 2], Some((5, true)), None), (vec![3, 4], Some(4), Some(3)));
        assert_eq!(met(&[2, 1], Some((3, true)), None), (vec![1, 2], Some(2), None));
    }

    #[test]
    fn a_walk_that_was_given_up_goes_on_where_it_stopped() {
        assert_eq!(met(&[1], None, Some(9)), (vec![1], Some(9), None));
        assert_eq!(met(&[], Some((5, false)), Some(9)), (vec![], Some(9), Some(5)));
        assert_eq!(met(&[], Some((5, true)), Some(1)), (vec![], Some(5), Some(1)));
        assert_eq!(met(&[], Some((5, false)), None), (vec![], None, Some(5)), "there is a way back from an empty end");
    }
}
