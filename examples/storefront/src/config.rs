//! The settings of the service, from environment variables.

#[cfg(feature = "embedded")]
use std::net::SocketAddr;
use std::{ffi::OsString, fmt, str::FromStr};

use battlement::client_ip::{ClientIpLayer, Forwarding, Proxies};
use http::{HeaderName, Uri};

use crate::{
    concurrency::InFlight,
    env::{Env, InvalidEnv, Usage, is_from_kubernetes},
    health::HealthInterval,
    limits::{Instances, PerMinute, Quotas, Shared},
    listen::ListenAddr,
    log::{LogFilter, LogFormat},
    partner::Partners,
    timeouts::{TimeLimit, UpstreamTimeLimits},
    times::ShutdownTimes,
};

const PREFIX: &str = "STOREFRONT_";

const REQUESTS: &str = "a number of requests, from 1 to 1000000";
/// The variables of the time limits of a call and of an attempt, one of which depends on the other.
const CALL: &str = "STOREFRONT_UPSTREAM_TIMEOUT_MS";
const TRY: &str = "STOREFRONT_TRY_TIMEOUT_MS";

pub struct Config {
    pub addr: ListenAddr,
    /// The listener for operators, which must not be reachable from outside.
    pub admin_addr: ListenAddr,
    pub trusted_proxies: TrustedProxies,
    pub partners: Partners,
    /// The rate limits of `/orders`.
    pub quotas: Quotas,
    /// The Redis in which all instances share their limits.
    pub shared: Option<Shared>,
    pub instances: Instances,
    /// The limit of requests in flight.
    pub concurrency: InFlight,
    pub payments: Upstream,
    pub inventory: Upstream,
    /// The time of a request, with all calls that are made for it.
    pub deadline: TimeLimit,
    /// The times that payments and inventory have for one call, and for each attempt at it.
    pub upstream: UpstreamTimeLimits,
    pub health_interval: HealthInterval,
    pub shutdown: ShutdownTimes,
    /// Settings of payments, which have no effect on payments in this process.
    pub without_effect: Vec<String>,
    /// Whether the routes that fail on purpose are mounted.
    pub bugs: bool,
    /// Whether each attempt at a call of another service has a record in the log.
    pub log_calls: bool,
    pub log: LogFilter,
    /// The format of the log, unless it follows from stdout.
    pub log_format: Option<LogFormat>,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, InvalidEnv> {
        let variables: Vec<_> = variables.into_iter().collect();
        let without_effect = settings_of_payments(&variables);
        let mut env = Env::new(PREFIX, variables);
        let config = Self::from_env(&mut env);
        let mut config = env.finish(config)?;
        if config.payments.is_embedded() {
            config.without_effect = without_effect;
        }
        Ok(config)
    }

    /// Returns the text for `--help`.
    pub fn usage() -> Usage {
        let mut env = Env::new(PREFIX, []);
        Self::from_env(&mut env);
        env.usage("storefront: the shop that customers see")
    }

