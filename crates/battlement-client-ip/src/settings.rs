use http::HeaderName;
use serde::Deserialize;

use crate::{
    ClientIpLayer, ConfigError, Forwarding, InvalidField, Proxies,
    config::{Config, SETTINGS},
    resolver::Resolver,
};

battlement_core::settings! {
    /// The settings of a [`ClientIpLayer`] as a configuration file has them.
    ///
    /// Every field may be left out; with none, nobody is trusted, as with [`ClientIpLayer::new`]. Unknown ones are
    /// refused by name. `TryFrom` reports every mistake at once.
    ///
    /// ```
    /// use battlement_client_ip::{ClientIpLayer, ClientIpSettings};
    ///
    /// let settings: ClientIpSettings = serde_json::from_str(
    ///     r#"{ "trusted": ["10.0.0.0/8", "unix"], "header": "x-forwarded-for" }"#,
    /// ).unwrap();
    /// let layer = ClientIpLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "ClientIpSettings", default = "ClientIpSettings::default", deny_unknown_fields)]
    pub struct ClientIpSettings {
        /// [`ClientIpLayer::enabled`].
        pub enabled: bool,
        /// The proxies: networks as `10.0.0.0/8`, addresses, and `unix` for [`Proxies::or_unix`].
        pub trusted: Vec<String>,
        /// How many proxies there are, where their addresses are not known: [`Proxies::hops`].
        pub hops: Option<u8>,
        /// The header that the proxies name the client in: `x-forwarded-for`, `forwarded`, or any other that has
        /// one address, for [`Forwarding::single`].
        pub header: Option<String>,
        /// [`Forwarding::scheme`].
        pub scheme_header: Option<String>,
        /// [`Forwarding::host`].
        pub host_header: Option<String>,
        /// [`ClientIpLayer::ipv6_prefix`], in bits.
        pub ipv6_prefix: u8,
    }
}

impl Default for ClientIpSettings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            enabled: config.enabled,
            trusted: Vec::new(),
            hops: None,
            header: None,
            scheme_header: None,
            host_header: None,
            ipv6_prefix: config.ipv6_prefix,
        }
    }
}

impl TryFrom<ClientIpSettings> for ClientIpLayer {
    type Error = ConfigError;

    fn try_from(settings: ClientIpSettings) -> Result<Self, ConfigError> {
        let mut mistakes = Mistakes(Vec::new());
        let proxies = settings.proxies(&mut mistakes);
        let forwarding = settings.forwarding(&mut mistakes);
        if settings.header.is_some() && !settings.trusts_anybody() {
            mistakes.add("header", "nobody is trusted to write it; name your proxies in `trusted`");
        }
        if settings.header.is_none() && settings.trusts_anybody() {
            mistakes.add("trusted", "they are trusted with no header; name it in `header`");
        }
        let resolver = proxies.zip(forwarding);
        let config = Config {
            enabled: settings.enabled,
            resolver: resolver.map(|(proxies, forwarding)| Resolver { proxies, forwarding }),
            ipv6_prefix: settings.ipv6_prefix,
            ..Config::default()
        };
        mistakes.0.extend(config.invalid_fields());
        ConfigError::check(SETTINGS, mistakes.0, config).map(Self::of)
    }
}

struct Mistakes(Vec<InvalidField>);

impl Mistakes {
    fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(InvalidField::new(field, message));
    }

    fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.0.extend(error.into_fields())).ok()
    }

    fn header(&mut self, field: &str, name: Option<&String>) -> Option<HeaderName> {
        let name = name?;
        let parsed = name.parse().ok();
        if parsed.is_none() {
            self.add(field, format!("{name:?} is no header name; write one as x-forwarded-for"));
        }
        parsed
    }
}

impl ClientIpSettings {
    fn trusts_anybody(&self) -> bool {
        !self.trusted.is_empty() || self.hops.is_some()
    }

    fn proxies(&self, mistakes: &mut Mistakes) -> Option<Proxies> {
        let names = || self.trusted.iter().map(String::as_str);
        let named = names().next().and_then(|_| mistakes.take(Proxies::named(names())));
        let counted = self.hops.and_then(|hops| mistakes.take(Proxies::try_hops(hops)));
        if self.hops.is_none() || self.trusted.is_empty() {
            return named.or(counted);
        }
        if names().any(|name| name != "unix") {
            mistakes.add("hops", "the proxies are named in `trusted`; leave one of the two out");
        }
        counted.map(Proxies::or_unix)
    }

    fn forwarding(&self, mistakes: &mut Mistakes) -> Option<Forwarding> {
        let header = mistakes.header("header", self.header.as_ref());
        let scheme = mistakes.header("scheme_header", self.scheme_header.as_ref());
        let host = mistakes.header("host_header", self.host_header.as_ref());
        if self.header.is_none() && (scheme.is_some() || host.is_some()) {
            mistakes.add("header", "name the one that the proxies name the client in as well");
        }
        let forwarding = Forwarding { scheme, host, ..Forwarding::named(header?) };
        mistakes.0.extend(forwarding.invalid_fields());
        Some(forwarding)
    }
}
