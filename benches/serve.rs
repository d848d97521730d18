//! The cost of a server: builds the peers' package and runs its measurement.

use std::{env, ffi::OsString, process::ExitCode};

/// Supported commands; any other argument is a filter for another benchmark.
const COMMANDS: [&str; 4] = ["requests", "instructions", "memory", "loops"];

fn main() -> anyhow::Result<ExitCode> {
    // `cargo bench` adds `--bench`.
    let args: Vec<OsString> = env::args_os().skip(1).filter(|arg| arg != "--bench").collect();
    if args.first().is_some_and(|arg| !COMMANDS.iter().any(|command| arg == command)) {
        return Ok(ExitCode::SUCCESS);
    }
    battlement_benches::run_peers("serve", &args)
}