    fn from_env(env: &mut Env) -> Option<Self> {
        // The default listeners are reachable from this machine only.
        let addr = env.read("STOREFRONT_ADDR", ListenAddr::EXPECTED, "127.0.0.1:3000");
        let admin_addr = env.read("STOREFRONT_ADMIN_ADDR", ListenAddr::EXPECTED, "127.0.0.1:9090");
        let trusted_proxies = env.read_optional(
            "STOREFRONT_TRUSTED_PROXIES",
            "networks of proxies, such as 10.0.0.0/8,fd00::/8, but not of every address",
            "no proxy is trusted",
        );
        let partners = env.read_optional(
            "STOREFRONT_PARTNERS",
            "names and keys of at least 16 characters, such as acme=0123456789abcdef,globex=…",
            "every customer is a guest",
        );
        let quotas = Self::quotas(env);
        let shared = Self::shared(env);
        // A service in production has at least two instances.
        let instances = env.read(
            "STOREFRONT_INSTANCES",
            "the number of instances that share REDIS_URL, at least 1",
            "2",
        );
        // More than the shop needs while payments and inventory are well: a thousand orders a second take 20 ms each.
        let concurrency = env.read("STOREFRONT_CONCURRENCY", InFlight::EXPECTED, "256");
        let payments = Upstream::read(env, "PAYMENTS_URL", "payments runs in this process");
        let inventory = Upstream::read(env, "INVENTORY_URL", "inventory runs in this process");
        // About as long as a customer waits.
        let deadline = env.read("STOREFRONT_DEADLINE_MS", TimeLimit::EXPECTED, "3000");
        let upstream = Self::upstream(env);
        // Three failures in a row count, so a failure shows after about half a minute.
        let health_interval =
            env.read("STOREFRONT_HEALTH_INTERVAL_MS", HealthInterval::EXPECTED, "10000");
        let shutdown =
            ShutdownTimes::read(env, "STOREFRONT_SHUTDOWN_DELAY_MS", "STOREFRONT_DRAIN_MS");
        let bugs = env.read("STOREFRONT_BUGS", "true or false", "false");
        let log_calls = env.read("STOREFRONT_LOG_CALLS", "true or false", "false");
        let log_format = env.read_optional("STOREFRONT_LOG", LogFormat::EXPECTED, LogFormat::UNSET);
        let log = env.read("RUST_LOG", LogFilter::EXPECTED, "info");
        Some(Self {
            addr: addr?,
            admin_addr: admin_addr?,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            partners: partners?.unwrap_or_default(),
            quotas: quotas?,
            shared: shared?,
            instances: instances?,
            concurrency: concurrency?,
            payments: payments?,
            inventory: inventory?,
            deadline: deadline?,
            upstream: upstream?,
            health_interval: health_interval?,
            shutdown: shutdown?,
            without_effect: Vec::new(),
            bugs: bugs?,
            log_calls: log_calls?,
            log: log?,
            log_format: log_format?,
        })
    }

    fn upstream(env: &mut Env) -> Option<UpstreamTimeLimits> {
        // A call that takes longer has most likely failed.
        let call = env.read(CALL, TimeLimit::EXPECTED, "2000");
        // Two attempts fit into a call, and a call takes milliseconds unless it has failed.
        let attempt = env.read_optional(
            TRY,
            TimeLimit::EXPECTED,
            "900, or STOREFRONT_UPSTREAM_TIMEOUT_MS if that is less",
        );
        let limits = UpstreamTimeLimits::new(call?, attempt?);
        if let Err(error) = &limits {
            env.reject(format!(
                "{TRY}: {error}, which is {CALL}: the limit of a call with all its attempts"
            ));
        }
        limits.ok()
    }

    fn shared(env: &mut Env) -> Option<Option<Shared>> {
        let shared = env.read_optional(
            "REDIS_URL",
            "a URL such as redis://user:password@10.0.0.7:6379/0, or rediss:// for TLS",
            "each instance counts in its own memory",
        );
        let secret = env.read_optional(
            "STOREFRONT_LIMIT_KEY_SECRET",
            "at least 16 bytes, the same for all instances that share REDIS_URL",
            "keys in Redis are hashed without a secret",
        );
        let (shared, secret) = (shared?, secret?.unwrap_or_default());
        Some(shared.map(|shared: Shared| shared.keyed_by(secret)))
    }

    fn quotas(env: &mut Env) -> Option<Quotas> {
        let mut read = |name, default| -> Option<PerMinute> { env.read(name, REQUESTS, default) };
        // Far more than one customer sends, so that customers who share an address are not limited.
        let address = read("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "300");
        // Faster than a person orders.
        let guest = read("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "20");
        let partner = read("STOREFRONT_PARTNER_ORDERS_PER_MINUTE", "120");
        Some(Quotas { address: address?, guest: guest?, partner: partner? })
    }
}

/// Returns the names of the variables that the program of payments reads, but for its URL, which this one reads.
fn settings_of_payments(variables: &[(OsString, OsString)]) -> Vec<String> {
    let set = variables.iter().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _)| name.to_str()).filter(|name| {
        let setting = name.strip_prefix("PAYMENTS_");
        setting.is_some_and(|setting| setting != "URL" && !is_from_kubernetes(setting))
    });
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    names
}

