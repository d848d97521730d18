//! The project's own commands: `cargo xtask --help` lists them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool writes to standard output and standard error"
)]

mod args;
mod browser;
mod check;
mod heavy;
mod install;
mod report;
mod step;
mod suite;
mod tool;
mod trace_context;
mod workspace;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use args::Task;

/// The result of a task; an error message includes the fix.
type Fallible<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match args::parse(env::args().skip(1)).map_err(Into::into).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Fallible {
    enter_workspace()?;
    match task {
        Task::Help => println!("{}", args::usage()),
        Task::Test(options) => suite::run(&options)?,
        Task::Ci(options) => check::run(&options)?,
        Task::Heavy(options) => heavy::run(&options)?,
        Task::Browser { install } => browser::run(install)?,
        Task::TraceContext { folder } => trace_context::run(&folder)?,
    }
    Ok(())
}

/// Changes to the workspace root, which all paths in this crate are relative to.
fn enter_workspace() -> Fallible {
    let own = env::var("CARGO_MANIFEST_DIR")
        .map_err(|_| "`CARGO_MANIFEST_DIR` is not set: run this program as `cargo xtask`")?;
    let root =
        Path::new(&own).parent().ok_or("the `xtask` folder must be in the workspace root")?;
    Ok(env::set_current_dir(root)?)
}
