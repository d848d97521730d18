use std::thread;

use anyhow::Result;
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_setaffinity},
};

/// A CPU core to pin a process to, so that the measured process does not compete with the measuring one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Core(pub(crate) usize);

impl Core {
    /// Pins this thread to the core, if the machine has more than one.
    pub(crate) fn pin(self) -> Result<()> {
        self.pin_process(None)
    }

    /// Pins a process, or this thread, to the core, if the machine has more than one.
    pub(crate) fn pin_process(self, process: Option<Pid>) -> Result<()> {
        if thread::available_parallelism()?.get() > 1 || self.0 == 0 {
            let mut cores = CpuSet::new();
            cores.set(self.0);
            sched_setaffinity(process, &cores)?;
        }
        Ok(())
    }
}
