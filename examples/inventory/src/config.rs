//! The settings of the service, from environment variables.

use std::{ffi::OsString, num::NonZeroU32, time::Duration};

use inventory::Settings;

use crate::{
    env::{Env, InvalidEnv, Usage},
    listen::ListenAddr,
    log::LogFilter,
};

const PREFIX: &str = "INVENTORY_";

pub struct Config {
    pub addr: ListenAddr,
    /// The listener for operators, which must not be reachable from outside.
    pub admin_addr: ListenAddr,
    pub settings: Settings,
    /// The time that calls in flight have to finish when the process is asked to stop.
    pub drain: Duration,
    pub log: LogFilter,
}

impl Config {
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, InvalidEnv> {
        // INVENTORY_URL is a setting of the storefront, and may be set for both.
        let ours = variables.into_iter().filter(|(name, _)| name != "INVENTORY_URL");
        let mut env = Env::new(PREFIX, ours);
        let config = Self::from_env(&mut env);
        env.finish(config)
    }

    /// Returns the text for `--help`.
    pub fn usage() -> Usage {
        let mut env = Env::new(PREFIX, []);
        Self::from_env(&mut env);
        env.usage("inventory: keeps the stock of a small shop")
    }

    fn from_env(env: &mut Env) -> Option<Self> {
        // The default listeners are reachable from this machine only.
        let addr = env.read("INVENTORY_ADDR", ListenAddr::EXPECTED, "127.0.0.1:3002");
        let admin_addr = env.read("INVENTORY_ADMIN_ADDR", ListenAddr::EXPECTED, "127.0.0.1:9092");
        let per_minute = env.read(
            "INVENTORY_CALLS_PER_MINUTE",
            "the calls of one client address per minute, from 1 to 1000000",
            "6000",
        );
        let faults = env.read("INVENTORY_FAULTS", "true or false", "false");
        // Shorter than the 30 seconds that Kubernetes waits before it kills the process.
        let drain: Option<NonZeroU32> =
            env.read("INVENTORY_DRAIN_MS", "a number of milliseconds, at least 1", "15000");
        let log = env.read("RUST_LOG", LogFilter::EXPECTED, "info");
        Some(Self {
            addr: addr?,
            admin_addr: admin_addr?,
            settings: Settings { per_minute: per_minute?, faults: faults? },
            drain: Duration::from_millis(drain?.get().into()),
            log: log?,
        })
    }
}
