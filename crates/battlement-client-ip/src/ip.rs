use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address, as one number: what IPv6 maps it to if it is one of IPv4.
///
/// So a mapped address is the IPv4 address from the start. And it is cheap to hand on, where the bytes of an
/// [`IpAddr`] are moved one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ip(u128);

/// Where IPv4 begins: `::ffff:0:0/96`.
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
