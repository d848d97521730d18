//! The settings of the service, from environment variables.

use std::{
    ffi::OsString,
    num::{NonZeroU64, NonZeroUsize},
    str::FromStr,
    time::Duration,
};

use payments::{KeyLimits, Settings};

use crate::{
    env::{Env, InvalidEnv, Usage},
    listen::ListenAddr,
    log::{LogFilter, LogFormat},
    times::ShutdownTimes,
};

const PREFIX: &str = "PAYMENTS_";

pub struct Config {
    pub addr: ListenAddr,
    /// The listener for operators, which must not be reachable from outside.
    pub admin_addr: ListenAddr,
    /// The limit of one charge, in cents.
    pub limit_cents: NonZeroU64,
    pub settings: Settings,
    pub shutdown: ShutdownTimes,
    pub log: LogFilter,
    /// The format of the log, unless it follows from stdout.
    pub log_format: Option<LogFormat>,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, InvalidEnv> {
        // PAYMENTS_URL is a setting of the storefront, and may be set for both.
        let ours = variables.into_iter().filter(|(name, _)| name != "PAYMENTS_URL");
        let mut env = Env::new(PREFIX, ours);
        let config = Self::from_env(&mut env);
        env.finish(config)
    }

    /// Returns the text for `--help`.
    pub fn usage() -> Usage {
        let mut env = Env::new(PREFIX, []);
        Self::from_env(&mut env);
        env.usage("payments: charges the customers of a small shop")
    }

    fn from_env(env: &mut Env) -> Option<Self> {
        // The default listeners are reachable from this machine only.
        let addr = env.read("PAYMENTS_ADDR", ListenAddr::EXPECTED, "127.0.0.1:3001");
        let admin_addr = env.read("PAYMENTS_ADMIN_ADDR", ListenAddr::EXPECTED, "127.0.0.1:9091");
        let limit_cents = env.read(
            "PAYMENTS_LIMIT_CENTS",
            "the limit of one charge in cents, at least 1",
            "100000",
        );
        let per_minute = env.read(
            "PAYMENTS_REQUESTS_PER_MINUTE",
            "the requests of one client address per minute, from 1 to 1000000",
            "6000",
        );
        let trusted_peers = env.read(
            "PAYMENTS_TRUSTED_PEERS",
            "networks of callers, such as 10.0.0.0/8,fd00::/8",
            "127.0.0.0/8,::1",
        );
        let keys = Self::keys(env);
        let faults = env.read("PAYMENTS_FAULTS", "true or false", "false");
        let shutdown = ShutdownTimes::read(env, "PAYMENTS_SHUTDOWN_DELAY_MS", "PAYMENTS_DRAIN_MS");
        let log_format = env.read_optional("PAYMENTS_LOG", LogFormat::EXPECTED, LogFormat::UNSET);
        let log = env.read("RUST_LOG", LogFilter::EXPECTED, "info");
        Some(Self {
            addr: addr?,
            admin_addr: admin_addr?,
            limit_cents: limit_cents?,
            settings: Settings {
                per_minute: per_minute?,
                trusted_peers: trusted_peers?,
                keys: keys?,
                faults: faults?,
            },
            shutdown: shutdown?,
            log: log?,
            log_format: log_format?,
        })
    }

    fn keys(env: &mut Env) -> Option<KeyLimits> {
        let max: Option<UpTo<10_000_000>> = env.read(
            "PAYMENTS_IDEMPOTENCY_KEYS_MAX",
            "the number of idempotency keys that are remembered, from 1 to 10000000",
            "100000",
        );
        let seconds: Option<UpTo<2_592_000>> = env.read(
            "PAYMENTS_IDEMPOTENCY_KEY_SECONDS",
            "the seconds for which a key is remembered, from 1 to 2592000",
            "86400",
        );
        let keep = Duration::from_secs(seconds?.0.get().try_into().ok()?);
        Some(KeyLimits { max: max?.0, keep })
    }
}

/// A number from 1 to `MAX`.
struct UpTo<const MAX: usize>(NonZeroUsize);

struct OutOfBounds;

impl<const MAX: usize> FromStr for UpTo<MAX> {
    type Err = OutOfBounds;

    fn from_str(text: &str) -> Result<Self, OutOfBounds> {
        let number = text.parse().ok().filter(|number: &NonZeroUsize| number.get() <= MAX);
        number.map(Self).ok_or(OutOfBounds)
    }
}
