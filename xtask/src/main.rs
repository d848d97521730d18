//! The project's own commands: `cargo xtask --help` lists them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool speaks through its streams"
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
mod workspace;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use args::Task;

/// What a task returns: nothing, or a message that says what to do about it.
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
    }
    Ok(())
}

/// Every path below is written from the root of the workspace, wherever the command was called.
fn enter_workspace() -> Fallible {
    let own = env::var("CARGO_MANIFEST_DIR").map_err(|_| "call this as `cargo xtask`")?;
    let root = Path::new(&own).parent().ok_or("xtask must lie in the workspace's root")?;
    Ok(env::set_current_dir(root)?)
}
