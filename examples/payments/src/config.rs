//! The settings of the service, from environment variables.

use std::{
    ffi::OsString,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use payments::{PerMinute, TrustedPeers};

use crate::{
    env::{Env, InvalidEnv, Usage},
    listen::ListenAddr,
    log::LogFilter,
};

const PREFIX: &str = "PAYMENTS_";

pub struct Config {
    pub addr: ListenAddr,
    /// The listener for operators, which must not be reachable from outside.
    pub admin_addr: ListenAddr,
    /// The limit of one charge, in cents.
    pub limit_cents: NonZeroU64,
    /// The requests of one client address.
    pub per_minute: PerMinute,
    /// The callers whose timeout header is read.
    pub trusted_peers: TrustedPeers,
    /// The time that requests in flight have to finish when the process is asked to stop.
    pub drain: Duration,
    pub log: LogFilter,
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
        // Shorter than the 30 seconds that Kubernetes waits before it kills the process.
        let drain: Option<NonZeroU32> =
            env.read("PAYMENTS_DRAIN_MS", "a number of milliseconds, at least 1", "15000");
        let log = env.read("RUST_LOG", LogFilter::EXPECTED, "info");
        Some(Self {
            addr: addr?,
            admin_addr: admin_addr?,
            limit_cents: limit_cents?,
            per_minute: per_minute?,
            trusted_peers: trusted_peers?,
            drain: Duration::from_millis(drain?.get().into()),
            log: log?,
        })
    }
}
