//! What can be set from outside.

use std::{
    ffi::OsString,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

use battlement::client_ip::{ClientIpLayer, Forwarding, Proxies};
use http::{HeaderName, Uri};
use tracing_subscriber::EnvFilter;

use crate::{
    env::{Env, Mistakes},
    limits::{Instances, KeySecret, PerMinute, Quotas, Shared},
    partner::Partners,
};

/// Only this machine can reach it, until told otherwise.
const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

/// Prometheus is told another, if it is not on this machine.
const ADMIN_ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// A customer looks at a spinner meanwhile; what takes longer has most often failed already.
const UPSTREAM_TIMEOUT_MS: NonZeroU32 = NonZeroU32::new(2_000).expect("it is not zero");

/// Some seconds less than the thirty that Kubernetes waits before it kills.
const DRAIN_MS: NonZeroU32 = NonZeroU32::new(15_000).expect("15,000 is not zero");

/// Far more than one customer asks, so that those who share an address do not feel it.
const ADDRESS_PER_MINUTE: PerMinute = per_minute(300);
/// Whoever orders by hand is slower.
const GUEST_PER_MINUTE: PerMinute = per_minute(20);
const PARTNER_PER_MINUTE: PerMinute = per_minute(120);

const fn per_minute(requests: u32) -> PerMinute {
    PerMinute::new(NonZeroU32::new(requests).expect("it is not zero"))
}

/// A service that must not fail has a second one.
const INSTANCES: Instances = Instances::new(NonZeroU32::new(2).expect("it is not zero"));

const REQUESTS: &str = "a number of requests, from 1 to 1000000";

pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// Where to listen for operators, whom customers must not be able to imitate.
    pub admin_addr: SocketAddr,
    pub trusted_proxies: TrustedProxies,
    pub partners: Partners,
    /// How much each may ask of `/orders`.
    pub quotas: Quotas,
    /// Where all instances count together.
    pub shared: Option<Shared>,
    pub instances: Instances,
    pub payments: Upstream,
    pub inventory: Upstream,
    /// How long payments and inventory may take to answer.
    pub upstream_timeout: Duration,
    /// How long requests and orders in flight may take once the process is asked to stop.
    pub drain: Duration,
    /// Whether to have routes that fail on purpose.
    pub bugs: bool,
    /// What to log.
    pub log: EnvFilter,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Mistakes> {
        let mut env = Env::new("STOREFRONT_", variables);
        let addr =
            env.read("STOREFRONT_ADDR", "an address and a port, such as 0.0.0.0:3000", Some(ADDR));
        let admin_addr = env.read(
            "STOREFRONT_ADMIN_ADDR",
            "an address and a port, such as 0.0.0.0:9090",
            Some(ADMIN_ADDR),
        );
        let trusted_proxies = env.read(
            "STOREFRONT_TRUSTED_PROXIES",
            "networks, such as 10.0.0.0/8,fd00::/8, that are not everybody",
            Some(TrustedProxies(None)),
        );
        let partners = env.read(
            "STOREFRONT_PARTNERS",
            "names and keys of at least 16 characters, such as acme=0123456789abcdef,globex=…",
            Some(Partners::default()),
        );
        let quotas = Self::quotas(&mut env);
        let shared = Self::shared(&mut env);
        let instances = env.read(
            "STOREFRONT_INSTANCES",
            "how many instances share REDIS_URL, at least 1",
            Some(INSTANCES),
        );
        let payments = env.read("PAYMENTS_URL", BaseUrl::EXPECTED, Upstream::UNSET);
        let inventory = env.read("INVENTORY_URL", BaseUrl::EXPECTED, Upstream::UNSET);
        let timeout = env.read(
            "STOREFRONT_UPSTREAM_TIMEOUT_MS",
            "a number of milliseconds, at least 1",
            Some(UPSTREAM_TIMEOUT_MS),
        );
        let drain =
            env.read("STOREFRONT_DRAIN_MS", "a number of milliseconds, at least 1", Some(DRAIN_MS));
        let bugs = env.read("STOREFRONT_BUGS", "true or false", Some(false));
        let log = env.read(
            "RUST_LOG",
            "levels to log at, such as info,storefront=debug",
            Some(EnvFilter::new("info")),
        );
        env.finish((|| {
            Some(Self {
                addr: addr?,
                admin_addr: admin_addr?,
                trusted_proxies: trusted_proxies?,
                partners: partners?,
                quotas: quotas?,
                shared: shared?,
                instances: instances?,
                payments: payments?,
                inventory: inventory?,
                upstream_timeout: Duration::from_millis(timeout?.get().into()),
                drain: Duration::from_millis(drain?.get().into()),
                bugs: bugs?,
                log: log?,
            })
        })())
    }

    fn shared(env: &mut Env) -> Option<Option<Shared>> {
        let shared = env.read(
            "REDIS_URL",
            "a URL such as redis://user:password@10.0.0.7:6379/0, or rediss:// for TLS",
            Some(Optional(None)),
        );
        let secret = env.read(
            "STOREFRONT_LIMIT_KEY_SECRET",
            "at least 16 bytes, the same for all instances that share REDIS_URL",
            Some(KeySecret::default()),
        );
        let (Optional(shared), secret) = (shared?, secret?);
        Some(shared.map(|shared: Shared| shared.keyed_by(secret)))
    }

    fn quotas(env: &mut Env) -> Option<Quotas> {
        let mut read = |name, unset| env.read(name, REQUESTS, Some(unset));
        let address = read("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", ADDRESS_PER_MINUTE);
        let guest = read("STOREFRONT_GUEST_ORDERS_PER_MINUTE", GUEST_PER_MINUTE);
        let partner = read("STOREFRONT_PARTNER_ORDERS_PER_MINUTE", PARTNER_PER_MINUTE);
        Some(Quotas { address: address?, guest: guest?, partner: partner? })
    }
}

