//! What can be set from outside.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use tracing_subscriber::EnvFilter;

use crate::env::{Env, Mistakes};

/// Only this machine can reach it, until told otherwise.
const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3002);

pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
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
        let log = env.read(
            "RUST_LOG",
            "levels to log at, such as info,inventory=debug",
            Some(EnvFilter::new("info")),
        );
        env.finish((|| Some(Self { addr: addr?, log: log? }))())
    }
}
