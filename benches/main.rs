//! Builds the package that holds peers beside our layers, and runs it with the same arguments.

use std::{
    env,
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let target = target()?;
    build(&target)?;
    let program = target.join("release").join("compare");
    let status = Command::new(program)
        .args(env::args_os().skip(1))
        .status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The peers' own target folder, in that of the workspace: this program lies in `<target>/<profile>`.
fn target() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let workspace = program.ancestors().nth(2);
    Ok(workspace.ok_or("no target folder")?.join("peers"))
}

fn build(target: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path", MANIFEST])
        .arg("--target-dir")
        .arg(target)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the peers' package does not build".into())
    }
}
