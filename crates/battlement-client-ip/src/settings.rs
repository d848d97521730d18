use http::HeaderName;
use serde::Deserialize;

use crate::{
    ClientIpLayer, ConfigError, Forwarding, InvalidField, Proxies,
    config::{Config, SETTINGS},
    resolver::Resolver,
};

battlement_core::settings! {
    /// The settings of a [`ClientIpLayer`] in a configuration file.
    ///
    /// Every field is optional; without any, no proxy is trusted, as with [`ClientIpLayer::new`]. Unknown fields are
    /// rejected by name. `TryFrom` reports every invalid field at once.
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
    #[serde(
        remote = "ClientIpSettings",
        default = "ClientIpSettings::default",
        deny_unknown_fields,
    )]
    pub struct ClientIpSettings {
        /// [`ClientIpLayer::enabled`].
        pub enabled: bool,
        /// The proxies: networks as `10.0.0.0/8`, addresses, and `unix` for [`Proxies::or_unix`].
        pub trusted: Vec<String>,
        /// The number of proxies, if their addresses are unknown: [`Proxies::hops`].
        pub hops: Option<u8>,
        /// The header in which the proxies name the client: `x-forwarded-for`, `forwarded`, or a header with one
        /// address, for [`Forwarding::single`].
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
        let mut invalid = Invalid(Vec::new());
        let proxies = settings.proxies(&mut invalid);
        let forwarding = settings.forwarding(&mut invalid);
        if settings.header.is_some() && !settings.trusts_a_proxy() {
            invalid.add(
                "header",
                "must be unset without trusted proxies; list your proxies in `trusted`",
            );
        }
        if settings.header.is_none() && settings.trusts_a_proxy() {
            invalid.add(
                "trusted",
                "must be empty without a header; name the header of your proxies in `header`",
            );
        }
        let resolver = proxies.zip(forwarding);
        let config = Config {
            enabled: settings.enabled,
            resolver: resolver.map(|(proxies, forwarding)| Resolver { proxies, forwarding }),
            ipv6_prefix: settings.ipv6_prefix,
            ..Config::default()
        };
        invalid.0.extend(config.invalid_fields());
        ConfigError::check(SETTINGS, invalid.0, config).map(Self::of)
    }
}

struct Invalid(Vec<InvalidField>);

impl Invalid {
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
            self.add(field, format!("must be a header name such as x-forwarded-for, got {name:?}"));
        }
        parsed
    }
}

impl ClientIpSettings {
    fn trusts_a_proxy(&self) -> bool {
        !self.trusted.is_empty() || self.hops.is_some()
    }

    fn proxies(&self, invalid: &mut Invalid) -> Option<Proxies> {
        let names = || self.trusted.iter().map(String::as_str);
        let named = names().next().and_then(|_| invalid.take(Proxies::named(names())));
        let counted = self.hops.and_then(|hops| invalid.take(Proxies::try_hops(hops)));
        if self.hops.is_none() || self.trusted.is_empty() {
            return named.or(counted);
        }
        if names().any(|name| name != "unix") {
            invalid.add("hops", "must be unset if `trusted` lists networks; remove one of the two");
        }
        counted.map(Proxies::or_unix)
    }

    fn forwarding(&self, invalid: &mut Invalid) -> Option<Forwarding> {
        let header = invalid.header("header", self.header.as_ref());
        let scheme = invalid.header("scheme_header", self.scheme_header.as_ref());
        let host = invalid.header("host_header", self.host_header.as_ref());
        if self.header.is_none() && (scheme.is_some() || host.is_some()) {
            invalid.add("header", "must be set if `scheme_header` or `host_header` is; name the header in which the proxies name the client");
        }
        let forwarding = Forwarding { scheme, host, ..Forwarding::named(header?) };
        invalid.0.extend(forwarding.invalid_fields());
        Some(forwarding)
    }
}
