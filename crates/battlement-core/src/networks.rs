use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net};

/// A set of networks.
///
/// An IPv4 address that is mapped into IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address, and so does such a
/// network: dual-stack sockets report the one where configuration names the other. Overlapping networks are merged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Networks(Arc<Members>);

/// First addresses and masks, so that one comparison decides whether an address is a member.
#[derive(Default, PartialEq, Eq)]
struct Members {
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
    all: Box<[IpNet]>,
}

impl Networks {
    /// Returns whether one of the networks contains `ip`.
    #[must_use]
    #[inline]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.contains_v4(ip),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => self.contains_v4(ip),
                None => self.contains_v6(ip),
            },
        }
    }

    fn contains_v4(&self, ip: Ipv4Addr) -> bool {
        self.0.v4.iter().any(|(first, mask)| ip.to_bits() & mask == *first)
    }

    fn contains_v6(&self, ip: Ipv6Addr) -> bool {
        self.0.v6.iter().any(|(first, mask)| ip.to_bits() & mask == *first)
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.all.is_empty()
    }

    /// Returns the network that contains every address of its family, if the set adds up to one.
    #[must_use]
    pub fn universal(&self) -> Option<IpNet> {
        self.0.all.iter().find(|network| network.prefix_len() == 0).copied()
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let canonical: Vec<_> = networks.into_iter().map(canonical).collect();
        let all = IpNet::aggregate(&canonical).into_boxed_slice();
        let v4 = all.iter().filter_map(|network| match network {
            IpNet::V4(network) => Some((network.network().to_bits(), network.netmask().to_bits())),
            IpNet::V6(_) => None,
        });
        let v6 = all.iter().filter_map(|network| match network {
            IpNet::V4(_) => None,
            IpNet::V6(network) => Some((network.network().to_bits(), network.netmask().to_bits())),
        });
        Self(Arc::new(Members { v4: v4.collect(), v6: v6.collect(), all }))
    }
}

impl fmt::Debug for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0.all).finish()
    }
}

/// Returns a network within `::ffff:0:0/96` as an IPv4 network.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(network) => {
            network.addr().to_ipv4_mapped().zip(network.prefix_len().checked_sub(96))
        }
        IpNet::V4(_) => None,
    };
    let folded = mapped.and_then(|(addr, prefix)| Ipv4Net::new(addr, prefix).ok());
    folded.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use ipnet::Ipv6Net;
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        texts.iter().map(|text| text.parse::<IpNet>().unwrap()).collect()
    }

    fn has(networks: &Networks, ip: &str) -> bool {
        networks.contains(ip.parse().unwrap())
    }

    #[test]
    fn a_mapped_address_and_a_mapped_network_are_ipv4() {
        for network in ["10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:10.9.9.9/104"] {
            let networks = networks(&[network]);
            for ip in ["10.1.2.3", "::ffff:10.1.2.3"] {
                assert!(has(&networks, ip), "{ip} in {network}");
            }
            for ip in ["11.1.2.3", "::ffff:11.1.2.3", "::10.1.2.3", "::1"] {
                assert!(!has(&networks, ip), "{ip} in {network}");
            }
        }
    }

    #[test]
    fn a_wider_network_of_ipv6_holds_no_ipv4_address() {
        assert!(!has(&networks(&["::/0"]), "::ffff:10.1.2.3"));
        assert!(has(&networks(&["::/0"]), "2001:db8::1"));
    }

    #[test]
    fn networks_that_add_up_to_every_address_are_found() {
        for pieces in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["::ffff:0:0/96"],
            &["10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1"],
            &["8000::/1", "::/1"],
        ] {
            assert_eq!(networks(pieces).universal().map(|net| net.prefix_len()), Some(0));
        }
        assert_eq!(networks(&["0.0.0.0/1", "10.0.0.0/8"]).universal(), None);
        assert!(networks(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn an_address_is_contained_if_one_network_contains_it(
            four in prop::collection::vec((any::<u32>(), 0_u8..=32), 0..4),
            six in prop::collection::vec((any::<u128>(), 0_u8..=128), 0..4),
            near in 0..8_usize,
            flipped in 0..128_u32,
        ) {
            let four = four.iter().map(|(bits, prefix)| {
                IpNet::V4(Ipv4Net::new(Ipv4Addr::from_bits(*bits), *prefix).unwrap())
            });
            let six = six.iter().map(|(bits, prefix)| {
                IpNet::V6(Ipv6Net::new(Ipv6Addr::from_bits(*bits), *prefix).unwrap())
            });
            let all: Vec<_> = four.chain(six).collect();
            let networks: Networks = all.iter().copied().collect();
            // An address of one of the networks, except for one bit.
            let near = all.get(near).map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), IpNet::addr);
            let ip = match near {
                IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ 1 << (flipped % 32))),
                IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ 1 << flipped)),
            };
            for ip in [near, ip] {
                prop_assert_eq!(networks.contains(ip), all.iter().any(|net| net.contains(&ip)));
            }
        }
    }
}
