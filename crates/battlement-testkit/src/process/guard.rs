use std::{
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// Waits for the end of standard input, which means that the test process has died, and kills the process group.
///
/// When the parent of a group with a paused process dies, the system sends SIGHUP to the group.
const SCRIPT: &str = "trap '' HUP INT TERM; read -r _; kill -KILL 0";

/// The leader of the process group of a program, which kills the group when the test process dies.
///
/// The alternatives leave gaps. A parent-death signal (`PR_SET_PDEATHSIG`) needs unsafe code and Linux, and arrives
/// when the thread that started the program ends. A guard that gets the id of a program after its start does not notice
/// if the test process dies in between. Here, the program joins the group before it executes, and keeps a copy of the
/// pipe until then, so the guard cannot see the end of the pipe before the program is in the group.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
}

impl Guard {
    pub(super) fn start() -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT]).process_group(0);
        // The write end of the pipe stays in `shell`; no program inherits it.
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { shell: shell.spawn()? })
    }

    /// Returns the id of the process group.
    pub(super) fn group(&self) -> i32 {
        Pid::from_child(&self.shell).as_raw_nonzero().get()
    }

    /// Kills the process group, which includes the guard. Later calls do nothing.
    pub(super) fn kill(&mut self) {
        // The id cannot be reused before the guard has been waited for.
        if matches!(self.shell.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.shell), Signal::KILL);
            let _ = self.shell.wait();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kill();
    }
}
