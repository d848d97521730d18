use std::thread;

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_setaffinity},
};

/// Where a process is to run, so that what is measured does not compete with what measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core(pub(super) usize);

impl Core {
    /// Keeps this thread on the core, if the machine has as many.
    pub(super) fn pin(self) -> Result<()> {
        self.hold(None)
    }

    /// Keeps Redis on the core, if the machine has as many.
    pub(super) async fn pin_redis(self, redis: &Redis) -> Result<()> {
        let info: String = redis.ask(&["INFO", "server"]).await?;
        let id = info.lines().find_map(|line| line.strip_prefix("process_id:"));
        let id = id.context("no process id")?.trim().parse()?;
        self.hold(Some(Pid::from_raw(id).context("process 0")?))
    }

    fn hold(self, process: Option<Pid>) -> Result<()> {
        if thread::available_parallelism()?.get() > 1 || self.0 == 0 {
            let mut cores = CpuSet::new();
            cores.set(self.0);
            sched_setaffinity(process, &cores)?;
        }
        Ok(())
    }
}
