//! What can be set from outside.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU64,
};

use payments::Ledger;
use tracing_subscriber::EnvFilter;

use crate::env::{Env, Mistakes};

/// Only this machine can reach it, until told otherwise.
const ADDR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3001);

pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The largest amount that is charged at once, in cents.
    pub limit_cents: NonZeroU64,
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
        let log = env.read(
            "RUST_LOG",
            "levels to log at, such as info,payments=debug",
            Some(EnvFilter::new("info")),
        );
        env.finish((|| Some(Self { addr: addr?, limit_cents: limit_cents?, log: log? }))())
    }
}
