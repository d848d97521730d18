//! The cost of a record over loopback: builds the peers' package and runs its measurement.

use std::{env, process::ExitCode};

fn main() -> anyhow::Result<ExitCode> {
    // `cargo bench` adds `--bench`; any other argument is a filter for another benchmark.
    let is_filtered = env::args_os().skip(1).any(|arg| arg != "--bench");
    if is_filtered {
        return Ok(ExitCode::SUCCESS);
    }
    battlement_benches::run_peers("access_log", &[])
}
