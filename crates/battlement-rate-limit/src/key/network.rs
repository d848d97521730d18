use battlement_core::IpKey;

/// The network of an address, for stores that bound the share of one network.
///
/// It holds the leading 64 bits of an IPv6 address, and the lower half of an IPv4 address that is mapped into IPv6:
/// the cheapest choice for keys that the store already holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network(u64);

/// The upper half of the lower 64 bits of a mapped IPv4 address.
const MAPPED: u64 = 0xffff;

impl Network {
    /// Marks keys that are not made of an address.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn of(ip: IpKey) -> Self {
        let bits = ip.to_bits();
        let upper = (bits >> 64) as u64;
        Self(if upper == 0 { bits as u64 } else { upper })
    }

    /// Returns the bits of the IPv6 /32 or the IPv4 /16.
    pub(crate) fn wide(self) -> Option<u64> {
        match self {
            Self::NONE => None,
            Self(bits) => Some(if self.is_v4() { bits >> 16 } else { bits >> 32 }),
        }
    }

    /// Returns the bits of the IPv6 /48.
    pub(crate) fn narrow(self) -> Option<u64> {
        (self != Self::NONE && !self.is_v4()).then_some(self.0 >> 16)
    }

    const fn is_v4(self) -> bool {
        self.0 >> 32 == MAPPED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(IpKey::of(ip.parse().unwrap(), 64))
    }

    #[test]
    fn addresses_of_one_network_have_the_same_bits() {
        for (one, other, wide, narrow) in [
            ("192.0.2.1", "192.0.99.9", true, true),
            ("192.0.2.1", "192.1.2.1", false, true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", true, true),
            ("2001:db8:1::1", "2001:db8:2::1", true, false),
            ("2001:db8:1::1", "2001:db9:1::1", false, false),
            ("192.0.2.1", "2001:db8::1", false, false),
            ("::ffff:192.0.2.1", "192.0.2.1", true, true),
        ] {
            let (one, other) = (network(one), network(other));
            assert_eq!(
                (one.wide() == other.wide(), one.narrow() == other.narrow()),
                (wide, narrow)
            );
        }
        assert_eq!(network("192.0.2.1").narrow(), None, "an IPv4 address has a /16 alone");
        assert_eq!((Network::NONE.wide(), Network::NONE.narrow()), (None, None));
    }
}