/// The proxies in front of this service. Every other peer is a customer.
#[derive(Default)]
pub struct TrustedProxies(Option<Proxies>);

impl TrustedProxies {
    /// Returns the layer. The proxies must overwrite both headers of the customer.
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

/// The location of a service that this one calls.
#[derive(Debug, PartialEq, Eq)]
pub enum Upstream {
    At(BaseUrl),
    /// In this process, on a free port of the loopback interface.
    #[cfg(feature = "embedded")]
    Embedded,
}

impl Upstream {
    fn is_embedded(&self) -> bool {
        !matches!(self, Self::At(_))
    }

    #[cfg(feature = "embedded")]
    fn read(env: &mut Env, name: &'static str, unset: &'static str) -> Option<Self> {
        let url = env.read_optional(name, BaseUrl::EXPECTED, unset);
        url.map(|url| url.unwrap_or(Self::Embedded))
    }

    /// Reads the URL, which is required, since no service is embedded in this build.
    #[cfg(not(feature = "embedded"))]
    fn read(env: &mut Env, name: &'static str, _: &'static str) -> Option<Self> {
        env.read_required(name, BaseUrl::EXPECTED)
    }
}

impl FromStr for Upstream {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        text.parse().map(Self::At)
    }
}

/// A URL of `http://`, a host and a port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    const EXPECTED: &str = "a URL such as http://10.0.0.7:3001, without user or path";

    #[cfg(feature = "embedded")]
    pub fn of(addr: SocketAddr) -> Self {
        Self(format!("http://{addr}"))
    }

    /// Returns the host and the port.
    pub fn address(&self) -> String {
        let authority = self.0.trim_start_matches("http://");
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        if has_port { authority.to_owned() } else { format!("{authority}:80") }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
pub struct InvalidBaseUrl;

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidBaseUrl)?;
        let authority = uri.authority().ok_or(InvalidBaseUrl)?;
        let is_base = uri.path() == "/" && uri.query().is_none();
        if uri.scheme_str() == Some("http") && is_base && !authority.as_str().contains('@') {
            Ok(Self(format!("http://{authority}")))
        } else {
            Err(InvalidBaseUrl)
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "embedded")]
    use std::time::Duration;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, InvalidEnv> {
        Config::read(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn by_default_the_service_is_reachable_from_this_machine_only() {
        let config = read(&[("HOME", "/root")]).unwrap();
        assert_eq!(Ok(config.addr), "127.0.0.1:3000".parse());
        assert_eq!(Ok(config.admin_addr), "127.0.0.1:9090".parse());
        assert_eq!(config.payments, Upstream::Embedded);
        assert_eq!(config.shutdown.drain, Duration::from_secs(15));
    }

    #[test]
    fn every_invalid_variable_is_reported_without_its_value() {
        let errors = read(&[
            ("STOREFRONT_ADDR", "everywhere"),
            ("STOREFRONT_ADMIN_ADDR", "9090"),
            ("STOREFRONT_COLOUR", "mauve"),
            ("STOREFRONT_TRUSTED_PROXIES", "0.0.0.0/0"),
            ("STOREFRONT_PARTNERS", "acme=swordfish"),
            ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "0"),
            ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "many"),
            ("STOREFRONT_PARTNER_ORDERS_PER_MINUTE", "1000001"),
            ("STOREFRONT_INSTANCES", "0"),
            ("STOREFRONT_CONCURRENCY", "unbounded"),
            ("REDIS_URL", "redis//user:hunter2@redis"),
            ("STOREFRONT_LIMIT_KEY_SECRET", "fifteen-bytes-x"),
            ("PAYMENTS_URL", "http://user:hunter2@payments/"),
            ("INVENTORY_URL", "https://inventory"),
            ("STOREFRONT_DEADLINE_MS", "3s"),
            ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "9"),
            ("STOREFRONT_TRY_TIMEOUT_MS", "short"),
            ("STOREFRONT_HEALTH_INTERVAL_MS", "99"),
            ("STOREFRONT_SHUTDOWN_DELAY_MS", "-1"),
            ("STOREFRONT_DRAIN_MS", "soon"),
            ("STOREFRONT_LOG_CALLS", "perhaps"),
            ("STOREFRONT_LOG", "yaml"),
            ("RUST_LOG", "storefront=loud"),
        ]);
        let report = errors.err().unwrap().to_string();
        for name in [
            "STOREFRONT_ADDR",
            "STOREFRONT_ADMIN_ADDR",
            "STOREFRONT_COLOUR",
            "STOREFRONT_TRUSTED_PROXIES",
            "STOREFRONT_INSTANCES",
            "STOREFRONT_CONCURRENCY: expected a number of requests, from 1 to 1000000; adaptive; or off",
            "REDIS_URL",
            "STOREFRONT_LIMIT_KEY_SECRET",
            "STOREFRONT_PARTNERS",
            "STOREFRONT_ADDRESS_ORDERS_PER_MINUTE",
            "STOREFRONT_GUEST_ORDERS_PER_MINUTE",
            "STOREFRONT_PARTNER_ORDERS_PER_MINUTE",
            "PAYMENTS_URL",
            "INVENTORY_URL",
            "STOREFRONT_DEADLINE_MS",
            "STOREFRONT_UPSTREAM_TIMEOUT_MS",
            "STOREFRONT_TRY_TIMEOUT_MS",
            "STOREFRONT_HEALTH_INTERVAL_MS",
            "STOREFRONT_SHUTDOWN_DELAY_MS",
            "STOREFRONT_DRAIN_MS",
            "STOREFRONT_LOG_CALLS",
            "STOREFRONT_LOG:",
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
            "unbounded",
            "short",
            "perhaps",
            "yaml",
            "loud",
        ] {
            assert!(!report.contains(value), "{value} is repeated in: {report}");
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn times_that_exceed_the_budget_of_a_shutdown_are_reported_with_both_variables() {
        let times = |delay, drain| {
            let set = [("STOREFRONT_SHUTDOWN_DELAY_MS", delay), ("STOREFRONT_DRAIN_MS", drain)];
            read(&set).map(|config| config.shutdown.drain)
        };
        assert_eq!(times("7500", "15000").unwrap(), Duration::from_secs(15));
        assert_eq!(times("0", "22500").unwrap(), Duration::from_millis(22_500));
        for (delay, drain) in [("7501", "15000"), ("0", "22501"), ("", "3600000")] {
            let report = times(delay, drain).unwrap_err().to_string();
            let names = "STOREFRONT_SHUTDOWN_DELAY_MS and STOREFRONT_DRAIN_MS: shutdown settings: ";
            assert!(report.contains(names) && report.contains("28s"), "{report}");
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn settings_of_payments_have_no_effect_on_payments_in_this_process() {
        let set = [
            ("PAYMENTS_LIMIT_CENTS", "9"),
            ("PAYMENTS_FAULTS", "true"),
            ("PAYMENTS_ADDR", ""),
            ("PAYMENTS_URL", ""),
            ("PAYMENTS_PORT", "tcp://10.0.0.1:3001"),
            ("PAYMENTS_SERVICE_HOST", "10.0.0.1"),
            ("INVENTORY_ADDR", ":3002"),
        ];
        let config = read(&set).unwrap();
        assert_eq!(config.without_effect, ["PAYMENTS_FAULTS", "PAYMENTS_LIMIT_CENTS"]);
        let elsewhere = [&set[..3], &[("PAYMENTS_URL", "http://payments:3001")]].concat();
        assert_eq!(read(&elsewhere).unwrap().without_effect, [""; 0]);
    }

    #[test]
    fn variables_that_kubernetes_sets_for_the_service_are_accepted() {
        let config = read(&[
            ("STOREFRONT_PORT", "tcp://10.0.0.1:3000"),
            ("STOREFRONT_SERVICE_HOST", "10.0.0.1"),
            ("PAYMENTS_URL", "http://payments:3001"),
            ("INVENTORY_URL", "http://inventory:3002/"),
        ]);
        assert!(config.is_ok());
    }
}
