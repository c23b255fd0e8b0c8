//! The order of those who wait for each other.
//!
//! An edge says: this item's new user id is that item's present one. Each item has one new user id and no two have the same, so
//! what the edges make are chains and rings, and nothing else. A chain is worked from its head (the one who waits for nobody),
//! a ring as a whole.

use std::collections::{HashMap, HashSet};

/// Where an item comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// After this many others of its chain.
    Depth(u32),
    /// With all others of the ring of this number (the smallest item of it).
    Ring(i64),
    /// Never: somebody further up the chain stays.
    Stuck,
}

/// Orders the items that wait for another one. `edges` are `(item, the item whose user id it wants)`; `stays` are items at the
/// other end of an edge that will not move after all. An item at the other end that is in neither is the head of a chain.
#[must_use]
pub fn settle(edges: &[(i64, i64)], stays: &HashSet<i64>) -> HashMap<i64, Order> {
    let wants: HashMap<i64, i64> = edges.iter().copied().collect();
    let mut known: HashMap<i64, Order> = HashMap::with_capacity(edges.len());
    let mut path: Vec<i64> = Vec::new();
    for (start, _) in edges {
        path.clear();
        let mut seen: HashMap<i64, usize> = HashMap::new();
        let mut at = *start;
        // Up the chain, to something that is known.
        let mut next = loop {
            if let Some(order) = known.get(&at) {
                break match order {
                    Order::Depth(depth) => Order::Depth(depth + 1),
                    // Whoever wants what an item of a ring has shares its new user id with another item, which the contest ruled out.
                    Order::Ring(_) | Order::Stuck => Order::Stuck,
                };
            }
            if stays.contains(&at) {
                break Order::Stuck;
            }
            let Some(owner) = wants.get(&at) else { break Order::Depth(1) };
            if let Some(position) = seen.get(&at) {
                let ring = path[*position..].iter().copied().min().unwrap_or(at);
                for member in path.drain(*position..) {
                    known.insert(member, Order::Ring(ring));
                }
                break Order::Stuck;
            }
            seen.insert(at, path.len());
            path.push(at);
            at = *owner;
        };
        for item in path.drain(..).rev() {
            known.insert(item, next);
            if let Order::Depth(depth) = next {
                next = Order::Depth(depth + 1);
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_cost_what_they_are_long() {
        let edges: Vec<(i64, i64)> = (1..200_000).map(|n| (n, n + 1)).collect();
        let orders = settle(&edges, &HashSet::new());
        assert_eq!(orders[&199_999], Order::Depth(1));
        assert_eq!(orders[&1], Order::Depth(199_999));
    }

    #[test]
    fn what_stays_stops_everyone_behind_it() {
        let orders = settle(&[(1, 2), (2, 3), (7, 8)], &HashSet::from([3]));
        assert_eq!((orders[&1], orders[&2], orders[&7]), (Order::Stuck, Order::Stuck, Order::Depth(1)));
        // In the middle of a chain, too.
        let orders = settle(&[(1, 2), (2, 3)], &HashSet::from([2]));
        assert_eq!(orders[&1], Order::Stuck);
    }

    #[test]
    fn a_ring_is_named_by_its_smallest_item_wherever_it_is_entered() {
        let orders = settle(&[(5, 9), (9, 3), (3, 5)], &HashSet::new());
        assert!([3, 5, 9].iter().all(|n| orders[n] == Order::Ring(3)), "{orders:?}");
    }
}
