//! The end of a program with its test, also if the test process is killed. Needs a Unix system.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// Waits for the end of standard input, which is the end of the value or of the test process.
const SCRIPT: &str = "trap '' HUP INT TERM; read -r _; kill -KILL 0";

/// The leader of the process group of a program, which kills the group when this value is dropped or the test process
/// dies.
pub struct Guard(Child);

impl Guard {
    /// Starts `command` in a process group of its own.
    pub fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).process_group(0).stdin(Stdio::piped());
        let guard = Self(shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        let group = i32::try_from(guard.0.id()).map_err(io::Error::other)?;
        Ok((command.process_group(group).spawn()?, guard))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // An error means that the shell has been waited for.
        let _ = self.0.wait();
    }
}
