//! Builds the package that holds peers beside our layers, and runs it with the same arguments; or, for
//! `show NAME`, another program of it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

/// What `show` runs.
const SHOWN: [&str; 2] = ["metrics-matrix", "metrics-threads"];

fn main() -> Result<ExitCode> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let (program, args) = program(&args)?;
    let target = target()?;
    build(&target, program)?;
    let status = Command::new(target.join("release").join(program)).args(args).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// The peers' own target folder, in that of the workspace: this program lies in `<target>/<profile>`.
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let workspace = program.ancestors().nth(2);
    Ok(workspace.context("no target folder")?.join("peers"))
}

/// What is run, and what `compare` runs itself.
fn build(target: &Path, program: &str) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path", MANIFEST])
        .args(["--bin", "allocations", "--bin", program])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    ensure!(status.success(), "the peers' package does not build");
    Ok(())
}
