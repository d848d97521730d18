use std::{
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use ipnet::IpNet;

/// The callers whose `x-request-timeout-ms` is read: the time that they wait for the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedPeers(Vec<IpNet>);

impl TrustedPeers {
    /// Returns the networks.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

/// The callers on this machine.
impl Default for TrustedPeers {
    fn default() -> Self {
        let v4 = IpNet::new_assert(Ipv4Addr::new(127, 0, 0, 0).into(), 8);
        Self(vec![v4, IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]).into()])
    }
}

/// Parses networks and addresses, separated by commas.
impl FromStr for TrustedPeers {
    type Err = InvalidTrustedPeers;

    fn from_str(text: &str) -> Result<Self, InvalidTrustedPeers> {
        let network = |text: &str| {
            let address = || text.parse().map(|address: IpAddr| address.into());
            text.parse().or_else(|_| address()).map_err(|_| InvalidTrustedPeers)
        };
        text.split(',').map(|text| network(text.trim())).collect::<Result<_, _>>().map(Self)
    }
}

/// The error of a text that is not a list of networks.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidTrustedPeers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_networks_or_addresses() {
        assert_eq!("127.0.0.0/8, ::1".parse(), Ok(TrustedPeers::default()));
        for text in ["", "storefront", "10.0.0.0/33", "10.0.0.7,", "10.0.0.7:80"] {
            assert_eq!(text.parse::<TrustedPeers>(), Err(InvalidTrustedPeers), "{text}");
        }
    }
}
