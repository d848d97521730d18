use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

/// Builds the peers' package, which compares our layers with others, and runs one of its programs.
///
/// # Errors
///
/// Returns an error if the package does not build or the program cannot be started.
pub fn run_peers(program: &str, args: &[OsString]) -> Result<ExitCode> {
    let target = target()?;
    build(&target, program)?;
    let status = Command::new(target.join("release").join(program)).args(args).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the target directory of the peers' package: the folder `peers` in the target directory that contains
/// this program.
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let workspace = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(workspace.context("this program is not in a target directory")?.join("peers"))
}

/// Builds `program`, and `allocations`, which `compare` starts.
fn build(target: &Path, program: &str) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path", MANIFEST])
        .args(["--bin", "allocations", "--bin", program])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    ensure!(status.success(), "failed to build the peers' package");
    Ok(())
}
