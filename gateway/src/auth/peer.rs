//! Addresses that requests come from, as they are counted.

use std::net::{IpAddr, Ipv6Addr};

/// Whoever has one IPv6 address has the whole /64.
pub(crate) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// Whether an address is one inside: likely that of a proxy, behind which everybody comes. Nobody must be able to shut everybody out.
pub(crate) fn is_inside(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_ipv6_network_is_one_peer() {
        assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::ffff:2")));
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[test]
    fn what_is_inside_is_not_reached_from_outside() {
        for inside in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.0.1", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"] {
            assert!(is_inside(address(inside)), "{inside}");
        }
        for outside in ["192.0.2.1", "100.64.0.1", "2001:db8::1", "::ffff:192.0.2.1"] {
            assert!(!is_inside(address(outside)), "{outside}");
        }
    }
}
