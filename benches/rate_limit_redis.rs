//! Limits that are kept in Redis: builds the package that holds peers beside our layers, and has it measure.

use std::{env, ffi::OsString, process::ExitCode};

fn main() -> anyhow::Result<ExitCode> {
    // `cargo bench` adds a word of its own.
    let args: Vec<OsString> = env::args_os().skip(1).filter(|arg| arg != "--bench").collect();
    battlement_benches::run_peers("rate_limit_redis", &args)
}
