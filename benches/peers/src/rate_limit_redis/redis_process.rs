use anyhow::{Context as _, Result};
use battlement_testkit::redis::Redis;
use rustix::process::Pid;

use crate::measure::cores::Core;

/// Pins Redis to a core, if the machine has more than one.
pub(super) async fn pin(redis: &Redis, core: Core) -> Result<()> {
    let info: String = redis.query(&["INFO", "server"]).await?;
    let id = info.lines().find_map(|line| line.strip_prefix("process_id:"));
    let id = id.context("Redis reports no process id")?.trim().parse()?;
    core.pin_process(Some(Pid::from_raw(id).context("the process id of Redis is 0")?))
}

/// Returns the CPU time of Redis since its start, in seconds.
pub(super) async fn seconds(redis: &Redis) -> Result<f64> {
    let info: String = redis.query(&["INFO", "cpu"]).await?;
    ["used_cpu_sys:", "used_cpu_user:"].iter().try_fold(0.0, |sum, name| {
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .context("Redis reports no CPU time")?;
        Ok(sum + line.trim().parse::<f64>()?)
    })
}
