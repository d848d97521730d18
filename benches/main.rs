//! Builds the package that holds peers beside our layers, and runs it with the same arguments.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

fn main() -> Result<ExitCode> {
    let target = target()?;
    build(&target)?;
    let program = target.join("release").join("compare");
    let status = Command::new(program).args(env::args_os().skip(1)).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The peers' own target folder, in that of the workspace: this program lies in `<target>/<profile>`.
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let workspace = program.ancestors().nth(2);
    Ok(workspace.context("no target folder")?.join("peers"))
}

fn build(target: &Path) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path", MANIFEST])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    ensure!(status.success(), "the peers' package does not build");
    Ok(())
}
