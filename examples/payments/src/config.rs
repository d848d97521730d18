//! What can be set from outside.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use payments::Ledger;
use tracing_subscriber::EnvFilter;

use crate::env::{Env, Mistakes};

/// Only this machine can reach it, until told otherwise.
const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3001);

/// Some seconds less than the thirty that Kubernetes waits before it kills.
const DRAIN_MS: NonZeroU32 = NonZeroU32::new(15_000).expect("15,000 is not zero");

pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The largest amount that is charged at once, in cents.
    pub limit_cents: NonZeroU64,
    /// How long requests in flight may take once the process is asked to stop.
    pub drain: Duration,
    /// What to log.
    pub log: EnvFilter,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Mistakes> {
        // PAYMENTS_URL tells the storefront where this service is. It may be set for both.
        let ours = variables.into_iter().filter(|(name, _)| name != "PAYMENTS_URL");
        let mut env = Env::new("PAYMENTS_", ours);
        let addr =
            env.read("PAYMENTS_ADDR", "an address and a port, such as 0.0.0.0:3001", Some(ADDR));
        let limit_cents =
            env.read("PAYMENTS_LIMIT_CENTS", "a number above 0", Some(Ledger::LIMIT_CENTS));
        let drain =
            env.read("PAYMENTS_DRAIN_MS", "a number of milliseconds, at least 1", Some(DRAIN_MS));
        let log = env.read(
            "RUST_LOG",
            "levels to log at, such as info,payments=debug",
            Some(EnvFilter::new("info")),
        );
        env.finish((|| {
            Some(Self {
                addr: addr?,
                limit_cents: limit_cents?,
                drain: Duration::from_millis(drain?.get().into()),
                log: log?,
            })
        })())
    }
}
