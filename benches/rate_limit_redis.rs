//! Limits that are kept in Redis: builds the package that holds peers beside our layers, and has it measure.

use std::{env, ffi::OsString, process::ExitCode};

/// What it can be told; anything else is meant for another bench.
const KNOWN: [&str; 3] = ["decisions", "requests", "run"];

fn main() -> anyhow::Result<ExitCode> {
    // `cargo bench` adds a word of its own.
    let args: Vec<OsString> = env::args_os().skip(1).filter(|arg| arg != "--bench").collect();
    if args.first().is_some_and(|arg| !KNOWN.iter().any(|known| arg == known)) {
        return Ok(ExitCode::SUCCESS);
    }
    battlement_benches::run_peers("rate_limit_redis", &args)
}
