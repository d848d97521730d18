use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as one number; an IPv4 address as the IPv6 address that maps it.
///
/// A mapped address is thus equal to the IPv4 address from the start. A number is also cheaper to pass on than an
/// [`IpAddr`], whose bytes are moved one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ip(u128);

/// The network of mapped IPv4 addresses: `::ffff:0:0/96`.
const MAPPED: u128 = 0xffff << 32;

impl Ip {
    pub(crate) const fn v4(ip: Ipv4Addr) -> Self {
        Self(MAPPED | ip.to_bits() as u128)
    }

    pub(crate) const fn addr(self) -> IpAddr {
        match self.0 ^ MAPPED {
            v4 @ 0..=0xffff_ffff => IpAddr::V4(Ipv4Addr::from_bits(v4 as u32)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(self.0)),
        }
    }
}

impl From<IpAddr> for Ip {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::v4(ip),
            IpAddr::V6(ip) => Self(ip.to_bits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_address_comes_back_and_a_mapped_one_as_ipv4(ip: IpAddr, v4: Ipv4Addr) {
            prop_assert_eq!(Ip::from(ip).addr(), ip.to_canonical());
            prop_assert_eq!(Ip::from(IpAddr::V6(v4.to_ipv6_mapped())), Ip::v4(v4));
            prop_assert_eq!(Ip::v4(v4).addr(), v4);
        }
    }
}
