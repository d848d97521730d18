//! The payments service as a process of its own. The library beside it contains the service.

mod arguments;
mod config;
mod env;
mod listen;
mod log;
mod times;

use std::{env::args_os, process::ExitCode};

use battlement::shutdown::{PanicPolicy, Report, Shutdown, Stage};
use payments::{Ledger, Payments, health};
use tokio::{net::TcpListener, runtime::Runtime};
use tracing::{error, info};

use crate::config::Config;

/// `EX_CONFIG` of sysexits.h: a restart does not help, since the configuration must be corrected.
const MISCONFIGURED: u8 = 78;

fn main() -> ExitCode {
    // The layer for problems logs each panic of a request with its id; the default hook would print it again.
    battlement::problem::silence_caught_panics();
    if let Some(code) = arguments::answer(args_os().skip(1), &Config::usage()) {
        return code;
    }
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    // From here on, signals start the shutdown.
    let shutdown = match Shutdown::try_new(config.shutdown.times) {
        Ok(shutdown) => shutdown,
        Err(error) => {
            eprintln!("{error}");
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
    let ended = runtime.block_on(run(config, shutdown));
    // Does not wait for blocked threads, such as one that resolves a name.
    runtime.shutdown_background();
    match ended {
        Ok(report) => (&report).into(),
        Err(error) => {
            error!("stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<Report> {
    let records = config.log.init(config.log_format);
    // Also logs the panics of tasks, which no layer catches.
    let shutdown = shutdown.panics(PanicPolicy::Log);
    // The last hook.
    shutdown.handle().hook(Stage::Flush, "log", || records.flush());

    let health = health(shutdown.phases());
    let is_listening = health.gate("listener");
    let ledger = Ledger::new(config.limit_cents);
    let payments = Payments::new(ledger, &config.settings);
    let admin = config.admin_addr.bind("PAYMENTS_ADMIN_ADDR")?;
    let listener = config.addr.bind("PAYMENTS_ADDR")?;
    info!("metrics are at http://{}/metrics", admin.local_addr()?);
    let endpoints = payments.admin(&health);
    // Moves the listener to the runtime of the thread, which wakes the server also while this one is blocked.
    let admin = admin.into_std()?;
    // On a thread of its own, so that probes are answered while handlers block all others. Ends last, so that the last
    // requests can be scraped as well.
    let shutdown = shutdown.admin_thread(|| async {
        payments::serve_admin(TcpListener::from_std(admin)?, endpoints).await
    })?;
    is_listening.open();
    payments::serve(listener, payments, shutdown).await
}
