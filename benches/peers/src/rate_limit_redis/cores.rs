use std::thread;

use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_setaffinity},
};

/// A CPU core to pin a process to, so that the measured process does not compete with the measuring one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core(pub(super) usize);

impl Core {
    /// Pins this thread to the core, if the machine has more than one.
    pub(super) fn pin(self) -> Result<()> {
        self.pin_process(None)
    }

    /// Pins Redis to the core, if the machine has more than one.
    pub(super) async fn pin_redis(self, redis: &Redis) -> Result<()> {
        let info: String = redis.query(&["INFO", "server"]).await?;
        let id = info.lines().find_map(|line| line.strip_prefix("process_id:"));
        let id = id.context("Redis reports no process id")?.trim().parse()?;
        self.pin_process(Some(Pid::from_raw(id).context("the process id of Redis is 0")?))
    }

    fn pin_process(self, process: Option<Pid>) -> Result<()> {
        if thread::available_parallelism()?.get() > 1 || self.0 == 0 {
            let mut cores = CpuSet::new();
            cores.set(self.0);
            sched_setaffinity(process, &cores)?;
        }
        Ok(())
    }
}
