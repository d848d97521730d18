use std::{io, path::Path, process::Command, time::Duration};

use super::StartError;
use crate::process::Process;

const PROGRAM: &str = "redis-server";
/// The maximum time to read the log of a server that has exited.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts a `redis-server` that listens on `port`.
pub(super) fn start(port: u16, args: &[String], dir: &Path) -> Result<Process, StartError> {
    let started = Process::start(
        Command::new(PROGRAM)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            // A replica receives its copy immediately, without a wait for other replicas.
            .args(["--repl-diskless-sync-delay", "0", "--dir"])
            .arg(dir)
            .args(args),
    );
    started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StartError::NotInstalled,
        _ => StartError::Io(error),
    })
}

/// Returns the reason why the server has exited, if it has.
pub(super) async fn failure(process: &mut Process) -> Option<StartError> {
    if process.is_running() {
        return None;
    }
    let log = match process.exited(EXIT_TIMEOUT).await {
        Ok(_) => process.log(),
        Err(error) => error.to_string(),
    };
    let port_taken = log.contains("Address already in use");
    Some(if port_taken { StartError::PortTaken } else { StartError::Exited(log) })
}
