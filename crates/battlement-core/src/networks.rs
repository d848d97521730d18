use std::{net::IpAddr, sync::Arc};

use ipnet::{IpNet, Ipv4Net};

/// Networks, to tell whether an address lies in one of them.
///
/// An IPv4 address that is mapped into IPv6 (`::ffff:10.0.0.1`) is the IPv4 address, and so is a network of
/// such: dual-stack sockets show the one where configuration says the other. Overlapping networks are joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Arc<[IpNet]>);

impl Networks {
    /// Whether `ip` lies in one of them.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The network that holds every address of its family, if they have come to that.
    #[must_use]
    pub fn everybody(&self) -> Option<IpNet> {
        self.0.iter().find(|network| network.prefix_len() == 0).copied()
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let canonical: Vec<_> = networks.into_iter().map(canonical).collect();
        Self(IpNet::aggregate(&canonical).into())
    }
}

/// A network within `::ffff:0:0/96` is one of IPv4.
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
    fn everybody_is_found_in_whatever_pieces_it_comes() {
        for pieces in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["::ffff:0:0/96"],
            &["10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1"],
            &["8000::/1", "::/1"],
        ] {
            assert_eq!(networks(pieces).everybody().map(|net| net.prefix_len()), Some(0));
        }
        assert_eq!(networks(&["0.0.0.0/1", "10.0.0.0/8"]).everybody(), None);
        assert!(networks(&[]).is_empty());
    }
}
