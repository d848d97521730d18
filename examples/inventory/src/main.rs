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
use tokio::net::TcpListener;

use crate::config::Config;

/// `EX_CONFIG` of sysexits.h: starting again will not help, somebody has to mend the configuration.
const MISCONFIGURED: u8 = 78;

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Config::read(std::env::vars_os()) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("{mistakes}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(config.log).with_ansi(stdout().is_terminal()).init();

    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.addr))?;
    inventory::serve(listener, Stock::of_the_shop(), signal::stop()).await?;
    Ok(())
}
