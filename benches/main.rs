//! Builds the package that holds peers beside our layers, and runs it with the same arguments; or, for
//! `show NAME`, another program of it.

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::{Context as _, Result};
use battlement_benches::run_peers;

/// What `show` runs.
const SHOWN: [&str; 3] = ["metrics-matrix", "metrics-threads", "rate-limit-threads"];

fn main() -> Result<ExitCode> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let (program, args) = program(&args)?;
    run_peers(program, args)
}

/// The program that is asked for, and what is left of the arguments.
fn program(args: &[OsString]) -> Result<(&str, &[OsString])> {
    match args {
        [show, name] if show == "show" => {
            let known = SHOWN.into_iter().find(|known| name == known);
            Ok((known.with_context(|| format!("usage: show {}", SHOWN.join("|")))?, &[]))
        }
        _ => Ok(("compare", args)),
    }
}
