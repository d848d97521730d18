//! Servers: requests per second, instructions of a request, memory of an idle connection, and accept loops.
//!
//! All candidates run in alternation, so that a phase of high load affects all of them. A figure is the median over
//! the rounds; a ratio is the median of the ratios within a round.

mod instructions;
mod load;
mod loops;
mod memory;
mod requests;
mod server;

use std::env;

use anyhow::{Result, bail};
use tokio::runtime::Builder;

const USAGE: &str = "usage: serve [requests|instructions|memory|loops]
       serve serve KIND [REQUESTS]";

/// The number of rounds in which all candidates alternate.
const ROUNDS: usize = 11;

/// Runs the command given on the command line.
///
/// # Errors
///
/// Returns an error if the command is invalid or fails.
pub fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["serve", kind, rest @ ..] = args.as_slice() {
        let requests = rest.first().map(|text| text.parse()).transpose()?;
        return server::serve(kind, requests);
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match args.as_slice() {
            [] => {
                println!("On {}.\n", battlement_benches::describe_machine());
                requests::compare().await?;
                instructions::compare().await?;
                memory::compare().await?;
                loops::compare().await
            }
            ["requests"] => requests::compare().await,
            ["instructions"] => instructions::compare().await,
            ["memory"] => memory::compare().await,
            ["loops"] => loops::compare().await,
            _ => bail!(USAGE),
        }
    })
}
