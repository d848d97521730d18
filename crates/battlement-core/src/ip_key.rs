use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The key by which a limiter counts an address.
///
/// An IPv4 address counts as a whole. Of an IPv6 address only the network counts: a household has at least a /64 (RFC
/// 6177), and thereby more addresses than a limiter can store. An IPv4 client behind NAT64 (`64:ff9b::/96`, RFC 6052)
/// counts by its IPv4 address; otherwise all such clients would share one key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpKey(u128);

/// The leading 96 bits of NAT64 addresses.
const NAT64: u128 = 0x0064_ff9b << 96;

impl IpKey {
    /// Returns the key of `ip`; of an IPv6 address, `ipv6_prefix` leading bits count.
    #[must_use]
    pub fn of(ip: IpAddr, ipv6_prefix: u8) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::v4(ip),
            IpAddr::V6(ip) => Self::v6(ip, ipv6_prefix),
        }
    }

    fn v4(ip: Ipv4Addr) -> Self {
        Self(ip.to_ipv6_mapped().to_bits())
    }

    #[expect(clippy::cast_possible_truncation, reason = "the last 32 bits are the IPv4 address")]
    fn v6(ip: Ipv6Addr, prefix: u8) -> Self {
        let bits = ip.to_bits();
        if let Some(ip) = ip.to_ipv4_mapped() {
            return Self::v4(ip);
        }
        if bits ^ NAT64 <= u128::from(u32::MAX) {
            return Self::v4(Ipv4Addr::from_bits(bits as u32));
        }
        let dropped = 128_u32.saturating_sub(prefix.into());
        Self(u128::MAX.checked_shl(dropped).map_or(0, |mask| bits & mask))
    }

    /// Returns the bits of [`addr`](Self::addr); of IPv4, as mapped into IPv6 (`::ffff:0:0/96`).
    #[must_use]
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// Returns the address, or the first one of the network.
    #[must_use]
    pub fn addr(self) -> IpAddr {
        IpAddr::V6(self.0.into()).to_canonical()
    }
}

impl fmt::Display for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addr().fmt(f)
    }
}

impl fmt::Debug for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IpKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use ipnet::Ipv6Net;
    use proptest::prelude::*;

    use super::*;

    fn key(ip: &str) -> String {
        IpKey::of(ip.parse().unwrap(), 64).to_string()
    }

    #[test]
    fn ipv4_counts_as_a_whole_in_every_form() {
        for ip in ["192.0.2.33", "::ffff:192.0.2.33", "64:ff9b::192.0.2.33", "64:ff9b::c000:221"] {
            assert_eq!(key(ip), "192.0.2.33", "{ip}");
        }
        assert_eq!(key("64:ff9b:0:0:0:1:c000:221"), "64:ff9b::", "outside of the /96");
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        let ip = "2001:db8:1:234::1".parse().unwrap();
        assert_eq!(IpKey::of(ip, 56).to_string(), "2001:db8:1:200::");
        assert_eq!(IpKey::of(ip, 128).addr(), ip);
        assert_eq!(IpKey::of(ip, 0).to_string(), "::");
    }

    proptest! {
        #[test]
        fn two_ipv6_addresses_share_a_key_where_they_share_the_network(
            bits: u128, other: u128, prefix in 0_u8..=128
        ) {
            // Excludes the addresses that count as IPv4.
            let ip = |bits: u128| Ipv6Addr::from_bits(bits | 1 << 127);
            let key = |bits| IpKey::of(IpAddr::V6(ip(bits)), prefix);
            let network = |bits| Ipv6Net::new(ip(bits), prefix).unwrap().trunc();
            prop_assert_eq!(key(bits).addr(), IpAddr::V6(network(bits).addr()));
            prop_assert_eq!(key(bits) == key(other), network(bits) == network(other));
        }
    }
}