/// What may be left out.
struct Optional<T>(Option<T>);

impl<T: FromStr> FromStr for Optional<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse().map(|value| Self(Some(value)))
    }
}

/// The proxies in front of this service: whoever else connects is a customer.
pub struct TrustedProxies(Option<Proxies>);

impl TrustedProxies {
    /// They must set both headers, whatever the customer sent.
    pub fn client_ip(self) -> ClientIpLayer {
        let scheme = HeaderName::from_static("x-forwarded-proto");
        let forwarding = Forwarding::x_forwarded_for().scheme(scheme);
        self.0.map_or_else(ClientIpLayer::new, |proxies| ClientIpLayer::behind(proxies, forwarding))
    }
}

impl FromStr for TrustedProxies {
    type Err = battlement::client_ip::ConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|proxies| Self(Some(proxies)))
    }
}

/// Where a service is that this one calls.
#[derive(Debug, PartialEq, Eq)]
pub enum Upstream {
    At(BaseUrl),
    /// In this process, on a free port of the loopback interface.
    #[cfg(feature = "embedded")]
    Embedded,
}

impl Upstream {
    #[cfg(feature = "embedded")]
    const UNSET: Option<Self> = Some(Self::Embedded);
    /// Nothing is embedded in this build, so the URL must be given.
    #[cfg(not(feature = "embedded"))]
    const UNSET: Option<Self> = None;
}

impl FromStr for Upstream {
    type Err = NotABaseUrl;

    fn from_str(text: &str) -> Result<Self, NotABaseUrl> {
        text.parse().map(Self::At)
    }
}

