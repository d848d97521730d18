use std::sync::Arc;

use tower_layer::Layer;

use crate::{ClientIpService, Forwarding, Proxies, config::Config, resolver::Resolver};

/// Tells who the client of every request is. The crate's docs say what it does and where it goes.
///
/// # Example
///
/// ```
/// use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies};
///
/// let layer = ClientIpLayer::behind(
///     Proxies::networks(["10.0.0.0/8".parse().unwrap()]),
///     Forwarding::x_forwarded_for(),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct ClientIpLayer {
    config: Arc<Config>,
}

impl ClientIpLayer {
    /// Trusts nobody: the client is whoever is at the other end of the connection.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Config::default())
    }

    /// Trusts `proxies`, which write the headers of `forwarding`.
    #[must_use]
    pub fn behind(proxies: Proxies, forwarding: Forwarding) -> Self {
        let resolver = Some(Resolver { proxies, forwarding });
        Self::of(Config { resolver, ..Config::default() })
    }

    /// How many leading bits of an IPv6 address are one client to limiters, 32 to 128. Default: 64.
    ///
    /// 56 for networks whose providers give households that much.
    ///
    /// # Panics
    ///
    /// If it is not in that range.
    #[must_use]
    pub fn ipv6_prefix(self, bits: u8) -> Self {
        let changed = self.changed(|config| config.ipv6_prefix = bits);
        if let Some(mistake) = changed.config.invalid_fields().first() {
            panic!("ClientIpLayer: {mistake}");
        }
        changed
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|config| config.enabled = enabled)
    }

    /// How many requests so far had a header from a trusted proxy that named no client, for a counter: with
    /// battlement's metrics, `battlement_client_ip_malformed_total`. A hop that is hidden on purpose is not
    /// among them.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.config.notices.faults()
    }

    /// Returns whether `other` is this layer, or a clone of it: both count the same requests.
    #[must_use]
    pub fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
    }

    fn changed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    pub(crate) fn of(config: Config) -> Self {
        Self { config: Arc::new(config) }
    }
}

impl Default for ClientIpLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ClientIpLayer {
    type Service = ClientIpService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientIpService::new(inner, Arc::clone(&self.config))
    }
}
