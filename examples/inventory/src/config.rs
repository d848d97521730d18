//! The settings of the service, from environment variables.

use std::ffi::OsString;

use inventory::Settings;

use crate::{
    env::{Env, InvalidEnv, Usage},
    listen::ListenAddr,
    log::{LogFilter, LogFormat},
    times::ShutdownTimes,
};

const PREFIX: &str = "INVENTORY_";

pub struct Config {
    pub addr: ListenAddr,
    /// The listener for operators, which must not be reachable from outside.
    pub admin_addr: ListenAddr,
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
        let shutdown =
            ShutdownTimes::read(env, "INVENTORY_SHUTDOWN_DELAY_MS", "INVENTORY_DRAIN_MS");
        let log_format = env.read_optional("INVENTORY_LOG", LogFormat::EXPECTED, LogFormat::UNSET);
        let log = env.read("RUST_LOG", LogFilter::EXPECTED, "info");
        Some(Self {
            addr: addr?,
            admin_addr: admin_addr?,
            settings: Settings { per_minute: per_minute?, faults: faults? },
            shutdown: shutdown?,
            log: log?,
            log_format: log_format?,
        })
    }
}
