use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use super::StartError;

const PROGRAM: &str = "redis-server";

/// A running `redis-server`; dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(super) fn spawn(port: u16, args: &[String], dir: &Path) -> Result<Self, StartError> {
        let log = dir.join("redis.log");
        let output = File::create(&log).map_err(StartError::Io)?;
        let spawned = Command::new(PROGRAM)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            // A replica receives its copy immediately, without a wait for other replicas.
            .args(["--repl-diskless-sync-delay", "0", "--dir"])
            .arg(dir)
            .args(args)
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(StartError::Io)?)
            .stderr(output)
            .spawn();
        match spawned {
            Ok(child) => Ok(Self { child, log }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::NotInstalled),
            Err(error) => Err(StartError::Io(error)),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the reason why the process has exited, if it has.
    pub(super) fn failure(&mut self) -> Result<Option<StartError>, StartError> {
        if self.child.try_wait().map_err(StartError::Io)?.is_none() {
            return Ok(None);
        }
        let output = fs::read_to_string(&self.log).map_err(StartError::Io)?;
        Ok(Some(if output.contains("Address already in use") {
            StartError::PortTaken
        } else {
            StartError::Exited(output)
        }))
    }

    pub(super) fn pause(&mut self) {
        self.signal(Signal::STOP);
    }

    pub(super) fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    pub(super) fn kill(&mut self) {
        // Both fail only if the process has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal unless the process has exited, because its id may have been reused.
    fn signal(&mut self, signal: Signal) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
