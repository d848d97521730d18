//! The payments service as a process of its own. The library beside it contains the service.

mod config;
mod env;
mod listen;
mod log;
mod signal;

use std::{env::args_os, process::ExitCode};

use payments::{Ledger, Payments};
use tokio::runtime::Runtime;
use tracing::{error, info};

use crate::{
    config::Config,
    signal::{Ended, Signals, Stop},
};

/// `EX_CONFIG` of sysexits.h: a restart does not help, since the configuration must be corrected.
const MISCONFIGURED: u8 = 78;

fn main() -> ExitCode {
    // The layer for problems logs each panic of a request with its id; the default hook would print it again.
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

    let ledger = Ledger::new(config.limit_cents);
    let payments = Payments::new(ledger, &config.settings);
    let admin = config.admin_addr.bind("PAYMENTS_ADMIN_ADDR").await?;
    let listener = config.addr.bind("PAYMENTS_ADDR").await?;
    info!("metrics are at http://{}/metrics", admin.local_addr()?);
    // Runs until the process ends, so that the last requests can be scraped as well.
    tokio::spawn(payments::serve_admin(admin, payments.admin()));
    let serve = |stop: Stop| payments::serve(listener, payments, stop.requested());
    signals.run(config.drain, serve).await
}
