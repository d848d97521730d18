use std::{net::IpAddr, str::FromStr};

use battlement_core::Networks;
use ipnet::IpNet;

use crate::{ConfigError, InvalidField, config::SETTINGS};

/// The maximum number of hops that are read.
pub(crate) const MAX_HOPS: u8 = 32;

/// The trusted proxies: by network, by number, or on a Unix socket.
///
/// # Example
///
/// ```
/// use battlement_client_ip::Proxies;
///
/// let cluster = Proxies::networks(["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
/// let nginx_on_this_machine = Proxies::unix();
/// let two_of_unknown_addresses = Proxies::hops(2);
/// ```
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Trusted,
    unix: bool,
}

#[derive(Clone, Debug)]
enum Trusted {
    Networks(Networks),
    Hops(u8),
}

impl Proxies {
    /// Trusts the proxies in `networks`. Mapped IPv4 addresses count as IPv4, also in networks.
    ///
    /// # Panics
    ///
    /// If `networks` is empty, or contains every address (`0.0.0.0/0`, `::/0`, or networks that add up to either): the
    /// client itself would be trusted.
    pub fn networks(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self::try_networks(networks).unwrap_or_else(|error| panic!("Proxies: {error}"))
    }

    /// Trusts the proxies in `networks`, for networks that are not literals.
    ///
    /// # Errors
    ///
    /// Where [`networks`](Self::networks) panics.
    pub fn try_networks(networks: impl IntoIterator<Item = IpNet>) -> Result<Self, ConfigError> {
        let networks: Networks = networks.into_iter().collect();
        let message = match networks.universal() {
            Some(all) => format!(
                "must not contain every address, got {all}, since clients could then name any address; \
                 list the networks of your proxies"
            ),
            None if networks.is_empty() => {
                "must contain at least one network; list the networks of your proxies".to_owned()
            }
            None => return Ok(Self { trusted: Trusted::Networks(networks), unix: false }),
        };
        Err(ConfigError::new(SETTINGS, vec![InvalidField::new("trusted", message)]))
    }

    /// Trusts the proxies with these names: networks, addresses, `unix` for [`or_unix`](Self::or_unix).
    pub(crate) fn named<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let (mut networks, mut unix, mut invalid) = (Vec::new(), false, Vec::new());
        for name in names {
            match network(name) {
                _ if name == "unix" => unix = true,
                Some(network) => networks.push(network),
                None => {
                    let message = format!("must be a network such as 10.0.0.0/8, got {name:?}");
                    invalid.push(InvalidField::new("trusted", message));
                }
            }
        }
        ConfigError::check(SETTINGS, invalid, ())?;
        if unix && networks.is_empty() {
            return Ok(Self::unix());
        }
        Ok(Self { unix, ..Self::try_networks(networks)? })
    }

    /// Trusts the nearest `count` hops, 1 to 32, whatever their addresses; the peer is the first of them.
    ///
    /// For proxies whose addresses are unknown. This is safe only if every request passes all of them: a client that
    /// bypasses one can name any address.
    ///
    /// # Panics
    ///
    /// If `count` is out of range.
    #[must_use]
    pub fn hops(count: u8) -> Self {
        Self::try_hops(count).unwrap_or_else(|error| panic!("Proxies: {error}"))
    }

    /// Trusts the nearest `count` hops, for a count that is not a literal.
    ///
    /// # Errors
    ///
    /// Where [`hops`](Self::hops) panics.
    pub fn try_hops(count: u8) -> Result<Self, ConfigError> {
        if (1..=MAX_HOPS).contains(&count) {
            return Ok(Self { trusted: Trusted::Hops(count), unix: false });
        }
        let message = format!("must be 1 to {MAX_HOPS}, got {count}");
        Err(ConfigError::new(SETTINGS, vec![InvalidField::new("hops", message)]))
    }

    /// Trusts peers that connect over a Unix socket, and no others.
    #[must_use]
    pub fn unix() -> Self {
        Self { trusted: Trusted::Networks(Networks::default()), unix: true }
    }

    /// Trusts peers that connect over a Unix socket as well. Default: not trusted.
    #[must_use]
    pub fn or_unix(mut self) -> Self {
        self.unix = true;
        self
    }

    /// Returns whether the other end of a connection is trusted; a Unix socket has no address.
    pub(crate) fn has_peer(&self, peer: Option<IpAddr>) -> bool {
        match (peer, &self.trusted) {
            (None, _) => self.unix,
            (Some(_), Trusted::Hops(_)) => true,
            (Some(ip), Trusted::Networks(networks)) => networks.contains(ip),
        }
    }

    /// Returns whether the `nth` hop of the header, counted from 1 at its end, is trusted.
    pub(crate) fn has_hop(&self, nth: u8, ip: IpAddr) -> bool {
        match &self.trusted {
            Trusted::Networks(networks) => networks.contains(ip),
            Trusted::Hops(count) => nth < *count,
        }
    }

    /// Returns whether the proxies are trusted by their number.
    pub(crate) const fn are_counted(&self) -> bool {
        matches!(self.trusted, Trusted::Hops(_))
    }
}

/// Parses networks, addresses and `unix`, separated by commas, as `10.0.0.0/8, 192.0.2.7, unix`: for settings in one
/// text, such as an environment variable.
impl FromStr for Proxies {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::named(text.split(',').map(str::trim))
    }
}

fn network(name: &str) -> Option<IpNet> {
    let address = || name.parse::<IpAddr>().ok().map(IpNet::from);
    name.parse().ok().or_else(address)
}
