use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

/// Builds the package that holds peers beside our layers, and runs a program of it.
///
/// # Errors
///
/// If it does not build, or cannot be run.
pub fn run_peers(program: &str, args: &[OsString]) -> Result<ExitCode> {
    let target = target()?;
    build(&target, program)?;
    let status = Command::new(target.join("release").join(program)).args(args).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The peers' own target folder, in that of the workspace: this program lies somewhere in it.
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let workspace = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
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
