//! The inventory service as a process of its own. The library beside it contains the service.

mod config;
mod env;
mod listen;
mod log;
mod signal;

use std::{env::args_os, process::ExitCode};

use inventory::{Inventory, Stock};
use tokio::runtime::Runtime;
use tracing::{error, info};

use crate::{
    config::Config,
    signal::{Ended, Signals, Stop},
};

/// `EX_CONFIG` of sysexits.h: a restart does not help, since the configuration must be corrected.
const MISCONFIGURED: u8 = 78;

fn main() -> ExitCode {
    // The layer for problems logs each panic of a call with its id; the default hook would print it again.
    battlement::problem::silence_caught_panics();
    if let Some(argument) = args_os().nth(1) {
        return env::answer(&argument, &Config::usage());
    }
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(config));
    // Does not wait for blocked threads, such as one that resolves a name.
    runtime.shutdown_background();
    match ended {
        Ok(ended) => {
            ended.log();
            ended.into()
        }
        Err(error) => {
            error!("stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<Ended> {
    config.log.init();
    let signals = Signals::listen()?;

    let inventory = Inventory::new(Stock::of_shop(), config.settings);
    let admin = config.admin_addr.bind("INVENTORY_ADMIN_ADDR").await?;
    let listener = config.addr.bind("INVENTORY_ADDR").await?;
    info!("metrics are at http://{}/metrics", admin.local_addr()?);
    // Runs until the process ends, so that the last calls can be scraped as well.
    tokio::spawn(inventory::serve_admin(admin, inventory.admin()));
    let serve = |stop: Stop| inventory::serve(listener, inventory, stop.requested());
    signals.run(config.drain, serve).await
}
