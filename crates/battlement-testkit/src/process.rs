//! Programs in separate processes, which end when their value is dropped and when the test process ends.

mod error;
mod guard;
mod log;

use std::{
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, kill_process};

pub use self::error::WaitError;
pub use rustix::process::Signal;

use self::{guard::Guard, log::Log};
use crate::eventually;

/// The maximum time to read the rest of a log after the program has ended.
const LOG_TIMEOUT: Duration = Duration::from_secs(5);

/// A running program.
///
/// Dropping this value kills the program and every process that it has started, except for those that have left its
/// process group. The same happens if the test process dies, even by SIGKILL: the program runs in the process group of
/// a shell that waits for the end of a pipe, whose other end only the test process holds.
///
/// # Example
///
/// ```
/// use battlement_testkit::process::{Process, Signal};
/// use std::{process::Command, time::Duration};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// const DEADLINE: Duration = Duration::from_secs(20);
/// let script = "trap 'exit 3' TERM; echo \"$NAME listens\"; sleep 1000 & wait";
/// let mut process = Process::start(Command::new("sh").args(["-c", script]).env("NAME", "shop"))?;
/// assert_eq!(process.line("listens", DEADLINE).await?, "shop listens");
///
/// process.signal(Signal::TERM);
/// assert_eq!(process.exited(DEADLINE).await?.code(), Some(3));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Process {
    child: Child,
    guard: Guard,
    log: Log,
}

impl Process {
    /// Starts `command`, which sets the program, its arguments and its environment. Standard input is empty; standard
    /// output and standard error are collected in the log.
    ///
    /// # Errors
    ///
    /// Returns an error if the program, or the shell `sh`, cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Self::start_with_stdin(command, Stdio::null())
    }

    /// Starts `command` as [`start`](Self::start) does, with another standard input: a listener, for example, which a
    /// shell can pass on under any number.
    ///
    /// # Errors
    ///
    /// Returns an error if the program, or the shell `sh`, cannot be started.
    pub fn start_with_stdin(command: &mut Command, stdin: impl Into<Stdio>) -> io::Result<Self> {
        let guard = Guard::start()?;
        let command = command.process_group(guard.group()).stdin(stdin);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let log = Log::read(child.stdout.take(), child.stderr.take());
        Ok(Self { child, guard, log })
    }

    /// Returns the process id of the program.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the log so far. Lines of standard output and of standard error may be in a different order than written.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits for the first line of the log that contains `part`, which may have been logged before, and returns it.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such line when the log ends, or after `within`.
    pub async fn line(&self, part: &str, within: Duration) -> Result<String, WaitError> {
        self.log.line(part, within).await
    }

    /// Sends `signal` to the program alone, unless it has exited.
    pub fn signal(&mut self, signal: Signal) {
        // An id may be reused after its process has been waited for.
        if self.is_running() {
            // An error means that the process has just exited.
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// Returns whether the program has not exited yet.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the program has exited, and returns its status. The log is then complete, and processes that the
    /// program has left behind in its process group are killed.
    ///
    /// # Errors
    ///
    /// Returns an error if the program is still running after `within`.
    pub async fn exited(&mut self, within: Duration) -> Result<ExitStatus, WaitError> {
        if !eventually(within, || !self.is_running()).await {
            return Err(WaitError::running(self.log()));
        }
        let status = self.child.wait().map_err(WaitError::io)?;
        self.guard.kill();
        self.log.ended(LOG_TIMEOUT).await;
        Ok(status)
    }

    /// Kills the program (SIGKILL) with every process that it has started, and waits for its exit.
    pub fn kill(&mut self) {
        self.guard.kill();
        // An error means that the program has already been waited for.
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