/// `http://`, a host and a port, and nothing after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    const EXPECTED: &str = "a URL such as http://10.0.0.7:3001, without user or path";

    #[cfg(feature = "embedded")]
    pub fn of(addr: SocketAddr) -> Self {
        Self(format!("http://{addr}"))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
pub struct NotABaseUrl;

impl FromStr for BaseUrl {
    type Err = NotABaseUrl;

    fn from_str(text: &str) -> Result<Self, NotABaseUrl> {
        let uri: Uri = text.parse().map_err(|_| NotABaseUrl)?;
        let authority = uri.authority().ok_or(NotABaseUrl)?;
        let is_base = uri.path() == "/" && uri.query().is_none();
        if uri.scheme_str() == Some("http") && is_base && !authority.as_str().contains('@') {
            Ok(Self(format!("http://{authority}")))
        } else {
            Err(NotABaseUrl)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Mistakes> {
        Config::read(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn with_nothing_set_it_runs_on_this_machine_alone() {
        let config = read(&[("HOME", "/root")]).unwrap();
        assert!(config.addr.ip().is_loopback() && config.admin_addr.ip().is_loopback());
        assert_eq!(config.admin_addr.port(), 9090);
        assert_eq!(config.payments, Upstream::Embedded);
        assert_eq!(config.drain, Duration::from_secs(15));
    }

    #[test]
    fn every_mistake_is_named_and_no_value_repeated() {
        let mistakes = read(&[
            ("STOREFRONT_ADDR", "everywhere"),
            ("STOREFRONT_ADMIN_ADDR", "9090"),
            ("STOREFRONT_COLOUR", "mauve"),
            ("STOREFRONT_TRUSTED_PROXIES", "0.0.0.0/0"),
            ("STOREFRONT_PARTNERS", "acme=swordfish"),
            ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "0"),
            ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "many"),
            ("STOREFRONT_PARTNER_ORDERS_PER_MINUTE", "1000001"),
            ("STOREFRONT_INSTANCES", "0"),
            ("REDIS_URL", "redis//user:hunter2@redis"),
            ("STOREFRONT_LIMIT_KEY_SECRET", "fifteen-bytes-x"),
            ("PAYMENTS_URL", "http://user:hunter2@payments/"),
            ("INVENTORY_URL", "https://inventory"),
            ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "0"),
            ("STOREFRONT_DRAIN_MS", "soon"),
            ("RUST_LOG", "storefront=loud"),
        ]);
        let report = mistakes.err().unwrap().to_string();
        for name in [
            "STOREFRONT_ADDR",
            "STOREFRONT_ADMIN_ADDR",
            "STOREFRONT_COLOUR",
            "STOREFRONT_TRUSTED_PROXIES",
            "STOREFRONT_INSTANCES",
            "REDIS_URL",
            "STOREFRONT_LIMIT_KEY_SECRET",
            "STOREFRONT_PARTNERS",
            "STOREFRONT_ADDRESS_ORDERS_PER_MINUTE",
            "STOREFRONT_GUEST_ORDERS_PER_MINUTE",
            "STOREFRONT_PARTNER_ORDERS_PER_MINUTE",
            "PAYMENTS_URL",
            "INVENTORY_URL",
            "STOREFRONT_UPSTREAM_TIMEOUT_MS",
            "STOREFRONT_DRAIN_MS",
            "RUST_LOG",
        ] {
            assert!(report.contains(name), "{name} is missing in: {report}");
        }
        for value in [
            "everywhere",
            "\"9090\"",
            "mauve",
            "0.0.0.0/0",
            "swordfish",
            "hunter2",
            "fifteen",
            "loud",
        ] {
            assert!(!report.contains(value), "{value} is repeated in: {report}");
        }
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_of_our_name_is_no_mistake() {
        let config = read(&[
            ("STOREFRONT_PORT", "tcp://10.0.0.1:3000"),
            ("STOREFRONT_SERVICE_HOST", "10.0.0.1"),
            ("PAYMENTS_URL", "http://payments:3001"),
            ("INVENTORY_URL", "http://inventory:3002/"),
        ]);
        assert!(config.is_ok());
    }
}
