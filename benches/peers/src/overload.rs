//! Overload: servers with and without a limit, at half of their capacity, at three times it, and at half again.
//!
//! `overload [--case NAME,..]` starts each server as `overload serve LIMIT TIMES`, in a process of its own. Its handler
//! holds one of 8 permits for 10 ms. The load comes from an open loop: a slow server does not slow it down.

mod callers;
mod case;
mod course;
mod figures;
mod limit;
mod load;
mod outcome;
mod plot;
mod samples;
mod server;
mod workers;

use std::{env, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use tokio::runtime::Builder;

use self::{case::Case, course::Course, limit::Limit, outcome::Outcome, workers::Times};

/// Runs the command given on the command line.
///
/// # Errors
///
/// Returns an error if the command is invalid, or if a server cannot be started.
pub fn run() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match args.as_slice() {
            ["serve", limit, times] => {
                server::serve(Limit::find(limit)?, Times::find(times)?).await?;
                Ok(ExitCode::SUCCESS)
            }
            [] => job(Case::ALL).await,
            ["--case", names] => {
                let cases: Result<Vec<_>> = names.split(',').map(Case::find).collect();
                job(&cases?).await
            }
            _ => bail!("usage: overload [--case NAME,..]\ncases: {}", Case::names()),
        }
    })
}

/// Runs the cases, prints a table, and draws the plot if its cases are among them.
async fn job(cases: &[Case]) -> Result<ExitCode> {
    println!("On {}.\n\n{}", battlement_benches::describe_machine(), Outcome::HEADER);
    let mut outcomes = Vec::new();
    let mut capacities = Vec::new();
    for times in [Times::Constant, Times::Exponential] {
        if cases.iter().any(|case| case.times == times) {
            capacities.push((times, course::capacity(times).await?));
        }
    }
    for case in cases {
        let measured = capacities.iter().find(|(times, _)| *times == case.times);
        let (_, capacity) = measured.context("the capacity was not measured")?;
        let outcome = Outcome::of(Course::run(*case, *capacity).await?);
        println!("{outcome}");
        outcomes.push(outcome);
    }
    plot::draw(&outcomes)?;
    let failures: Vec<_> = outcomes.iter().flat_map(Outcome::failures).collect();
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
