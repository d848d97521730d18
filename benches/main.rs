//! Builds the peers' package and runs its `compare` program with the same arguments, or another of its programs
//! with `show NAME`.

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::{Context as _, Result};
use battlement_benches::run_peers;

/// The programs that `show` runs.
const PROGRAMS: [&str; 4] =
    ["concurrency-limit-threads", "metrics-matrix", "metrics-threads", "rate-limit-threads"];

fn main() -> Result<ExitCode> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let (program, args) = program(&args)?;
    run_peers(program, args)
}

/// Returns the selected program and its arguments.
fn program(args: &[OsString]) -> Result<(&str, &[OsString])> {
    match args {
        [show, name] if show == "show" => {
            let program = PROGRAMS.into_iter().find(|program| name == program);
            let usage = || format!("usage: show {}", PROGRAMS.join("|"));
            Ok((program.with_context(usage)?, &[]))
        }
        _ => Ok(("compare", args)),
    }
}
