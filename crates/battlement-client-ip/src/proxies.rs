use std::{net::IpAddr, str::FromStr};

use battlement_core::Networks;
use ipnet::IpNet;

use crate::{ConfigError, InvalidField, config::SETTINGS};

/// The most hops that are walked.
pub(crate) const MAX_HOPS: u8 = 32;

/// Which hops are proxies of yours, and so are believed.
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
    known: Known,
    unix: bool,
}

#[derive(Clone, Debug)]
enum Known {
    By(Networks),
    Count(u8),
}

impl Proxies {
    /// Those in `networks`. Mapped IPv4 addresses count as IPv4, in networks too.
    ///
    /// # Panics
    ///
    /// If there are none, or if everybody is among them (`0.0.0.0/0`, `::/0`, or what adds up to either):
    /// then the client would be believed as well.
    pub fn networks(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self::try_networks(networks).unwrap_or_else(|error| panic!("Proxies: {error}"))
    }

    /// Those in `networks`, for networks that are no literals.
    ///
    /// # Errors
    ///
    /// Where [`networks`](Self::networks) panics.
    pub fn try_networks(networks: impl IntoIterator<Item = IpNet>) -> Result<Self, ConfigError> {
        let networks: Networks = networks.into_iter().collect();
        let message = match networks.everybody() {
            Some(all) => format!(
                "{all} is everybody, and a client could name any address; name your proxies"
            ),
            None if networks.is_empty() => {
                "no network is named; name those of your proxies".to_owned()
            }
            None => return Ok(Self { known: Known::By(networks), unix: false }),
        };
        Err(ConfigError::new(SETTINGS, vec![InvalidField::new("trusted", message)]))
    }

    /// Those of these names: networks, addresses, `unix` for [`or_unix`](Self::or_unix).
    pub(crate) fn named<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let (mut networks, mut unix, mut mistakes) = (Vec::new(), false, Vec::new());
        for name in names {
            match network(name) {
                _ if name == "unix" => unix = true,
                Some(network) => networks.push(network),
                None => {
                    let message = format!("{name:?} is no network; write one as 10.0.0.0/8");
                    mistakes.push(InvalidField::new("trusted", message));
                }
            }
        }
        ConfigError::check(SETTINGS, mistakes, ())?;
        if unix && networks.is_empty() {
            return Ok(Self::unix());
        }
        Ok(Self { unix, ..Self::try_networks(networks)? })
    }

    /// The nearest `count`, 1 to 32, whatever their addresses: the peer is the first of them.
    ///
    /// For proxies whose addresses are not known. It holds only if every request comes through all of them;
    /// whoever reaches the service past one can name any address.
    ///
    /// # Panics
    ///
    /// If `count` is not in that range.
    #[must_use]
    pub fn hops(count: u8) -> Self {
        Self::try_hops(count).unwrap_or_else(|error| panic!("Proxies: {error}"))
    }

    /// The nearest `count`, for a count that is no literal.
    ///
    /// # Errors
    ///
    /// Where [`hops`](Self::hops) panics.
    pub fn try_hops(count: u8) -> Result<Self, ConfigError> {
        if (1..=MAX_HOPS).contains(&count) {
            return Ok(Self { known: Known::Count(count), unix: false });
        }
        let message = format!("{count} hops; must be 1 to {MAX_HOPS}");
        Err(ConfigError::new(SETTINGS, vec![InvalidField::new("hops", message)]))
    }

    /// Whoever connects over a Unix socket, and nobody else.
    #[must_use]
    pub fn unix() -> Self {
        Self { known: Known::By(Networks::default()), unix: true }
    }

    /// Whoever connects over a Unix socket as well. Default: not, though it has no address of its own.
    #[must_use]
    pub fn or_unix(mut self) -> Self {
        self.unix = true;
        self
    }

    /// Whether the other end of a connection is one, which has no address if that is a Unix socket.
    pub(crate) fn has_peer(&self, peer: Option<IpAddr>) -> bool {
        match (peer, &self.known) {
            (None, _) => self.unix,
            (Some(_), Known::Count(_)) => true,
            (Some(ip), Known::By(networks)) => networks.contains(ip),
        }
    }

    /// Whether the hop that the header names as the `nth`, from 1 at the end, is a proxy.
    pub(crate) fn has_hop(&self, nth: u8, ip: IpAddr) -> bool {
        match &self.known {
            Known::By(networks) => networks.contains(ip),
            Known::Count(count) => nth < *count,
        }
    }

    /// Whether there are as many as were said, whoever they are.
    pub(crate) const fn are_counted(&self) -> bool {
        matches!(self.known, Known::Count(_))
    }
}

/// Reads networks, addresses and `unix`, with commas between them, as `10.0.0.0/8, 192.0.2.7, unix`: for
/// settings that are one text, as an environment variable is.
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
