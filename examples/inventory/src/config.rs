//! What can be set from outside.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use crate::env::{Env, Mistakes};

/// Only this machine can reach it, until told otherwise.
const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3002);

/// Some seconds less than the thirty that Kubernetes waits before it kills.
const DRAIN_MS: NonZeroU32 = NonZeroU32::new(15_000).expect("15,000 is not zero");

pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// How long requests in flight may take once the process is asked to stop.
    pub drain: Duration,
    /// What to log.
    pub log: EnvFilter,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Mistakes> {
        // INVENTORY_URL tells the storefront where this service is. It may be set for both.
        let ours = variables.into_iter().filter(|(name, _)| name != "INVENTORY_URL");
        let mut env = Env::new("INVENTORY_", ours);
        let addr =
            env.read("INVENTORY_ADDR", "an address and a port, such as 0.0.0.0:3002", Some(ADDR));
        let drain =
            env.read("INVENTORY_DRAIN_MS", "a number of milliseconds, at least 1", Some(DRAIN_MS));
        let log = env.read(
            "RUST_LOG",
            "levels to log at, such as info,inventory=debug",
            Some(EnvFilter::new("info")),
        );
        env.finish((|| {
            let drain = Duration::from_millis(drain?.get().into());
            Some(Self { addr: addr?, drain, log: log? })
        })())
    }
}
