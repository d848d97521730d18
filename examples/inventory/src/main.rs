//! The inventory as a process of its own. What it does is in the library beside it.

mod config;
mod env;
mod signal;

use std::{
    io::{IsTerminal, stdout},
    process::ExitCode,
};

use anyhow::Context;
use inventory::Stock;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    config::Config,
    signal::{Ended, Signals, Stop},
};

/// `EX_CONFIG` of sysexits.h: starting again will not help, somebody has to mend the configuration.
const MISCONFIGURED: u8 = 78;

fn main() -> ExitCode {
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let ended = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(run(config));
        // Without waiting: a thread that is blocked, as by a look-up of a name, must not keep the process.
        runtime.shutdown_background();
        ended
    });
    ended.map(ExitCode::from).unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

async fn run(config: Config) -> anyhow::Result<Ended> {
    tracing_subscriber::fmt().with_env_filter(config.log).with_ansi(stdout().is_terminal()).init();
    let signals = Signals::listen()?;

    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.addr))?;
    let stock = Stock::of_shop();
    let serve = |stop: Stop| inventory::serve(listener, stock, stop.requested());
    signals.run(config.drain, serve).await
}
