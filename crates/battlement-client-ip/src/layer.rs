use std::sync::Arc;

use tower_layer::Layer;

use crate::{ClientIpService, Forwarding, Proxies, config::Config, resolver::Resolver};

/// A layer that resolves the client of every request.
///
/// The documentation of the crate describes its effect and its place in the stack.
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
    /// Creates a layer without trusted proxies: the client is the other end of the connection.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Config::default())
    }

    /// Creates a layer that trusts `proxies`, which write the headers of `forwarding`.
    #[must_use]
    pub fn behind(proxies: Proxies, forwarding: Forwarding) -> Self {
        let resolver = Some(Resolver { proxies, forwarding });
        Self::of(Config { resolver, ..Config::default() })
    }

    /// Sets the number of leading bits of an IPv6 address that limiters count as one client, 32 to 128. Default: 64.
    ///
    /// Use 56 if the providers of your clients assign such networks to households.
    ///
    /// # Panics
    ///
    /// If `bits` is out of range.
    #[must_use]
    pub fn ipv6_prefix(self, bits: u8) -> Self {
        let changed = self.changed(|config| config.ipv6_prefix = bits);
        if let Some(invalid) = changed.config.invalid_fields().first() {
            panic!("ClientIpLayer: {invalid}");
        }
        changed
    }

    /// Enables the layer. Default: true. A disabled layer keeps all types and passes requests through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|config| config.enabled = enabled)
    }

    /// Returns the number of requests whose header from a trusted proxy was malformed, for a counter: with battlement's
    /// metrics, `battlement_client_ip_malformed_total`. Hops that are hidden on purpose are not counted.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.config.warnings.malformed_count()
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
